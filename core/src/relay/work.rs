//! A request in progress: who asks, and the checks that every operation shares.

use std::time::Duration;

use super::Inner;
use super::audit::Denial;
use super::fields::Fields;
use super::ownership::{CardLookup, is_own, proves_nothing_there};
use super::places::Place;
use super::request::RelayRequest;
use super::response::Refusal;
use super::scope::{Grant, Scope};
use crate::engine::{Caller, Limit};
use crate::error::{Error, ErrorKind, Outcome};
use crate::redact::scrub;
use crate::resources::cards::Card;
use crate::resources::consumptions::{Consumption, Consumptions};

/// Denials of numbers are answered at a multiple of this time after the request began.
const GRID: Duration = Duration::from_millis(50);
/// Time before which no denial of a number is answered: longer than the look-ups of one usually take.
const FLOOR: Duration = Duration::from_millis(300);

/// Maximum length of a number of the platform.
const MAX_NUMBER: usize = 64;

/// What the audit record says about a request.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub session: Option<String>,
    pub cardholder_no: Option<String>,
    pub operation: Option<&'static str>,
    pub subject: Option<String>,
    pub tap: Option<String>,
    /// Taken until the response is there: the wait before a denial blocks a thread of the server as well.
    pub place: Option<Place>,
}

/// A request of a session that is authorized.
pub(super) struct Work<'a> {
    pub relay: &'a Inner,
    pub request: &'a RelayRequest<'a>,
    pub scope: &'a Scope,
    pub notes: &'a mut Notes,
    pub is_mutation: bool,
    /// When the request arrived, on the monotonic clock.
    pub started: Duration,
}

impl<'a> Work<'a> {
    pub(super) fn caller(&self) -> &'a Caller {
        self.relay.client.caller()
    }

    /// A caller whose time limit began to run at `began`, on the monotonic clock.
    pub(super) fn caller_since(&self, began: Duration) -> Caller {
        let caller = self.caller();
        let waited = caller.engine.now().saturating_sub(began);
        caller.limited(Limit { waited, ..caller.limit })
    }

    /// The cardholder's number.
    pub(super) fn own(&self) -> &'a str {
        self.scope.own()
    }

    /// What the relay puts before the references of this cardholder's app.
    pub(super) fn prefix(&self) -> String {
        format!("app.{}.", self.own())
    }

    /// A reference as the app knows it.
    pub(super) fn apps_own(&self, reference: Option<String>) -> Option<String> {
        let own = reference.as_deref().and_then(|reference| reference.strip_prefix(&self.prefix())).map(str::to_owned);
        own.or(reference)
    }

    /// The refusal when a call failed.
    pub(super) fn failed(&self, error: Error) -> Refusal {
        Refusal::failed(error, &self.prefix())
    }

    pub(super) fn require(&self, grant: Grant) -> Result<(), Refusal> {
        if self.scope.allows(grant) { Ok(()) } else { Err(not_granted()) }
    }

    /// A `cardholder_no` in a body is the scope's.
    pub(super) fn check_cardholder(&mut self, fields: &Fields<'_>) -> Result<(), Refusal> {
        match fields.text("cardholder_no").map_err(Refusal::invalid)? {
            Some(number) if !is_own(self.own(), Some(number)) => {
                self.note_subject(number);
                Err(Refusal::not_found(None))
            }
            _ => Ok(()),
        }
    }

    fn note_subject(&mut self, number: &str) {
        self.notes.subject = Some(scrub(number).chars().take(MAX_NUMBER).collect());
    }

    /// A number that is longer than any would only fill what is kept of look-ups.
    fn check_number(&mut self, field: &str, number: &str) -> Result<(), Refusal> {
        self.note_subject(number);
        let rule = format!("must be at most {MAX_NUMBER} characters");
        if number.len() <= MAX_NUMBER { Ok(()) } else { Err(Refusal::invalid(Error::invalid_input(field, &rule))) }
    }

    /// A card is the cardholder's. Returns the card if it was looked up just now.
    pub(super) fn own_card(&mut self, card_no: &str) -> Result<Option<Box<Card>>, Refusal> {
        self.check_number("card_no", card_no)?;
        let CardLookup::Own(card) = self.look_up(card_no)? else {
            return Err(Refusal::not_found(None));
        };
        self.notes.subject = Some(card_no.to_owned());
        Ok(card)
    }

    fn look_up(&self, card_no: &str) -> Result<CardLookup, Refusal> {
        let found = self.relay.ownership.card(self.caller(), self.own(), card_no);
        found.map_err(|error| self.not_looked_up(error))
    }

    /// A consumption is the cardholder's: by its cardholder, or by its card if the platform does not say whose it is.
    pub(super) fn own_consumption(&mut self, consume_no: &str) -> Result<Consumption, Refusal> {
        self.check_number("consume_no", consume_no)?;
        let not_own = || Refusal::not_found(None);
        let found = match Consumptions(self.caller()).get(consume_no) {
            Ok(found) => found,
            Err(error) if proves_nothing_there(&error) => return Err(not_own()),
            Err(error) => return Err(self.not_looked_up(error)),
        };
        if found.consume_no != consume_no || !self.consumption_is_own(&found)? {
            return Err(not_own());
        }
        self.notes.subject = Some(consume_no.to_owned());
        Ok(found)
    }

    pub(super) fn consumption_is_own(&self, found: &Consumption) -> Result<bool, Refusal> {
        match (found.cardholder_no.as_deref(), found.card_no.as_deref()) {
            (Some(cardholder_no), _) if !cardholder_no.is_empty() => Ok(is_own(self.own(), Some(cardholder_no))),
            (_, Some(card_no)) if !card_no.is_empty() => Ok(matches!(self.look_up(card_no)?, CardLookup::Own(_))),
            _ => Ok(false),
        }
    }

    /// The refusal when a number could not be looked up: nothing was done with it.
    fn not_looked_up(&self, error: Error) -> Refusal {
        self.failed(if self.is_mutation && error.kind() != ErrorKind::InvalidInput {
            error.with_outcome(Outcome::NotSent)
        } else {
            error
        })
    }

    /// Waits until the time that has passed shows nothing about what was looked up.
    pub(super) fn pace(relay: &Inner, started: Duration) {
        let engine = &relay.client.caller().engine;
        let passed = engine.now().saturating_sub(started);
        let steps = passed.as_nanos() / GRID.as_nanos() + 1;
        let until = GRID.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX)).max(FLOOR);
        // A clock that is interrupted ends a call that waits; this is none any more.
        let _ = engine.sleep(until.saturating_sub(passed));
    }
}

pub(super) fn not_granted() -> Refusal {
    Refusal::denied(Denial::NotGranted, ErrorKind::Permission, "the session does not grant this operation")
}
