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
    /// Swift passes the type of the error: see the patch `swift_callback_errors` of the generator. Kotlin catches all exceptions
    /// of the caller's code, but what the generated code throws itself comes as a stack trace.
    fn from(unexpected: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { what: class_and_place(&unexpected.reason) }
    }
}

/// The class of an exception and the place where it was thrown, of a stack trace. Its message is omitted.
fn class_and_place(trace: &str) -> String {
    let class = trace.lines().next().unwrap_or_default().split(':').next().unwrap_or_default().trim();
    match trace.lines().find_map(|line| line.trim_start().strip_prefix("at ")) {
        Some(place) => format!("{class} at {place}"),
        None => class.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::ForeignFailure;

    #[test]
    fn an_unexpected_failure_has_no_message() {
        let trace = "java.lang.IllegalStateException: s3cr3t\nmore of it\n\tat shop.Store.load(Store.kt:7)\n\tat other";
        for (reason, expected) in [
            (trace, "java.lang.IllegalStateException at shop.Store.load(Store.kt:7)"),
            ("Shop.StoreError", "Shop.StoreError"),
            ("", ""),
        ] {
            let failure = ForeignFailure::from(uniffi::UnexpectedUniFFICallbackError { reason: reason.to_owned() });
            assert_eq!(failure.to_string(), expected);
        }
    }
}
