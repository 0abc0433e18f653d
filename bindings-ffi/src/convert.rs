//! Small conversions, and what becomes of foreign code that fails.

use keysecure::FfiError;

pub(crate) type Result<T, E = FfiError> = std::result::Result<T, E>;

/// A count of the caller's: Kotlin and Swift have signed numbers.
pub(crate) fn count(field: &str, number: i32) -> Result<u32> {
    u32::try_from(number).map_err(|_| FfiError::invalid_input(field, "must not be negative"))
}

/// Code given by the caller threw. The text of what it threw stays on its own side, because it could hold anything.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
pub enum CallbackFailure {
    /// It threw.
    Failed {
        /// The type of what it threw and, where that is known, the place: for the log.
        what: String,
    },
}

impl std::fmt::Display for CallbackFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Failed { what } = self;
        formatter.write_str(what)
    }
}

impl std::error::Error for CallbackFailure {}

impl From<uniffi::UnexpectedUniFFICallbackError> for CallbackFailure {
    /// Swift gives the type of the error here: see `swift_package.rs` of xtask. Kotlin catches everything itself.
    fn from(unexpected: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { what: unexpected.reason }
    }
}
