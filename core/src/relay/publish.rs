//! Passing webhooks on to the apps of their cardholders.

use std::time::Duration;

use super::Relay;
use crate::engine::Limit;
use crate::webhook::Event;

/// Time limit of the look-up of a card's owner.
const WITHIN: Duration = Duration::from_secs(5);

impl Relay {
    /// Passes a webhook on to the apps of its cardholder. Call it from the handler of verified webhooks, with
    /// [`VerifiedWebhook::event`](crate::VerifiedWebhook::event).
    ///
    /// A webhook that does not say whose it is is looked up by its card, which may take up to 5 seconds if the card was not used
    /// within the last minute: reply to purchases first. One whose cardholder cannot be found, and one of an unknown action, is
    /// dropped with a record in the log.
    pub fn publish(&self, event: &Event) {
        let (name, data, cardholder_no, card_no) = match event {
            Event::Auth { data } => ("Auth", data.to_json(), data.cardholder_no.as_deref(), Some(&*data.card_no)),
            Event::Consumption { data } => {
                ("Consumption", data.to_json(), data.cardholder_no.as_deref(), data.card_no.as_deref())
            }
            Event::CardUpdate { data } => ("Card_update", data.to_json(), None, Some(&*data.card_no)),
            Event::Unknown { .. } => {
                log::info!(target: "keysecure", "relay: a webhook of an unknown action is not passed on");
                return;
            }
        };
        let owner = match (cardholder_no, card_no) {
            (Some(cardholder_no), _) if !cardholder_no.is_empty() => Some(cardholder_no.to_owned()),
            (_, Some(card_no)) if !card_no.is_empty() => self.owner(card_no),
            _ => None,
        };
        match owner {
            Some(owner) => self.inner.events.publish(&owner, name, &data),
            None => log::warn!(
                target: "keysecure", action = name;
                "relay: a webhook is not passed on, because its cardholder could not be found: action={name}"
            ),
        }
    }

    fn owner(&self, card_no: &str) -> Option<String> {
        let inner = &*self.inner;
        let caller = inner.client.caller();
        let until = Some(caller.engine.now().saturating_add(WITHIN));
        inner.ownership.owner(&caller.limited(Limit { until, ..caller.limit }), card_no)
    }
}
