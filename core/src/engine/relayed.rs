//! The hop to a relay: what differs from a request to the platform (`docs/relay.md`).

use std::time::Duration;

use super::envelope::{EnvelopeError, Unreadable};
use super::operation::Effect;
use super::retry::AttemptOutcome;
use super::{Call, Engine};
use crate::codec::json::{Extra, Json};
use crate::error::{Error, ErrorKind, Outcome};
use crate::secrets::Secret;
use crate::session::Session;
use crate::store::{is_token, unique};
use crate::values::instant;

impl Engine {
    /// The header by which a relay recognises a request that is sent again: the tap of a mutation without a merchant reference, one
    /// for each call unless the caller has chosen it, and the id of an exactly-once call, which says by it whether the call created
    /// its target.
    pub(super) fn repeat_key(&self, call: &Call<'_>) -> Result<Option<(&'static str, String)>, Error> {
        if !self.settings.is_relayed() || call.operation.effect == Effect::Read {
            return Ok(None);
        }
        let header = match call.reference {
            None => "Idempotency-Key",
            Some(_) if call.operation.is_repeatable() => "Call-Id",
            Some(_) => return Ok(None),
        };
        if let Some(tap) = call.tap {
            return Ok(Some((header, tap.to_owned())));
        }
        let key = unique().map_err(|_| Error::config("this machine has no source of random numbers"))?;
        Ok(Some((header, key)))
    }

    /// The value of the header `Expires-At`: the last time at which a change may arrive, by the relay's clock as its responses show it.
    /// An attempt that ends at `timeout` after `started` must not be carried out when something in between delivers it much later.
    pub(super) fn expiry(&self, call: &Call<'_>, started: Duration, timeout: Duration) -> Option<String> {
        if !self.settings.is_relayed() || call.operation.effect == Effect::Read {
            return None;
        }
        let device = instant::to_millis(self.clock.now());
        let relays = self.server_time().now(device, started);
        let within = i64::try_from((timeout.min(MAX_EXPIRY) + EXPIRY_MARGIN).as_millis()).unwrap_or(i64::MAX);
        Some(relays.saturating_add(within).clamp(0, LAST_EXPIRY).to_string())
    }

    /// The value of the header `Authorization`, for a call that ends at `deadline`. `refused`: the relay refused the session of the
    /// attempt before.
    pub(super) fn authorization(
        &self,
        session: &dyn Session,
        refused: bool,
        deadline: Duration,
    ) -> Result<Secret, Error> {
        let outcome = if refused { Outcome::Rejected } else { Outcome::NotSent };
        let error = |detail: &str| Error::with_kind(ErrorKind::Authentication, outcome, detail);
        let found = session.token_within(refused, deadline.saturating_sub(self.now()));
        // The session may wait for a user or a network, while the call is interrupted, ends or its client is closed. Then
        // nothing more is sent, and an app must not take it for the end of the session.
        self.check_open()?;
        if found.is_err() {
            self.clock.between_waits()?;
        }
        if self.now() >= deadline {
            return Err(Error::timeout(outcome, "the session took all the time of the call"));
        }
        let token = found.map_err(|_| error("there is no session: sign in again"))?;
        if !is_token(token.expose()) {
            return Err(error("the session token must be printable ASCII without spaces"));
        }
        Ok(Secret::from(format!("Bearer {}", token.expose())))
    }
}

/// How much later than the end of an attempt its request expires: what is known of the relay's clock is up to two seconds behind.
const EXPIRY_MARGIN: Duration = Duration::from_secs(2);
/// Maximum time until a request expires, without the margin, also of an attempt that waits longer for its response: a relay takes a
/// time over 200 s ahead for that of a wrong clock.
const MAX_EXPIRY: Duration = Duration::from_secs(180);
/// The last time that a relay reads: 15 digits. One that it cannot read, also one before 1970, it refuses without its clock.
const LAST_EXPIRY: i64 = 999_999_999_999_999;

/// The relay's clock in a refusal of a request that had expired by it, in Unix milliseconds.
pub(super) fn clock(others: &Extra) -> Option<i64> {
    others.get("now_ms")?.as_str().parse().ok()
}

/// The outcome of an attempt that the relay refused, with the error. `others` are the fields of the response besides its code.
/// Only a relay says in it what happened to the operation: any other response leaves that open.
pub(super) fn refusal(others: &Extra, http_status: u16) -> (AttemptOutcome, Error) {
    let Some(error) = others.get("error").map(Json::as_str).and_then(Error::from_wire) else {
        return (AttemptOutcome::MalformedResponse { http_status }, Error::invalid_response(NOT_A_RELAY));
    };
    let outcome = match (error.kind(), error.outcome()) {
        (ErrorKind::Authentication, Outcome::NotSent | Outcome::Rejected) => AttemptOutcome::Unauthorized,
        // Sent again by the relay's clock, as for a timestamp that the platform refuses.
        (ErrorKind::Timeout, Outcome::NotSent) if clock(others).is_some() => AttemptOutcome::Refused(TIMESTAMP),
        // Sent again after a pause, as the platform's own code for too many requests is.
        (ErrorKind::RateLimit, Outcome::NotSent | Outcome::Rejected) => AttemptOutcome::Refused(RATE_LIMIT),
        _ => AttemptOutcome::Relayed,
    };
    (outcome, error)
}

/// The platform's code for a timestamp too far from its clock.
const TIMESTAMP: i64 = 1005;
/// The platform's code for too many requests.
const RATE_LIMIT: i64 = 1009;
const NOT_A_RELAY: &str = "the response is not a relay's: check the address, and gateways in between";

/// The outcome of an attempt whose response is not an envelope, with the error.
pub(super) fn for_unreadable(unreadable: Unreadable, http_status: u16) -> (AttemptOutcome, Error) {
    let error = match (unreadable.reason, http_status) {
        (EnvelopeError::NoCode | EnvelopeError::Page, 401) => {
            let error =
                Error::with_kind(ErrorKind::Authentication, Outcome::Rejected, "HTTP 401: the session was refused");
            return (AttemptOutcome::Unauthorized, error);
        }
        (EnvelopeError::Contradictory, _) => return (AttemptOutcome::Unacceptable, unreadable.error),
        (_, 403) => {
            let detail = "HTTP 403 without an error of the relay: a gateway in between refused the request";
            Error::with_kind(ErrorKind::Permission, Outcome::Unknown, detail)
        }
        _ => unreadable.error,
    };
    (AttemptOutcome::MalformedResponse { http_status }, error)
}
