//! The error as Kotlin and Swift throw it: one variant for each kind, with all that is known.

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
    pub code: Option<i64>,
    /// The platform's message, with digits that look like a PAN masked.
    pub msg: Option<String>,
    /// The field that broke a rule, in its name on the wire.
    pub field: Option<String>,
    /// The HTTP status, when an answer came.
    pub http_status: Option<i32>,
    /// The call that failed, such as `accounts.transfer`; none for settings and values.
    pub operation: Option<String>,
    /// How many times the call's own request was tried; 0 when it was never tried.
    pub attempts: i32,
    /// How long the platform asked to wait, when it did.
    pub retry_after: Option<Duration>,
    /// What went wrong on the wire, when no answer came.
    pub transport_fault: Option<TransportFault>,
    /// Why a callback was not accepted.
    pub rejection: Option<Rejection>,
}

/// Declares the error from the list of kinds, so that none is forgotten: `ErrorKind` is matched without a default.
macro_rules! thrown {
    ($( $(#[$meta:meta])* $kind:ident, )+) => {
        /// Why a call failed.
        #[derive(Debug, Clone, PartialEq, Eq, uniffi::Error)]
        #[uniffi::export(Display)]
        pub enum FfiError {
            $(
                $(#[$meta])*
                $kind {
                    /// What is known of it.
                    facts: Box<ErrorDetails>,
                },
            )+
        }

        impl FfiError {
            /// What is known of the error, whatever its kind.
            pub fn facts(&self) -> &ErrorDetails {
                match self {
                    $( Self::$kind { facts } )|+ => facts,
                }
            }
        }

        impl From<Error> for FfiError {
            fn from(error: Error) -> Self {
                let facts = Box::new(ErrorDetails::from(&error));
                match error.kind() {
                    $( ErrorKind::$kind => Self::$kind { facts }, )+
                }
            }
        }
    };
}

thrown! {
    /// A setting of the client is wrong, or the client was closed.
    Config,
    /// An argument breaks a rule; nothing was sent.
    InvalidInput,
    /// The network failed.
    Transport,
    /// Time ran out.
    Timeout,
    /// The Api-Key or the access token.
    Authentication,
    /// Not allowed for this merchant or from this address.
    Permission,
    /// Too frequent.
    RateLimit,
    /// The cardholder does not exist.
    NotFound,
    /// The thing is in a state that does not allow this.
    State,
    /// Another thing stands under the same number of the merchant's.
    Conflict,
    /// Any other refusal of the platform.
    Api,
    /// The answer is not what the platform's documentation says.
    InvalidResponse,
    /// A callback was not accepted.
    Webhook,
    /// Card data could not be decrypted.
    Decrypt,
}

impl FfiError {
    /// An argument that breaks a rule of the face's own; neither part may repeat the value.
    pub fn refused(field: &str, rule: &str) -> Self {
        Error::invalid_input(field, rule).into()
    }
}

/// A text of the platform's as it may be logged: digits that look like a PAN are masked.
pub fn masked(text: &str) -> String {
    scrub(text).into_owned()
}

impl std::fmt::Display for FfiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.facts().text)
    }
}

impl std::error::Error for FfiError {}

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
