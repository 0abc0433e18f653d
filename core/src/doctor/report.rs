//! The report of the doctor, for people and for programs.

use std::fmt;

use crate::named_enum::named_enum;

named_enum! {
    /// Check of the doctor.
    #[non_exhaustive]
    pub enum Check {
        /// Reachability of the platform: host name, connection, TLS, and a response of the platform.
        Reachability = "reachability",
        /// Difference between the device's clock and the platform's.
        Clock = "clock",
        /// Whether the platform accepts the Api-Key and the merchant.
        ApiKey = "api_key",
        /// Whether this machine's address is on the IP whitelist of the Api-Key.
        IpWhitelist = "ip_whitelist",
        /// Whether the platform issues an access token and accepts it.
        Token = "token",
        /// Mode of the merchant: credit or authorization.
        Mode = "mode",
        /// Whether PCI display is enabled for the merchant. Requires a card.
        Pci = "pci",
        /// Whether the AES settings decrypt card secrets. Requires a card.
        Aes = "aes",
    }
}

named_enum! {
    /// Status of a check.
    pub enum CheckStatus {
        /// Passed.
        Pass = "pass",
        /// Passed, but the advice should be followed.
        Warn = "warn",
        /// Failed; the advice names the next step.
        Fail = "fail",
        /// Not run; the result says why.
        Skipped = "skipped",
    }
}

/// Result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CheckResult {
    /// The check.
    pub check: Check,
    /// Status of the check.
    pub status: CheckStatus,
    /// Finding of the check.
    pub found: String,
    /// Recommended action; empty if none is needed.
    pub advice: String,
    /// Code of the platform, if a response had one.
    pub code: Option<i64>,
}

/// Report of the doctor, with one result or more for each check. Its text form is a table with the advice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
pub struct Report {
    /// Results in a fixed order.
    pub findings: Vec<CheckResult>,
}

impl Report {
    /// Returns the result of a check.
    pub fn get(&self, check: Check) -> Option<&CheckResult> {
        self.findings.iter().find(|result| result.check == check)
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Report {
    /// Returns whether no check failed. Warnings and skipped checks do not count.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|result| result.status != CheckStatus::Fail)
    }

    /// Returns the report as a JSON array of objects with `check`, `status`, `found`, `advice` and `code`.
    pub fn to_json(&self) -> String {
        let findings: Vec<serde_json::Value> = self
            .findings
            .iter()
            .map(|result| {
                serde_json::json!({
                    "check": result.check.as_str(),
                    "status": result.status.as_str(),
                    "found": result.found,
                    "advice": result.advice,
                    "code": result.code,
                })
            })
            .collect();
        serde_json::Value::from(findings).to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for result in &self.findings {
            writeln!(formatter, "{:<8} {:<13} {}", result.status.as_str(), result.check.as_str(), result.found)?;
            if !result.advice.is_empty() {
                writeln!(formatter, "{:<22} -> {}", "", result.advice)?;
            }
        }
        formatter.write_str(if self.is_healthy() { "All is well." } else { "Some checks failed: see above." })
    }
}
