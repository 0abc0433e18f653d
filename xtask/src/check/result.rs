//! The result of one check.

use std::fmt;

/// The result of one check.
#[derive(Debug, PartialEq, Eq)]
pub enum CheckResult {
    Passed,
    Failed,
    /// Not run, with the reason.
    Skipped(String),
}

impl CheckResult {
    /// `Passed` if `passed` is true, otherwise `Failed`.
    pub const fn from_passed(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }

    /// The result of a check whose tool is missing: skipped on a developer's machine, failed in CI.
    pub fn missing(reason: String, in_ci: bool) -> Self {
        if in_ci {
            eprintln!("{reason}");
            Self::Failed
        } else {
            Self::Skipped(reason)
        }
    }
}

impl fmt::Display for CheckResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("ok"),
            Self::Failed => f.write_str("failed"),
            Self::Skipped(reason) => write!(f, "SKIPPED {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CheckResult;

    #[test]
    fn a_missing_tool_is_skipped_locally_and_fails_in_ci() {
        assert_eq!(CheckResult::missing("no swift".into(), true), CheckResult::Failed);
        assert_eq!(CheckResult::missing("no swift".into(), false).to_string(), "SKIPPED no swift");
    }
}
