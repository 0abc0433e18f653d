//! The settings of webhooks. They are part of the state, and so of snapshots.

use super::target::Target;
use super::types::{NullFields, SignStyle};

/// The settings of webhooks.
#[derive(Debug, Clone)]
pub(crate) struct WebhookSettings {
    /// The URL; `None`: webhooks are not created.
    pub(crate) target: Option<Target>,
    pub(crate) app_id: String,
    pub(crate) secret: Secret,
    /// The secret before the last rotation.
    pub(crate) old_secret: Option<Secret>,
    pub(crate) sign_style: SignStyle,
    pub(crate) nulls: NullFields,
}

/// A secret. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl WebhookSettings {
    pub(crate) fn new(app_id: String, secret: String, sign_style: SignStyle, nulls: NullFields) -> Self {
        Self { target: None, app_id, secret: Secret(secret), old_secret: None, sign_style, nulls }
    }
}
