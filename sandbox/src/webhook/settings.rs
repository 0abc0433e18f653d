//! How callbacks are sent. Part of the state, and so of its snapshots.

use super::target::Target;
use super::{CallbackNulls, SignStyle};

#[derive(Debug, Clone)]
pub(crate) struct CallbackSettings {
    /// `None`: callbacks are not even made.
    pub(crate) target: Option<Target>,
    pub(super) app_id: String,
    pub(super) secret: Secret,
    /// The one before the last rotation.
    pub(super) old_secret: Option<Secret>,
    pub(super) sign_style: SignStyle,
    pub(crate) nulls: CallbackNulls,
}

/// It does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl CallbackSettings {
    pub(crate) fn new(app_id: String, secret: String, sign_style: SignStyle, nulls: CallbackNulls) -> Self {
        Self { target: None, app_id, secret: Secret(secret), old_secret: None, sign_style, nulls }
    }
}
