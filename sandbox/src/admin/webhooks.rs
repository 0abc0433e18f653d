//! Settings, faults and deliveries of webhooks.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::platform::Platform;
use crate::error::SandboxError;
use crate::state::enums::WebhookAction;
use crate::webhook::send;
use crate::webhook::settings::{Secret, WebhookSettings};
use crate::webhook::target::Target;
use crate::webhook::types::{DeliveryRecord, NullFields, SignStyle, WebhookFault, WebhookInfo};

/// # Webhooks
///
/// Webhooks are sent at once, in the order of the changes that they report. A webhook that fails (no response within 5 s,
/// no 2xx status, no `{"code":0}`) is sent again after 10 s, 30 s, 2 min, 10 min and 1 h of virtual time, so that
/// [`advance`](Platform::advance) makes it due; later webhooks do not wait for it.
///
/// In authorization mode the call `simulation.auth` sends an `Auth` webhook first, waits for at most 800 ms of real time,
/// and declines the purchase unless the merchant approves it. Without a webhook URL the purchase is approved.
///
/// No webhooks are sent for seeded rows.
impl Platform {
    /// Sets the URL to which webhooks are sent: `http` on loopback. `None`, the default: no webhooks are created, and queued
    /// ones are dropped when they become due.
    ///
    /// # Errors
    ///
    /// [`SandboxError::WebhookUrl`] if it is another kind of URL.
    pub fn set_webhook_url(&self, url: Option<&str>) -> Result<(), SandboxError> {
        let target = url.map(Target::parse).transpose()?;
        let wanted = target.is_some();
        self.change_webhook_settings(|settings| settings.target = target);
        if wanted {
            send::start_dispatcher(&self.shared);
        }
        Ok(())
    }

    /// Sets the secret that signs webhooks, and forgets the one before. Default: the apiSecret.
    pub fn set_webhook_secret(&self, secret: impl Into<String>) {
        let secret = Secret(secret.into());
        self.change_webhook_settings(|settings| (settings.secret, settings.old_secret) = (secret, None));
    }

    /// Sets the secret that signs webhooks, and keeps the one before for [`WebhookFault::OldSecret`].
    pub fn rotate_webhook_secret(&self, new: impl Into<String>) {
        let secret = Secret(new.into());
        self.change_webhook_settings(|settings| {
            settings.old_secret = Some(std::mem::replace(&mut settings.secret, secret));
        });
    }

    /// Sets the `appId` of signatures. Default: the Api-Key.
    pub fn set_webhook_app_id(&self, app_id: impl Into<String>) {
        let app_id = app_id.into();
        self.change_webhook_settings(|settings| settings.app_id = app_id);
    }

    /// Sets the form of the signed text. Default: [`SignStyle::JavaHashMap`].
    pub fn set_sign_style(&self, style: SignStyle) {
        self.change_webhook_settings(|settings| settings.sign_style = style);
    }

    /// Sets whether webhooks created from now on contain fields without a value. Default: [`NullFields::Omit`].
    pub fn set_null_fields(&self, nulls: NullFields) {
        self.change_webhook_settings(|settings| settings.nulls = nulls);
    }

    fn change_webhook_settings(&self, set: impl FnOnce(&mut WebhookSettings)) {
        set(&mut self.shared.lock().state.settings.webhooks);
    }

    /// The settings of webhooks and the number of queued ones.
    pub fn webhook_info(&self) -> WebhookInfo {
        let sandbox = self.shared.lock();
        let settings = &sandbox.state.settings.webhooks;
        WebhookInfo {
            url: settings.target.as_ref().map(|target| target.url.clone()),
            app_id: settings.app_id.clone(),
            sign_style: settings.sign_style,
            nulls: settings.nulls,
            waiting: sandbox.outbox.waiting(),
        }
    }

    /// Plans a fault for the next webhook that is created or redelivered.
    ///
    /// # Errors
    ///
    /// [`SandboxError::WrongState`] if [`WebhookFault::OldSecret`] is planned without an earlier [`rotate_webhook_secret`](Platform::rotate_webhook_secret).
    pub fn webhook_fault(&self, fault: WebhookFault) -> Result<(), SandboxError> {
        self.plan_webhook_fault(None, fault)
    }

    /// Plans a fault for the next webhook of that action.
    ///
    /// # Errors
    ///
    /// As [`webhook_fault`](Platform::webhook_fault).
    pub fn webhook_fault_on(&self, action: WebhookAction, fault: WebhookFault) -> Result<(), SandboxError> {
        self.plan_webhook_fault(Some(action), fault)
    }

    pub(crate) fn plan_webhook_fault(
        &self,
        action: Option<WebhookAction>,
        fault: WebhookFault,
    ) -> Result<(), SandboxError> {
        let mut sandbox = self.shared.lock();
        if fault == WebhookFault::OldSecret && sandbox.state.settings.webhooks.old_secret.is_none() {
            return Err(SandboxError::WrongState { what: "webhook secret", state: "not rotated yet" });
        }
        sandbox.outbox.plan(action, fault);
        Ok(())
    }

    /// Sends a webhook again. If it waits for a retry, that retry is made at once; otherwise this is a new attempt, with its
    /// own retries.
    ///
    /// # Errors
    ///
    /// [`SandboxError::NotFound`] if no attempt of that id is recorded.
    pub fn redeliver(&self, id: &str) -> Result<(), SandboxError> {
        let mut sandbox = self.shared.lock();
        let now_ms = sandbox.state.clock.now_ms();
        if sandbox.outbox.redeliver(id, now_ms) {
            Ok(())
        } else {
            Err(SandboxError::NotFound { what: "webhook", number: id.to_owned() })
        }
    }

    /// All recorded attempts, oldest first.
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.shared.lock().outbox.records()
    }

    /// Waits, in real time, until no webhook is due or being sent. Returns `false` on timeout or if the sandbox stops.
    pub fn settle_webhooks(&self, timeout: Duration) -> bool {
        let started = Instant::now();
        let mut sandbox = self.shared.lock();
        let wake = Arc::clone(&sandbox.outbox.wake);
        loop {
            let now_ms = sandbox.state.clock.now_ms();
            let left = timeout.saturating_sub(started.elapsed());
            if sandbox.outbox.is_settled(now_ms) {
                return true;
            }
            if left.is_zero() || sandbox.outbox.stopping {
                return false;
            }
            sandbox = wake.wait_timeout(sandbox, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
