//! Whose number it is: the platform's word, kept for a minute.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use subtle::ConstantTimeEq;

use super::bounded::Bounded;
use crate::engine::Caller;
use crate::error::{Error, ErrorKind, Outcome};
use crate::resources::cards::{Card, Cards};

/// Time for which the owner of a card is believed.
const KEPT_FOR: Duration = Duration::from_secs(60);
/// Maximum number of cards whose owners are kept.
const MAX_CARDS: usize = 10_000;

/// The owners of cards, for each cardholder who asked. Cards that do not exist are kept as well, so that both take the same time;
/// and what another cardholder looked up is not used, because only cards that exist are another's.
#[derive(Debug)]
pub(super) struct Ownership {
    cards: Mutex<Bounded<Owner>>,
}

#[derive(Debug, Clone)]
struct Owner {
    /// `None`: the platform knows no such card, or does not say whose it is.
    cardholder_no: Option<String>,
    until: Duration,
}

/// A look-up of a card.
pub(super) enum CardLookup {
    /// It is the cardholder's. The card, if it was looked up just now.
    Own(Option<Box<Card>>),
    /// It is another's, or there is no such card.
    NotOwn,
}

impl Ownership {
    pub(super) fn new() -> Self {
        Self { cards: Mutex::new(Bounded::new(MAX_CARDS)) }
    }

    /// Looks up whether a card is the cardholder's. An empty `own` is nobody's.
    ///
    /// # Errors
    ///
    /// The error of a look-up that proves neither.
    pub(super) fn card(&self, caller: &Caller, own: &str, card_no: &str) -> Result<CardLookup, Error> {
        let verdict = |owner: Option<&str>, card: Option<Box<Card>>| {
            if is_own(own, owner) { CardLookup::Own(card) } else { CardLookup::NotOwn }
        };
        if let Some(kept) = self.kept(caller.engine.now(), own, card_no) {
            return Ok(verdict(kept.cardholder_no.as_deref(), None));
        }
        let card = match Cards::new(caller).get(card_no) {
            // A response about another card says nothing about this one. As an error it would show that there is one, by a number
            // that the platform reads as another's, such as one with leading zeros.
            Ok(card) if card.card_no != card_no => return Ok(CardLookup::NotOwn),
            Ok(card) => Some(Box::new(card)),
            Err(error) if proves_nothing_there(&error) => None,
            Err(error) => return Err(error),
        };
        let owner = card.as_ref().and_then(|card| card.cardholder_no.clone());
        let until = caller.engine.now().saturating_add(KEPT_FOR);
        self.cards().insert(&key(own, card_no), Owner { cardholder_no: owner.clone(), until });
        Ok(verdict(owner.as_deref(), card))
    }

    /// The owner of a card, if it was looked up for the cardholder within the last minute.
    fn kept(&self, now: Duration, own: &str, card_no: &str) -> Option<Owner> {
        let mut cards = self.cards();
        cards.get(&key(own, card_no)).filter(|kept| now < kept.until).cloned()
    }

    /// The owner of a card of a webhook.
    pub(super) fn owner(&self, caller: &Caller, card_no: &str) -> Option<String> {
        if let Some(kept) = self.kept(caller.engine.now(), "", card_no) {
            return kept.cardholder_no;
        }
        self.card(caller, "", card_no).ok()?;
        self.kept(caller.engine.now(), "", card_no)?.cardholder_no
    }

    fn cards(&self) -> std::sync::MutexGuard<'_, Bounded<Owner>> {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Key of what the cardholder `own` looked up. No number holds a line feed.
fn key(own: &str, card_no: &str) -> String {
    format!("{own}\n{card_no}")
}

/// Whether something is the cardholder's. It takes the same time for each number of the same length.
pub(super) fn is_own(own: &str, found: Option<&str>) -> bool {
    found.is_some_and(|found| !found.is_empty() && bool::from(found.as_bytes().ct_eq(own.as_bytes())))
}

/// Whether an error says that there is nothing to be found by a number, rather than that it could not be looked up.
pub(super) fn proves_nothing_there(error: &Error) -> bool {
    let is_own_fault = matches!(error.kind(), ErrorKind::Authentication | ErrorKind::Permission | ErrorKind::RateLimit);
    error.outcome() == Outcome::Rejected && !is_own_fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_number_is_ones_own() {
        assert!(is_own("1001", Some("1001")));
        for other in [None, Some(""), Some("1002"), Some("100"), Some("10011"), Some("1001 ")] {
            assert!(!is_own("1001", other), "{other:?}");
        }
        assert!(!is_own("", Some("")) && !is_own("", None));
    }

    #[test]
    fn an_error_proves_absence_only_if_the_platform_refused_the_number() {
        let refused = |code| Error::api(code, "", Outcome::Rejected);
        assert!([2002, 1004, 4001, 4005].into_iter().all(|code| proves_nothing_there(&refused(code))));
        assert!(![1003, 1006, 1009, 1013].into_iter().any(|code| proves_nothing_there(&refused(code))));
        assert!(!proves_nothing_there(&Error::api(1001, "", Outcome::Unknown)));
        assert!(!proves_nothing_there(&Error::timeout(Outcome::NotSent, "")));
    }
}
