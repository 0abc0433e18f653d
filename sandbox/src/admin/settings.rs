//! The merchant's settings at the platform.

use std::net::IpAddr;

use super::platform::Platform;
use crate::config::{HttpStatuses, KeyState, ListRules, MerchantState};
use crate::error::SandboxError;
use crate::platform::rows;

/// # Settings
impl Platform {
    /// Invalidates all access tokens.
    pub fn revoke_tokens(&self) {
        self.shared.lock().state.revoke_tokens();
    }

    /// Sets the state of the Api-Key.
    pub fn set_key_state(&self, to: KeyState) {
        self.shared.lock().state.settings.key_state = to;
    }

    /// Sets the state of the merchant.
    pub fn set_merchant_state(&self, to: MerchantState) {
        self.shared.lock().state.settings.merchant_state = to;
    }

    /// Sets whether card numbers may be shown.
    pub fn set_pci_enabled(&self, enabled: bool) {
        self.shared.lock().state.settings.pci_enabled = enabled;
    }

    /// Sets the addresses that may call; empty for all.
    pub fn set_ip_whitelist(&self, addresses: Vec<IpAddr>) {
        self.shared.lock().state.settings.ip_whitelist = addresses;
    }

    /// Sets the HTTP statuses of refused calls.
    pub fn set_http_statuses(&self, to: HttpStatuses) {
        self.shared.lock().state.settings.http_statuses = to;
    }

    /// Sets whether the fees and limits of packages and card BINs are applied.
    pub fn set_tariffs(&self, applied: bool) {
        self.shared.lock().state.settings.tariffs = applied;
    }

    /// The deviations of list calls from the platform's documentation.
    pub fn list_rules(&self) -> ListRules {
        self.shared.lock().state.settings.lists.clone()
    }

    /// Sets the deviations of list calls from the platform's documentation.
    ///
    /// # Errors
    ///
    /// [`SandboxError::UnknownField`] if no list row has a field of [`ListRules::left_out`]: such a rule would have no
    /// effect, and a test would prove nothing.
    pub fn set_list_rules(&self, rules: ListRules) -> Result<(), SandboxError> {
        if let Some(field) = rules.left_out.iter().find(|field| !rows::FIELDS.contains(&field.as_str())) {
            return Err(SandboxError::UnknownField { field: field.clone() });
        }
        self.shared.lock().state.settings.lists = rules;
        Ok(())
    }
}
