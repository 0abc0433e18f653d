//! Reading what a control call says, and the errors it can get.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::error::SandboxError;

/// A control call that did nothing. It prints what was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlError {
    pub(super) status: u16,
    pub(super) text: String,
}

impl ControlError {
    pub(super) fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// The HTTP status that it has at the control URL: 400 the call makes no sense, 404 there is no such thing, 409 its
    /// state does not allow this.
    pub fn status(&self) -> u16 {
        self.status
    }
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for ControlError {}

impl From<SandboxError> for ControlError {
    fn from(error: SandboxError) -> Self {
        let status = match &error {
            SandboxError::NotFound { .. } => 404,
            SandboxError::UnknownOperation { .. }
            | SandboxError::UnknownField { .. }
            | SandboxError::CallbackUrl { .. } => 400,
            SandboxError::WrongState { .. } | SandboxError::WrongMode => 409,
        };
        Self::new(status, error.to_string())
    }
}

/// Reads the body; unknown fields are an error, so that a misspelt one is seen.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| ControlError::new(400, error.to_string()))
}
