//! Steering callbacks and looking into them.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::settings::Secret;
use super::target::Target;
use super::{CallbackFault, CallbackInfo, CallbackNulls, CallbackSettings, DeliveryRecord, SignStyle};
use crate::error::SandboxError;
use crate::state::CallbackAction;
use crate::steering::Platform;

/// Callbacks.
///
/// They are sent in the order of the changes they tell, at once in real time. One that fails (no answer within 5 s, no
/// status 2xx, no `{"code":0}`) is sent again after 10 s, 30 s, 2 min, 10 min and 1 h of virtual time, so that
/// [`advance`](Platform::advance) makes it due; the callbacks after it do not wait for it.
///
/// In authorization mode the call `simulation.auth` asks with `Auth` first, waits for at most 800 ms of real time, and
/// declines the purchase unless the merchant approves it. Without a callback URL nobody is asked and it is approved.
///
/// Seeded rows are not told.
impl Platform {
    /// Sets where callbacks go: an `http` URL on loopback. `None`, the default: no callbacks are made, and those that
    /// wait are forgotten when their time comes.
    ///
    /// # Errors
    ///
    /// If it is another kind of URL.
    pub fn set_callback_url(&self, url: Option<&str>) -> Result<(), SandboxError> {
        let target = url.map(Target::parse).transpose()?;
        let wanted = target.is_some();
        self.callback_settings(|settings| settings.target = target);
        if wanted {
            self.shared.courier.start(&self.shared);
        }
        Ok(())
    }

    /// Sets the secret that signs, and forgets the one before. Default: the apiSecret.
    pub fn set_callback_secret(&self, secret: impl Into<String>) {
        let secret = Secret(secret.into());
        self.callback_settings(|settings| (settings.secret, settings.old_secret) = (secret, None));
    }

    /// Sets the secret that signs, and keeps the one before for [`CallbackFault::OldSecret`].
    pub fn rotate_callback_secret(&self, new: impl Into<String>) {
        let secret = Secret(new.into());
        self.callback_settings(|settings| {
            settings.old_secret = Some(std::mem::replace(&mut settings.secret, secret));
        });
    }

    /// Sets what is signed as `appId`. Default: the Api-Key.
    pub fn set_callback_app_id(&self, app_id: impl Into<String>) {
        let app_id = app_id.into();
        self.callback_settings(|settings| settings.app_id = app_id);
    }

    /// Sets how the signed text is written. Default: [`SignStyle::JavaHashMap`].
    pub fn set_sign_style(&self, style: SignStyle) {
        self.callback_settings(|settings| settings.sign_style = style);
    }

    /// Sets what becomes of fields without a value, in callbacks made from now on. Default: [`CallbackNulls::LeftOut`].
    pub fn set_callback_nulls(&self, nulls: CallbackNulls) {
        self.callback_settings(|settings| settings.nulls = nulls);
    }

    fn callback_settings(&self, set: impl FnOnce(&mut CallbackSettings)) {
        set(&mut self.shared.lock().state.settings.callbacks);
    }

    /// How callbacks are sent at present.
    pub fn callback_info(&self) -> CallbackInfo {
        let world = self.shared.lock();
        let settings = &world.state.settings.callbacks;
        CallbackInfo {
            url: settings.target.as_ref().map(|target| target.url.clone()),
            app_id: settings.app_id.clone(),
            sign_style: settings.sign_style,
            nulls: settings.nulls,
            waiting: world.outbox.waiting(),
        }
    }

    /// Plans a fault for the next callback that is made (a redelivered one counts).
    ///
    /// # Errors
    ///
    /// [`CallbackFault::OldSecret`] needs an earlier [`rotate_callback_secret`](Platform::rotate_callback_secret).
    pub fn callback_fault(&self, fault: CallbackFault) -> Result<(), SandboxError> {
        self.plan_callback_fault(None, fault)
    }

    /// Plans a fault for the next callback of that action.
    pub fn callback_fault_on(&self, action: CallbackAction, fault: CallbackFault) -> Result<(), SandboxError> {
        self.plan_callback_fault(Some(action), fault)
    }

    pub(crate) fn plan_callback_fault(
        &self,
        action: Option<CallbackAction>,
        fault: CallbackFault,
    ) -> Result<(), SandboxError> {
        let mut world = self.shared.lock();
        if fault == CallbackFault::OldSecret && world.state.settings.callbacks.old_secret.is_none() {
            return Err(SandboxError::WrongState { what: "callback secret", state: "not rotated yet" });
        }
        world.outbox.plan(action, fault);
        Ok(())
    }

    /// Sends a callback again: at once if it waits for a retry, otherwise with the next attempt's number, and with
    /// retries of its own.
    ///
    /// # Errors
    ///
    /// If no callback of that id is on record.
    pub fn redeliver(&self, id: &str) -> Result<(), SandboxError> {
        let mut world = self.shared.lock();
        let now_ms = world.state.clock.now_ms();
        if world.outbox.redeliver(id, now_ms) {
            Ok(())
        } else {
            Err(SandboxError::NotFound { what: "callback", number: id.to_owned() })
        }
    }

    /// All attempts on record, oldest first.
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.shared.lock().outbox.records()
    }

    /// Waits, in real time, until no callback is due or on its way. `false`: not within that time, or the sandbox stops.
    pub fn settle_callbacks(&self, timeout: Duration) -> bool {
        let started = Instant::now();
        let mut world = self.shared.lock();
        let wake = Arc::clone(&world.outbox.wake);
        loop {
            let now_ms = world.state.clock.now_ms();
            let left = timeout.saturating_sub(started.elapsed());
            if world.outbox.is_settled(now_ms) {
                return true;
            }
            if left.is_zero() || world.outbox.stopping {
                return false;
            }
            world = wake.wait_timeout(world, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
