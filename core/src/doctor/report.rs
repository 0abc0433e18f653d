//! The report of the doctor, for people and for programs.

use std::fmt;

use crate::named_enum::named_enum;
use crate::settings::Environment;

named_enum! {
    /// Check of the doctor.
    #[non_exhaustive]
    pub enum Check {
        /// Reachability of the platform: host name, connection, TLS, and a response of the platform.
        Reachability = "reachability",
        /// Difference between this machine's clock and the platform's.
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
        /// Whether the AES settings decrypt card secrets. Requires a card. No other check uses the apiSecret, because the
        /// merchant signs no requests.
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
        /// Could not be made: an earlier check failed, or the platform was busy. The integration may be wrong here.
        Unfinished = "unfinished",
        /// Not asked for: it requires a card, and none was given.
        Skipped = "skipped",
    }
}

named_enum! {
    /// Setting of the client that the advice of the doctor concerns.
    #[non_exhaustive]
    pub enum Setting {
        /// The Api-Key.
        ApiKey = "api_key",
        /// The apiSecret.
        ApiSecret = "api_secret",
        /// The environment: sandbox or production.
        Environment = "environment",
        /// The address of the platform.
        BaseUrl = "base_url",
        /// The URL of a proxy.
        Proxy = "proxy",
        /// The root certificates to trust.
        CaPem = "ca_pem",
        /// The time limit of a call.
        Timeout = "timeout",
        /// The scheme and mode of AES.
        Aes = "aes",
        /// The store that workers share.
        Store = "store",
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
    /// Settings that the advice concerns, the likeliest first.
    pub settings: Vec<Setting>,
    /// Value to give the first of `settings`, if it is known, such as `md5/cbc` for `aes`.
    pub value: Option<String>,
    /// Code of the platform, if a response had one.
    pub code: Option<i64>,
}

/// Report of the doctor, with one result or more for each check. Its text form is a table with the advice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
pub struct Report {
    /// Environment that was examined.
    pub environment: Environment,
    /// Address that was examined.
    pub base_url: String,
    /// Api-Key that was examined, masked: at most its first and its last four characters.
    pub api_key: String,
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
    /// Returns whether every check that was asked for was made, and none failed. Warnings do not count.
    pub fn is_healthy(&self) -> bool {
        !self.any(CheckStatus::Fail) && self.is_complete()
    }

    /// Returns whether every check that was asked for was made: none is [`CheckStatus::Unfinished`].
    pub fn is_complete(&self) -> bool {
        !self.any(CheckStatus::Unfinished)
    }

    /// Returns the result of all checks in one sentence.
    pub fn summary(&self) -> String {
        let named = |status| {
            let names = self.findings.iter().filter(|result| result.status == status);
            names.map(|result| result.check.as_str()).collect::<Vec<_>>().join(", ")
        };
        if self.any(CheckStatus::Fail) {
            return format!("Failed: {}. Follow the advice, then check again.", named(CheckStatus::Fail));
        }
        if !self.is_complete() {
            return format!("Not finished: {} could not be checked. Check again.", named(CheckStatus::Unfinished));
        }
        if self.any(CheckStatus::Skipped) {
            return format!(
                "The checks passed. Not asked for: {}. Only these use the apiSecret; they need a card.",
                named(CheckStatus::Skipped)
            );
        }
        "All is well.".to_owned()
    }

    /// Returns the report as a JSON object with `environment`, `base_url`, `api_key` (masked), `is_healthy`, `is_complete`
    /// and `findings`, an array of objects with `check`, `status`, `found`, `advice`, `settings`, `value` and `code`.
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
                    "settings": result.settings.iter().map(|setting| setting.as_str()).collect::<Vec<_>>(),
                    "value": result.value,
                    "code": result.code,
                })
            })
            .collect();
        serde_json::json!({
            "environment": self.environment.as_str(),
            "base_url": self.base_url,
            "api_key": self.api_key,
            "is_healthy": self.is_healthy(),
            "is_complete": self.is_complete(),
            "findings": findings,
        })
        .to_string()
    }
}

impl Report {
    fn any(&self, status: CheckStatus) -> bool {
        self.findings.iter().any(|result| result.status == status)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { environment, base_url, api_key, .. } = self;
        writeln!(formatter, "{} environment at {base_url}, Api-Key {api_key}", environment.as_str())?;
        for result in &self.findings {
            writeln!(formatter, "{:<10} {:<13} {}", result.status.as_str(), result.check.as_str(), result.found)?;
            if !result.advice.is_empty() {
                writeln!(formatter, "{:<24} -> {}{}", "", result.advice, hint(result))?;
            }
        }
        formatter.write_str(&self.summary())
    }
}

/// The settings of an advice, for a reader who knows their names.
fn hint(result: &CheckResult) -> String {
    let names: Vec<_> = result.settings.iter().map(|setting| setting.as_str()).collect();
    match (names.as_slice(), &result.value) {
        ([], _) => String::new(),
        ([name], Some(value)) => format!(" (setting {name}: {value})"),
        ([name], None) => format!(" (setting {name})"),
        (names, _) => format!(" (settings {})", names.join(", ")),
    }
}

/// Masks an Api-Key: at most an eighth of it, and four characters, are visible at each end.
pub(super) fn masked(api_key: &str) -> String {
    let characters: Vec<char> = api_key.chars().collect();
    let visible = (characters.len() / 8).min(4);
    let end = |part: &[char]| part.iter().collect::<String>();
    format!("{}***{}", end(&characters[..visible]), end(&characters[characters.len() - visible..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_key_shows_a_quarter_of_it_at_most() {
        for (key, shown) in [("", "***"), ("short", "***"), ("ak_12345", "a***5"), (&"ab".repeat(40), "abab***abab")] {
            assert_eq!(masked(key), shown);
        }
    }
}
