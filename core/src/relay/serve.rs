//! Serving one request: the checks in their order, the response and the record.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::audit::{AuditRecord, Denial};
use super::expiry;
use super::fields::Fields;
use super::request::{MAX_HEADERS, RelayRequest};
use super::response::{Data, Refusal, RelayResponse};
use super::route::{self, Route};
use super::scope::{Grant, Scope};
use super::stream::EventStream;
use super::work::{self, Notes, Work};
use super::{EVENTS, Inner};
use crate::error::{Error, ErrorKind, Outcome};
use crate::values::instant;

impl Inner {
    pub(super) fn now(&self) -> Duration {
        self.client.caller().engine.now()
    }

    /// The checks before the operation is known. Returns the scope.
    fn admit(&self, request: &RelayRequest<'_>, now: Duration, notes: &mut Notes) -> Result<Scope, Refusal> {
        if request.has_too_many_headers() {
            return Err(too_large("headers", &format!("must be at most {MAX_HEADERS}"), 431));
        }
        request.check_headers().map_err(Refusal::invalid)?;
        if request.body.len() > self.max_request_bytes {
            return Err(too_large("body", &format!("must be at most {} bytes", self.max_request_bytes), 413));
        }
        let scope = catch_unwind(AssertUnwindSafe(|| (self.authorize)(request)));
        let Some(scope) = scope.ok().flatten().filter(Scope::is_valid) else {
            return Err(Refusal::denied(Denial::Unauthorized, ErrorKind::Authentication, "the session is refused"));
        };
        notes.session = Some(scope.session_id().to_owned());
        notes.cardholder_no = Some(scope.own().to_owned());
        let taken = self.throttle.take(scope.session_id(), scope.own(), now);
        taken.map_err(|wait| too_many("too many requests", wait))?;
        Ok(scope)
    }

    pub(super) fn serve(
        &self,
        request: &RelayRequest<'_>,
        started: Duration,
        notes: &mut Notes,
    ) -> Result<Data, Refusal> {
        let scope = self.admit(request, started, notes)?;
        let place = self.requests.take(scope.session_id(), scope.own());
        let place = place.ok_or_else(|| too_many("too many requests at the same time", Duration::from_secs(1)))?;
        notes.place = Some(place);
        let route = route::name_in(&self.mount, request.path).and_then(route::find);
        let Some(Route { name, grants, fields, is_mutation, serve }) = route else {
            return Err(Refusal::unknown_operation());
        };
        notes.operation = Some(name);
        if request.method != "POST" {
            let refusal = Refusal::invalid(Error::invalid_input("method", "must be POST")).with_status(405);
            return Err(Refusal { denial: Some(Denial::UnknownOperation), ..refusal });
        }
        if *is_mutation {
            expiry::check(request, instant::to_millis(self.client.caller().engine.clock().now()))?;
        }
        if !grants.iter().any(|grant| scope.allows(*grant)) {
            return Err(work::not_granted());
        }
        request.check_type().map_err(Refusal::invalid)?;
        let fields = Fields::read(request.body, fields).map_err(Refusal::invalid)?;
        let mut work = Work { relay: self, request, scope: &scope, notes, is_mutation: *is_mutation, started };
        work.check_cardholder(&fields)?;
        serve(&mut work, &fields)
    }

    pub(super) fn open(
        &self,
        is_events: bool,
        request: &RelayRequest<'_>,
        started: Duration,
        notes: &mut Notes,
    ) -> Result<EventStream, Refusal> {
        let scope = self.admit(request, started, notes)?;
        if !is_events {
            return Err(Refusal::unknown_operation());
        }
        notes.operation = Some(EVENTS);
        if !scope.allows(Grant::Events) {
            return Err(work::not_granted());
        }
        let place = self.streams.take(scope.session_id(), scope.own());
        let place =
            place.ok_or_else(|| too_many("too many streams", self.stream_lasts.min(Duration::from_secs(60))))?;
        let last_id = request.header("last-event-id");
        Ok(EventStream::new(Arc::clone(&self.events), scope.own(), last_id, self.stream_lasts, place))
    }

    /// Writes the response, at a time that shows nothing about the numbers of others, and the record.
    pub(super) fn respond(&self, result: Result<Data, Refusal>, notes: Notes, started: Duration) -> RelayResponse {
        if let Err(refusal) = &result
            && refusal.denial == Some(Denial::NotOwned)
        {
            Work::pace(self, started);
        }
        let (response, refusal) = match result {
            Ok(data) => (RelayResponse::new(Ok(data)), None),
            Err(refusal) => (RelayResponse::new(Err(&refusal)), Some(refusal)),
        };
        self.record(refusal, response.status, notes, started);
        response
    }

    pub(super) fn record(&self, refusal: Option<Refusal>, http_status: u16, notes: Notes, started: Duration) {
        let Notes { session, cardholder_no, operation, subject, tap, place: _place } = notes;
        let record = AuditRecord {
            session,
            cardholder_no,
            operation,
            denial: refusal.as_ref().and_then(|refusal| refusal.denial),
            outcome: refusal.as_ref().map(|refusal| refusal.error.outcome()),
            error: refusal.map(|refusal| refusal.cause.unwrap_or(refusal.error)),
            subject,
            tap,
            http_status,
            duration: self.now().saturating_sub(started),
        };
        record.log();
        let Some(audit) = &self.audit else { return };
        if catch_unwind(AssertUnwindSafe(|| audit(&record))).is_err() {
            log::error!(target: "keysecure", "relay: the audit function panicked; the record above is lost to it");
        }
    }
}

fn too_large(field: &str, rule: &str, status: u16) -> Refusal {
    let refusal = Refusal::invalid(Error::invalid_input(field, rule)).with_status(status);
    Refusal { denial: Some(Denial::TooLarge), ..refusal }
}

fn too_many(text: &str, wait: Duration) -> Refusal {
    let error = Error::with_kind(ErrorKind::RateLimit, Outcome::NotSent, text).with_retry_after(Some(wait));
    Refusal { error, ..Refusal::denied(Denial::RateLimited, ErrorKind::RateLimit, text) }
}

/// A fault of this library, or of a store or transport of the merchant's: what it did is unknown.
pub(super) fn panicked() -> Refusal {
    let cause = Error::with_kind(ErrorKind::Api, Outcome::Unknown, "a panic ended the request");
    let error = Error::config("").with_outcome(Outcome::Unknown).for_app("");
    Refusal { denial: None, error, cause: Some(cause), status: Some(500), now: None }
}
