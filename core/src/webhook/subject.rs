//! Records of the `log` facade about webhooks: text and fields, for all languages.

use std::borrow::Cow;
use std::time::Instant;

use log::Level;
use log::kv::Value;

use super::VerifiedWebhook;
use super::purchase::{REPLIED_FIRST, REQUESTED_BEFORE, approves};
use crate::observe::{is_logged, millis, write};
use crate::redact::scrub;

/// The webhook that a record is about.
pub(super) struct Subject<'a> {
    /// Name of the action; `None` before the verification.
    pub action: Option<&'a str>,
    /// Number of the consumption; `None` before the verification, and for events without one.
    ///
    /// It is logged whole: the platform assigns it, and one in ten numbers passes the check of card numbers.
    pub consume_no: Option<Cow<'a, str>>,
    /// Time of the webhook's arrival.
    pub since: Instant,
}

impl<'a> Subject<'a> {
    /// A webhook with a valid signature.
    pub(super) fn verified(received: &'a VerifiedWebhook) -> Self {
        let event = &received.event;
        Self { action: Some(event.action()), consume_no: event.consume_no(), since: received.received_at }
    }

    /// Logs a warning.
    pub(super) fn warn(&self, message: &str, further: &[(&str, &str)]) {
        self.log(Level::Warn, message, further);
    }

    /// Logs a success.
    pub(super) fn info(&self, message: &str) {
        self.log(Level::Info, message, &[]);
    }

    /// Logs the reply to a purchase and why it is not the decision, if it is not.
    pub(super) fn log_reply(&self, reply: &str, reason: Option<&str>) {
        let (level, message) = match (approves(reply), reason) {
            (true, None | Some(REQUESTED_BEFORE | REPLIED_FIRST)) => (Level::Info, "a purchase is approved"),
            (true, Some(_)) => (Level::Warn, "a purchase is approved without a decision"),
            (false, _) => (Level::Warn, "a purchase is declined"),
        };
        self.log(level, message, &[("reason", reason.unwrap_or("by decision"))]);
    }

    fn log(&self, level: Level, message: &str, further: &[(&str, &str)]) {
        if !is_logged(level) {
            return;
        }
        let elapsed = self.since.elapsed();
        let consume_no = self.consume_no.as_deref();
        let mut fields = vec![("duration_ms", Value::from(millis(elapsed)))];
        // Names of actions that this version does not know are text of the sender.
        let action = self.action.map(scrub);
        fields.extend(action.as_deref().map(|action| ("action", Value::from(action))));
        fields.extend(consume_no.map(|number| ("consume_no", Value::from(number))));
        fields.extend(further.iter().map(|(name, value)| (*name, Value::from(*value))));
        let number = consume_no.map(|number| format!("consume_no={number:?}, ")).unwrap_or_default();
        let reason = further.iter().find(|(name, _)| *name == "reason");
        let reason = reason.map(|(_, reason)| format!(" ({reason})")).unwrap_or_default();
        let millis = elapsed.as_millis();
        write(level, &fields, format_args!("{message}: {number}after {millis} ms{reason}"));
    }
}
