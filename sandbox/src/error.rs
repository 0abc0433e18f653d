//! Errors of the administrative API.

/// The error of an administrative call that changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// There is no row of that number.
    #[error("there is no {what} {number}")]
    NotFound {
        /// The kind of row, such as `cardholder`.
        what: &'static str,
        /// The number that was looked up.
        number: String,
    },
    /// The state of the row does not allow the call.
    #[error("the {what} is {state}, which does not allow this")]
    WrongState {
        /// The kind of row, such as `card`.
        what: &'static str,
        /// Its state.
        state: &'static str,
    },
    /// The card's fee schedule has no management fee, and the call names no amount.
    #[error("this card's fee schedule has no management fee: pass an amount")]
    NoManagementFee,
    /// The platform has no call of that name.
    #[error("there is no operation {operation}")]
    UnknownOperation {
        /// The name.
        operation: String,
    },
    /// No list row has a field of that name.
    #[error("no list row has a field {field}")]
    UnknownField {
        /// The name.
        field: String,
    },
    /// Webhooks cannot be sent to that URL.
    #[error("invalid webhook URL: {reason}")]
    WebhookUrl {
        /// The reason.
        reason: &'static str,
    },
    /// The merchant's mode does not support this feature.
    #[error("the sandbox's mode does not support this")]
    WrongMode,
}
