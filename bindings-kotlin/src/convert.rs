//! Small conversions, and what becomes of foreign code that fails.

use keysecure::FfiError;

pub(crate) type Result<T, E = FfiError> = std::result::Result<T, E>;

/// A count of the caller's: Kotlin and Swift have signed numbers.
pub(crate) fn count(field: &str, number: i32) -> Result<u32> {
    u32::try_from(number).map_err(|_| FfiError::refused(field, "must not be negative"))
}

/// Code given by the caller threw. What it threw stays on its own side: its text could hold anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Error)]
pub enum CallbackFailure {
    /// It threw.
    Failed,
}

impl std::fmt::Display for CallbackFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the code given to the client failed")
    }
}

impl std::error::Error for CallbackFailure {}

impl From<uniffi::UnexpectedUniFFICallbackError> for CallbackFailure {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}
