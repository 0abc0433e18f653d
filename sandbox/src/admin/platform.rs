//! The handle of the administrative API, and the addresses and credentials of the sandbox.

use std::sync::Arc;

use crate::config::Mode;
use crate::error::SandboxError;
use crate::shared::Shared;
use crate::state::platform_state::State;
use crate::state::rows::Card;
use crate::state::transaction::Transaction;

/// Administrative API of the sandbox: clock, back-office decisions, settings, faults, seeded rows, webhooks, inspection.
///
/// A [`Sandbox`](crate::Sandbox) dereferences to it. Clones refer to the same sandbox, and do not keep it running.
#[derive(Debug, Clone)]
pub struct Platform {
    pub(crate) shared: Arc<Shared>,
}

/// # Addresses and credentials
impl Platform {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The base URL of the platform's calls, without `/open-api`.
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// The base URL of the control calls, for programs in other languages.
    pub fn control_url(&self) -> &str {
        &self.shared.control_url
    }

    /// The address of the console, a web page that shows and controls the sandbox: for a browser on this machine.
    pub fn console_url(&self) -> &str {
        &self.shared.console_url
    }

    /// The merchant's Api-Key.
    pub fn api_key(&self) -> &str {
        &self.shared.setup.api_key
    }

    /// The merchant's apiSecret.
    pub fn api_secret(&self) -> &str {
        &self.shared.api_secret
    }

    /// The merchant's mode.
    pub fn mode(&self) -> Mode {
        self.shared.setup.mode
    }

    /// The origin of the hosted card page, which `pci.card_detail` requires in the `Origin` header.
    pub fn hosted_origin(&self) -> &str {
        &self.shared.setup.hosted_origin
    }

    /// The whitelisted origin of the merchant's page that embeds the hosted card page.
    pub fn parent_origin(&self) -> &str {
        &self.shared.setup.parent_origin
    }

    /// Addresses, credentials and mode as JSON, for a client in another process. The program prints the same.
    pub fn info(&self) -> serde_json::Value {
        serde_json::json!({
            "base_url": self.base_url(),
            "control_url": self.control_url(),
            "console_url": self.console_url(),
            "api_key": self.api_key(),
            "api_secret": self.api_secret(),
            "mode": self.mode(),
            "hosted_origin": self.hosted_origin(),
            "parent_origin": self.parent_origin(),
        })
    }

    /// Makes a change as a call of the platform does: it is committed as a whole, or nothing is.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&State, &mut Transaction) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        let mut sandbox = self.shared.lock();
        let mut transaction = sandbox.state.transaction();
        let result = change(&sandbox.state, &mut transaction)?;
        sandbox.commit(transaction);
        Ok(result)
    }
}

/// The card of that number.
pub(super) fn card<'s>(state: &'s State, no: &str) -> Result<&'s Card, SandboxError> {
    state.cards().get(no).ok_or_else(|| SandboxError::NotFound { what: "card", number: no.to_owned() })
}
