//! The attempt loop: sends a request until there is a response or a reason to stop.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::credential::Credential;
use super::envelope::{self, Data, Envelope, Head};
use super::operation::{Auth, Effect};
use super::relayed;
use super::retry::{self, AttemptOutcome, RetryDecision, RetryState};
use super::token::SharedToken;
use super::{Call, Engine, outcome};
use crate::clock::MAX_DURATION;
use crate::error::{Error, Outcome, TransportFault};
use crate::observe::AttemptRecord;
use crate::settings::Access;
use crate::transport::{Method, Request, Response};
use crate::values::instant;

/// Maximum size of a response body.
const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

/// The likely cause when the platform refuses a token that was fetched for the call.
const TOKEN_CONTENTION: &str = "the token that replaced it was refused as well: probably another process fetched one, which \
    invalidates all earlier ones; give all processes that use this Api-Key the same store";

/// A successful response, not decoded yet.
pub(super) struct Success {
    pub data: Data,
    pub http_status: u16,
    pub retry_after: Option<Duration>,
    /// The attempt record, reported to the observer once the data is decoded.
    pub record: AttemptRecord,
}

/// An attempt that failed, with the error to return if it was the last one.
struct Failure {
    outcome: AttemptOutcome,
    error: Error,
    /// The server's clock in the response, in Unix milliseconds.
    date: Option<i64>,
}

impl Engine {
    /// Sends until there is a successful response or a reason to stop.
    pub(super) fn attempt_loop(
        &self,
        call: &Call<'_>,
        deadline: Duration,
        attempts: &mut u32,
    ) -> Result<Success, Error> {
        let operation = call.operation;
        let is_relayed = self.settings.is_relayed();
        let url = if is_relayed {
            format!("{}/v1/{}", self.settings.base_url, operation.name)
        } else {
            format!("{}/open-api{}", self.settings.base_url, call.path)
        };
        let repeat_key = self.repeat_key(call)?;
        let repeat_key = repeat_key.as_ref().map(|(header, key)| (*header, &**key));
        let mut state = RetryState {
            effect: if operation.is_repeatable() { Effect::Read } else { Effect::Mutation },
            has_token: operation.auth == Auth::Token,
            retries: 0,
            max_retries: self.settings.max_retries,
            clock_relearned: false,
            token_renewals: 0,
            store_unavailable: false,
        };
        let mut refused_token = self.suspect_token().clone();
        // Whether the outcome of an earlier attempt is unknown.
        let mut uncertain = false;
        loop {
            let ended = |error| after_attempts(error, operation.effect, uncertain);
            let credential = self
                .credential(operation, refused_token.as_ref(), state.token_renewals > 0, *attempts, deadline)
                .map_err(ended)?;
            if operation.effect == Effect::Mutation {
                // A store may have been interrupted: what it raised must not hide a change that is sent all the same.
                self.clock
                    .between_waits()
                    .map_err(|interrupted| ended(Error::from(interrupted).in_call(operation.name, *attempts)))?;
            }
            *attempts += 1;
            let share = retry::share(deadline.saturating_sub(self.now()), state);
            let failure = match self.attempt(call, &url, &credential, repeat_key, share, *attempts) {
                Ok(success) => return Ok(success),
                Err(failure) => failure,
            };
            let mut error = ended(failure.error.in_call(operation.name, *attempts));
            uncertain |= error.outcome() == Outcome::Unknown;
            if !is_relayed
                && state.token_renewals > 0
                && matches!(failure.outcome, AttemptOutcome::Refused(1007) | AttemptOutcome::Unauthorized)
            {
                error = error.with_hint(TOKEN_CONTENTION);
            }
            let interrupted = |interrupted| {
                after_attempts(Error::from(interrupted).in_call(operation.name, *attempts), operation.effect, uncertain)
            };
            if call.start_by.is_some_and(|start_by| start_by.left().is_none()) {
                return Err(error);
            }
            state.store_unavailable = self.shared_token.as_ref().is_some_and(SharedToken::is_down);
            match retry::decide(failure.outcome, state) {
                RetryDecision::RelearnClock => {
                    state.clock_relearned = true;
                    if let Some(date) = failure.date {
                        let (device, now) = (instant::to_millis(self.clock.now()), self.now());
                        self.server_time().relearn(date, device, now);
                    }
                }
                RetryDecision::RenewToken => {
                    // Workers that invalidate each other's tokens take turns, for a second at most: longer waits would
                    // leave time for fewer attempts. A token that another thread fetches meanwhile is for all threads.
                    if let Some(refused) = credential.token().filter(|_| state.store_unavailable) {
                        let left = deadline.saturating_sub(self.now());
                        let wait = retry::back_off(state.token_renewals.min(1), random(), None, left);
                        if wait >= left {
                            return Err(error);
                        }
                        self.tokens.wait_for_replacement(refused, &*self.clock, wait).map_err(interrupted)?;
                    }
                    state.token_renewals += 1;
                    refused_token = credential.token().cloned();
                }
                RetryDecision::BackOff => {
                    let left = deadline.saturating_sub(self.now());
                    let wait = retry::back_off(state.retries, random(), error.retry_after(), left);
                    state.retries += 1;
                    if wait >= left {
                        return Err(error);
                    }
                    self.clock.sleep(wait).map_err(interrupted)?;
                }
                RetryDecision::Fail => {
                    if let AttemptOutcome::MalformedResponse { http_status: 401 } = failure.outcome {
                        *self.suspect_token() = credential.token().cloned();
                    }
                    return Err(error);
                }
            }
            if self.now() >= deadline || self.closed.load(Ordering::Acquire) {
                return Err(error);
            }
        }
    }

    /// Makes one attempt: sends the request and reads the envelope of the response.
    fn attempt(
        &self,
        call: &Call<'_>,
        url: &str,
        credential: &Credential,
        repeat_key: Option<(&'static str, &str)>,
        timeout: Duration,
        attempt: u32,
    ) -> Result<Success, Failure> {
        let started = self.now();
        let device = instant::to_millis(self.clock.now());
        let stamp = self.server_time().stamp(device, started).to_string();
        let mut headers: Vec<(&'static str, &str)> = Vec::with_capacity(8);
        headers.push(("Content-Type", "application/json"));
        headers.push(("Accept", "application/json"));
        headers.push(("Language", self.settings.language.as_str()));
        if let (Auth::Token | Auth::ApiKey, Access::Direct(credentials)) = (call.operation.auth, &self.settings.access)
        {
            headers.push(("Api-Key", credentials.api_key.expose()));
            headers.push(("Timestamp", &stamp));
        }
        headers.extend(credential.header());
        headers.extend(repeat_key);
        let expiry = self.expiry(call, started, timeout);
        headers.extend(expiry.as_deref().map(|at| ("Expires-At", at)));
        if call.operation.window {
            headers.push(("Timezone", &self.settings.timezone_text));
        }
        headers.extend_from_slice(call.headers);
        // The last check before the request is passed on, for transports that do not check it themselves.
        let start_within = match call.start_by.map(|start_by| start_by.left()) {
            left if timeout.is_zero() || left == Some(None) => {
                // No time may mean no limit to a transport, and another worker may have taken over this request.
                return Err(Failure { outcome: AttemptOutcome::TooLate, error: Error::too_late(), date: None });
            }
            left => left.flatten(),
        };
        let sent = self.transport.send(&Request {
            // A relay takes every argument in the body.
            method: if self.settings.is_relayed() { Method::Post } else { call.operation.method },
            url,
            headers: &headers,
            body: call.body,
            timeout,
            connect_timeout: self.settings.connect_timeout.min(timeout),
            start_within,
            max_response_bytes: MAX_RESPONSE_BYTES,
        });
        let arrived = self.now();
        let mut record = AttemptRecord {
            operation: call.operation.name,
            attempt,
            duration: arrived.saturating_sub(started),
            http_status: sent.as_ref().ok().map(|response| response.status),
            code: Some(0),
            outcome: None,
        };
        let failure = match sent {
            Ok(response) => match self.read_response(response, arrived) {
                Ok((data, http_status, retry_after)) => {
                    return Ok(Success { data, http_status, retry_after, record });
                }
                Err(failure) => failure,
            },
            Err(error) => Failure {
                outcome: match error.fault {
                    TransportFault::TooLarge | TransportFault::Protocol => AttemptOutcome::Unreadable,
                    TransportFault::Interrupted => AttemptOutcome::Interrupted,
                    _ => AttemptOutcome::NoResponse { sent: error.may_have_been_sent },
                },
                error: Error::transport(error, Some(&self.settings.peer))
                    .for_read(call.operation.effect == Effect::Read),
                date: None,
            },
        };
        record.fail(&failure.error);
        self.report(&record);
        Err(failure)
    }

    /// Reads the envelope of a response, and the server's clock in its headers.
    fn read_response(&self, response: Response, arrived: Duration) -> Result<(Data, u16, Option<Duration>), Failure> {
        let server_date =
            response.date.as_deref().and_then(|date| httpdate::parse_http_date(date).ok()).map(instant::to_millis);
        if let Some(date) = server_date {
            let device = instant::to_millis(self.clock.now());
            self.server_time().observe(date, device, arrived);
        }
        let status = response.status;
        let retry_after = response.retry_after.as_deref().and_then(|text| self.retry_after(text));
        let head =
            Head { status, content_type: response.content_type.as_deref(), location: response.location.as_deref() };
        let mut clock = server_date;
        let (outcome, error) = match (envelope::read(head, response.body), self.settings.is_relayed()) {
            (Ok(Envelope::Success(data)), _) => return Ok((data, status, retry_after)),
            (Ok(Envelope::Refused { others, .. }), true) => {
                clock = relayed::clock(&others).or(clock);
                relayed::refusal(&others, status)
            }
            (Ok(Envelope::Refused { code, msg, .. }), false) => outcome::refusal(code, &msg, status),
            (Err(unreadable), true) => relayed::for_unreadable(unreadable, status),
            (Err(unreadable), false) => outcome::for_unreadable(unreadable, status),
        };
        let retry_after = retry_after.or(error.retry_after());
        Err(Failure { outcome, error: error.with_status(status).with_retry_after(retry_after), date: clock })
    }

    /// Reads `Retry-After` in either of its forms.
    fn retry_after(&self, text: &str) -> Option<Duration> {
        let wait = if let Ok(seconds) = text.trim().parse() {
            Duration::from_secs(seconds)
        } else {
            let until = instant::to_millis(httpdate::parse_http_date(text).ok()?);
            Duration::from_millis(u64::try_from(until.saturating_sub(self.server_now())).unwrap_or(0))
        };
        Some(wait.min(MAX_DURATION))
    }
}

/// A random number for jitter. Without a source of randomness, the maximum: the longest wait.
fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX)
}

/// The error that ends a call. If the outcome of an earlier attempt is unknown, no refusal excludes that a mutation was carried
/// out, and no call is `not_sent`.
fn after_attempts(error: Error, effect: Effect, uncertain: bool) -> Error {
    if uncertain && (effect == Effect::Mutation || error.outcome() == Outcome::NotSent) {
        error.with_outcome(Outcome::Unknown)
    } else {
        error
    }
}
