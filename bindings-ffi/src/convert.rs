//! Conversions of numbers, and the error of foreign code.

use keysecure::FfiError;

pub(crate) type Result<T, E = FfiError> = std::result::Result<T, E>;

/// A count that the caller gives as a signed number, as Kotlin and Swift have them.
pub(crate) fn count(field: &str, number: i32) -> Result<u32> {
    u32::try_from(number).map_err(|_| FfiError::invalid_input(field, "must not be negative"))
}

/// Code of the caller threw. The text of what it threw is not passed on, because it could hold anything.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
pub enum CallbackFailure {
    /// The code threw.
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
    /// The reason is the type of the Swift error: see `swift_callback_errors` in `bindgen/src/patches`. Kotlin catches
    /// everything itself.
    fn from(unexpected: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { what: unexpected.reason }
    }
}
