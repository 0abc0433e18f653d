//! The error as Kotlin and Swift throw it: one type for all kinds, with all that is known.

use std::time::Duration;

use crate::error::Rejection;
use crate::error::TransportFault;
use crate::error::{Error, ErrorKind, Outcome};
use crate::redact::scrub;

/// What is known of an error.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ErrorDetails {
    /// The readable text. It holds no secret.
    pub text: String,
    /// What kind of error it is.
    pub kind: ErrorKind,
    /// Whether the thing was done: the question to ask before sending a mutation again.
    pub outcome: Outcome,
    /// The platform's code, when it answered with one.
    #[uniffi(default = None)]
    pub code: Option<i64>,
    /// The platform's message, with digits that look like a PAN masked.
    #[uniffi(default = None)]
    pub msg: Option<String>,
    /// The field that broke a rule, in its name on the wire.
    #[uniffi(default = None)]
    pub field: Option<String>,
    /// The HTTP status, when an answer came.
    #[uniffi(default = None)]
    pub http_status: Option<i32>,
    /// The call that failed, such as `accounts.transfer`; none for settings and values.
    #[uniffi(default = None)]
    pub operation: Option<String>,
    /// How many times the call's own request was tried; 0 when it was never tried.
    #[uniffi(default = 0)]
    pub attempts: i32,
    /// How long the platform asked to wait, when it did.
    #[uniffi(default = None)]
    pub retry_after: Option<Duration>,
    /// What went wrong on the wire, when no answer came.
    #[uniffi(default = None)]
    pub transport_fault: Option<TransportFault>,
    /// Why a callback was not accepted.
    #[uniffi(default = None)]
    pub rejection: Option<Rejection>,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
#[uniffi::export(Display)]
pub enum FfiError {
    /// The only case, because `UniFFI` throws nothing but enums and objects: `details.kind` says what kind of error it is.
    Failed {
        /// What is known of it.
        details: Box<ErrorDetails>,
    },
}

impl FfiError {
    /// What is known of the error.
    pub fn details(&self) -> &ErrorDetails {
        let Self::Failed { details } = self;
        details
    }

    /// An argument that breaks a rule of the binding; neither part may repeat the value.
    pub fn invalid_input(field: &str, rule: &str) -> Self {
        Error::invalid_input(field, rule).into()
    }
}

/// A text of the platform's as it may be logged: digits that look like a PAN are masked.
pub fn masked(text: &str) -> String {
    scrub(text).into_owned()
}

impl std::fmt::Display for FfiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.details().text)
    }
}

impl std::error::Error for FfiError {}

impl From<Error> for FfiError {
    fn from(error: Error) -> Self {
        Self::Failed { details: Box::new(ErrorDetails::from(&error)) }
    }
}

impl From<&Error> for ErrorDetails {
    fn from(error: &Error) -> Self {
        Self {
            text: error.to_string(),
            kind: error.kind(),
            outcome: error.outcome(),
            code: error.code(),
            msg: error.msg().map(str::to_owned),
            field: error.field().map(str::to_owned),
            http_status: error.http_status().map(i32::from),
            operation: error.operation().map(str::to_owned),
            attempts: i32::try_from(error.attempts()).unwrap_or(i32::MAX),
            retry_after: error.retry_after(),
            transport_fault: error.transport_fault(),
            rejection: error.rejection(),
        }
    }
}
