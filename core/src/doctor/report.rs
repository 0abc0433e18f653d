//! What the doctor found, for a person and for a program.

use std::fmt;

use crate::values::named_enum::named_enum;

named_enum! {
    /// What was looked at, in the order of the examination.
    #[non_exhaustive]
    pub enum Check {
        /// Whether the platform can be reached: name, connection, TLS, and an answer that is the platform's.
        Reachability = "reachability",
        /// How far the device's clock is from the platform's.
        Clock = "clock",
        /// Whether the platform knows the Api-Key and the merchant, and lets them in.
        ApiKey = "api_key",
        /// Whether this machine's address is on the Api-Key's whitelist.
        IpWhitelist = "ip_whitelist",
        /// Whether an access token is given and accepted.
        Token = "token",
        /// Whether the merchant is in credit or in authorization mode.
        Mode = "mode",
        /// Whether card secrets may be shown.
        Pci = "pci",
        /// Which AES scheme decrypts card secrets.
        Aes = "aes",
    }
}

named_enum! {
    /// How a check ended.
    pub enum CheckStatus {
        /// Nothing to do.
        Pass = "pass",
        /// It works, but somebody should look.
        Warn = "warn",
        /// It does not work; the advice says what to do.
        Fail = "fail",
        /// Not looked at; the finding says why.
        Skipped = "skipped",
    }
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CheckResult {
    /// What was looked at.
    pub check: Check,
    /// How it ended.
    pub status: CheckStatus,
    /// What was found.
    pub found: String,
    /// What to do next; empty when there is nothing to do.
    pub advice: String,
    /// The platform's code, when there was one.
    pub code: Option<i64>,
}

/// All findings, one for each check, in order. Printed, it is read at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
pub struct Report {
    /// The findings.
    pub findings: Vec<CheckResult>,
}

impl Report {
    /// The finding of one check.
    pub fn get(&self, check: Check) -> Option<&CheckResult> {
        self.findings.iter().find(|finding| finding.check == check)
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Report {
    /// Whether nothing is bad.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.status != CheckStatus::Fail)
    }

    /// The report as a JSON array of objects: `check`, `status`, `found`, `advice`, `code`.
    pub fn to_json(&self) -> String {
        let findings: Vec<serde_json::Value> = self
            .findings
            .iter()
            .map(|finding| {
                serde_json::json!({
                    "check": finding.check.as_str(),
                    "status": finding.status.as_str(),
                    "found": finding.found,
                    "advice": finding.advice,
                    "code": finding.code,
                })
            })
            .collect();
        serde_json::Value::from(findings).to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(formatter, "{:<8} {:<13} {}", finding.status.as_str(), finding.check.as_str(), finding.found)?;
            if !finding.advice.is_empty() {
                writeln!(formatter, "{:<22} -> {}", "", finding.advice)?;
            }
        }
        formatter.write_str(if self.is_healthy() { "All is well." } else { "Something is wrong: see above." })
    }
}
