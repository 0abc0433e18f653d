//! The error that Kotlin and Swift throw: one type for all kinds.

use std::time::Duration;

use crate::error::Rejection;
use crate::error::TransportFault;
use crate::error::{Error, ErrorKind, Outcome};

/// Details of an error.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ErrorDetails {
    /// Text for logs and people. It holds no secret.
    pub text: String,
    /// Kind of the error.
    pub kind: ErrorKind,
    /// Whether the operation was carried out: read it before sending a mutation again.
    pub outcome: Outcome,
    /// The code in the response, if it has one.
    #[uniffi(default = None)]
    pub code: Option<i64>,
    /// The platform's message, with digits that look like a PAN masked.
    #[uniffi(default = None)]
    pub msg: Option<String>,
    /// The field that broke a rule, in its name on the wire.
    #[uniffi(default = None)]
    pub field: Option<String>,
    /// HTTP status of the response, if there was one.
    #[uniffi(default = None)]
    pub http_status: Option<i32>,
    /// Name of the call, such as `accounts.transfer`; none for settings and values.
    #[uniffi(default = None)]
    pub operation: Option<String>,
    /// Number of attempts of the call; 0 if nothing was sent.
    #[uniffi(default = 0)]
    pub attempts: i32,
    /// Wait that the platform requests, if any.
    #[uniffi(default = None)]
    pub retry_after: Option<Duration>,
    /// Failure of the exchange, if there was no response.
    #[uniffi(default = None)]
    pub transport_fault: Option<TransportFault>,
    /// Reason why a webhook was rejected.
    #[uniffi(default = None)]
    pub rejection: Option<Rejection>,
    /// Whether the call only reads: calling again is safe.
    #[uniffi(default = false)]
    pub is_read: bool,
}

/// Error of a call.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
#[uniffi::export(Display)]
pub enum FfiError {
    /// The only case, because `UniFFI` throws only enums and objects: `details.kind` is the kind of the error.
    Failed {
        /// Details of the error.
        details: Box<ErrorDetails>,
    },
}

impl FfiError {
    /// Returns the details of the error.
    pub fn details(&self) -> &ErrorDetails {
        let Self::Failed { details } = self;
        details
    }

    /// Creates the error of a setting that cannot be used; the text may not repeat a secret.
    pub fn config(text: &str) -> Self {
        Error::config(text.to_owned()).into()
    }

    /// Creates the error of an argument that breaks a rule of the binding; neither part may repeat the value.
    pub fn invalid_input(field: &str, rule: &str) -> Self {
        Error::invalid_input(field, rule).into()
    }
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
            is_read: error.is_read(),
        }
    }
}
