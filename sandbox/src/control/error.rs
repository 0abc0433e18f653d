//! The error of control calls.

use crate::error::SandboxError;

/// The error of a control call, which changed nothing. Displays the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ControlError {
    status: u16,
    text: String,
}

impl ControlError {
    pub(crate) fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// The HTTP status of the error at the control URL: 400 for an invalid call or body, 403 for a caller that is not
    /// allowed, 404 for an unknown path or row, 405 for a wrong method, 409 for a row or mode that does not allow the call.
    pub fn status(&self) -> u16 {
        self.status
    }
}

impl From<SandboxError> for ControlError {
    fn from(error: SandboxError) -> Self {
        let status = match &error {
            SandboxError::NotFound { .. } => 404,
            SandboxError::UnknownOperation { .. }
            | SandboxError::UnknownField { .. }
            | SandboxError::WebhookUrl { .. } => 400,
            SandboxError::WrongState { .. } | SandboxError::NoManagementFee | SandboxError::WrongMode => 409,
        };
        Self::new(status, error.to_string())
    }
}
