//! Errors of the steering calls.

use std::fmt;

/// Why a steering call did nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SandboxError {
    /// There is no such cardholder, card or other row.
    NotFound {
        /// What was looked for, such as `cardholder`.
        what: &'static str,
        /// The number it was looked for by.
        number: String,
    },
    /// The row is not in a state that allows this.
    WrongState {
        /// What was to be changed, such as `card`.
        what: &'static str,
        /// The state it is in.
        state: &'static str,
    },
    /// The platform has no call of that name.
    UnknownOperation {
        /// The name.
        operation: String,
    },
    /// No list row has a field of that name.
    UnknownField {
        /// The name.
        field: String,
    },
    /// Callbacks cannot go to that URL.
    CallbackUrl {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The sandbox runs in a mode that has no such thing.
    WrongMode,
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { what, number } => write!(f, "there is no {what} {number}"),
            Self::WrongState { what, state } => {
                write!(f, "the {what} is {state}, which does not allow this")
            }
            Self::UnknownOperation { operation } => write!(f, "there is no operation {operation}"),
            Self::UnknownField { field } => write!(f, "no list row has a field {field}"),
            Self::CallbackUrl { why } => write!(f, "this cannot be a callback URL: {why}"),
            Self::WrongMode => write!(f, "the sandbox's mode does not have this"),
        }
    }
}

impl std::error::Error for SandboxError {}
