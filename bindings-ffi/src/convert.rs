//! Conversions of numbers, and the error of foreign code.

use keysecure::FfiError;

pub(crate) type Result<T, E = FfiError> = std::result::Result<T, E>;

/// A count that the caller gives as a signed number, as Kotlin and Swift have them.
pub(crate) fn count(field: &str, number: i32) -> Result<u32> {
    u32::try_from(number).map_err(|_| FfiError::invalid_input(field, "must not be negative"))
}

/// An exception of code that the caller implements. Its message is omitted, because it may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
pub enum ForeignFailure {
    /// The code threw.
    Failed {
        /// The type of the exception and, where it is known, the place, for the log.
        what: String,
    },
}

impl std::fmt::Display for ForeignFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Failed { what } = self;
        formatter.write_str(what)
    }
}

impl std::error::Error for ForeignFailure {}

impl From<uniffi::UnexpectedUniFFICallbackError> for ForeignFailure {
    /// Swift passes the type of the error: see the patch `swift_callback_errors` of the generator. Kotlin catches all exceptions.
    fn from(unexpected: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { what: unexpected.reason }
    }
}
