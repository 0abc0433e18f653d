//! How one call is carried out: token, timestamp, sending, reading the answer, and what to do when it fails.

mod answered;
mod caller;
mod envelope;
mod lifetime;
mod limit;
pub(crate) mod operation;
mod outcome;
mod recorded;
mod retry;
mod server_time;
mod token;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, MAX_DURATION};
use crate::codec::Decode;
use crate::error::Error;
use crate::error::Interrupted;
use crate::error::TransportFault;
use crate::observe::{AttemptRecord, CallRecord, Observer};
use crate::settings::{Environment, Settings};
use crate::store::{AttemptLog, Store};
use crate::transport::{Request, Response, Transport};
use crate::values::instant;
use answered::{Accept, Answered};
pub(crate) use caller::Caller;
use envelope::Envelope;
pub(crate) use lifetime::OddLifetime;
use lifetime::TokenLifetime;
pub(crate) use limit::{Limit, StartBy, Stopwatch};
use operation::{Auth, Mode, Operation};
pub(crate) use recorded::end_of;
use retry::{AttemptOutcome, RetryDecision, RetryState};
use server_time::ServerTime;
pub(crate) use token::AccessTokenData;
use token::{CachedToken, SharedToken, Time, TokenCell};

/// The most bytes that an answer may have.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// One client's machinery, shared by all its clones and threads.
pub(crate) struct Engine {
    pub settings: Settings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    observer: Option<Arc<dyn Observer>>,
    server_time: Mutex<ServerTime>,
    tokens: TokenCell,
    /// A token that may have been refused, by a response that does not allow sending again. The next call does not use it.
    doubted_token: Mutex<Option<CachedToken>>,
    pub token_lifetime: TokenLifetime,
    /// The fleet's token, when there is a store.
    shared_token: Option<SharedToken>,
    /// The record of attempts on merchant references, when there is a store.
    pub attempt_log: Option<AttemptLog>,
    closed: AtomicBool,
}

/// A call ready to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub operation: &'static Operation,
    /// The path behind `/open-api`, its variable filled in.
    pub path: &'a str,
    /// JSON; empty for GET.
    pub body: &'a [u8],
    /// Headers beside the standard ones.
    pub headers: &'a [(&'static str, &'a str)],
    /// The merchant reference of a mutation: `transfer_unique_no`, `card_unique_no` or `cardholder_unique_no`. `None`
    /// for every other call.
    pub reference: Option<&'a str>,
    /// A request whose first byte has not left by then is not sent.
    pub start_by: Option<StartBy>,
}

/// What became of one attempt, with the error to give if it was the last one.
struct Failure {
    happened: AttemptOutcome,
    error: Error,
    /// The server's clock in the answer, in Unix milliseconds.
    date: Option<i64>,
}

impl Engine {
    pub(crate) fn new(
        settings: Settings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        observer: Option<Arc<dyn Observer>>,
        store: &Store,
    ) -> Self {
        let slot = || crate::store::slot(&settings.base_url, &settings.api_key);
        let shared_token = store.token_store().map(|store| SharedToken::new(store, slot(), observer.clone()));
        let attempt_log = store.attempt_store().map(|store| AttemptLog::new(store, slot(), observer.clone()));
        Self {
            settings,
            transport,
            clock,
            observer,
            server_time: Mutex::default(),
            tokens: TokenCell::default(),
            doubted_token: Mutex::default(),
            token_lifetime: TokenLifetime::default(),
            shared_token,
            attempt_log,
            closed: AtomicBool::new(false),
        }
    }

    /// Ends the client: connections are dropped, and every later call is refused.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.transport.close();
    }

    /// Carries out a call, reads its `data` and hands it to `accept`, whose error becomes the call's. `limit` may end it
    /// before its own time-out does.
    pub(crate) fn run<T: Decode, U>(
        &self,
        call: &Call<'_>,
        limit: Limit,
        accept: impl Fn(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        let own = self.now().saturating_add(self.settings.timeout);
        let deadline = limit.until.map_or(own, |until| own.min(until));
        let mut recording = self.record(call, limit, deadline)?;
        let call = &Call { start_by: limit.start_by.filter(|_| call.reference.is_some()), ..*call };
        let result = self.run_until(call, deadline, accept);
        recording.finish(&result);
        result
    }

    /// The monotonic clock.
    pub(crate) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// The platform's clock in Unix milliseconds, at most a little late.
    pub(crate) fn server_now(&self) -> i64 {
        // The clock is foreign code: it is asked before the lock is taken.
        let (device, now) = (instant::to_millis(self.clock.now()), self.now());
        self.server_time().now(device, now)
    }

    /// The platform's clock less the device's, in milliseconds; `None` before the first answer.
    pub(crate) fn clock_offset(&self) -> Option<i64> {
        let (device, now) = (instant::to_millis(self.clock.now()), self.now());
        let server_time = *self.server_time();
        server_time.is_known().then(|| server_time.now(device, now).saturating_sub(device))
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Whether nothing of a request can reach the platform after its exchange failed.
    pub(crate) fn aborts_on_failure(&self) -> bool {
        self.transport.aborts_on_failure()
    }

    pub(crate) fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        self.clock.sleep(duration)
    }

    /// Only this much is made anew for each type of answer; all the rest is the same code for all of them.
    fn run_until<T: Decode, U>(
        &self,
        call: &Call<'_>,
        deadline: Duration,
        accept: impl Fn(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        let mut answered = Answered::new(accept);
        self.carry_out(call, deadline, &mut answered)?;
        answered.accepted().ok_or_else(|| Error::invalid_response("the answer was not read"))
    }

    fn carry_out(&self, call: &Call<'_>, deadline: Duration, answered: &mut dyn Accept) -> Result<(), Error> {
        let operation = call.operation;
        self.check_open().map_err(|error| error.in_call(operation.name, 0))?;
        if operation.mode == Mode::SandboxOnly && self.is_production() {
            return Err(Error::config("simulation is refused in production").in_call(operation.name, 0));
        }
        let started = self.now();
        let mut attempts = 0;
        let result = self.attempts(call, deadline, &mut attempts, answered);
        if let Some(observer) = &self.observer {
            observer.call(&CallRecord {
                operation: operation.name,
                attempts,
                duration: self.now().saturating_sub(started),
                kind: result.as_ref().err().map(Error::kind),
                code: result.as_ref().err().and_then(Error::code),
                outcome: result.as_ref().err().map(Error::outcome),
            });
        }
        result
    }

    /// Sends until there is an answer or a reason to stop.
    fn attempts(
        &self,
        call: &Call<'_>,
        deadline: Duration,
        attempts: &mut u32,
        answered: &mut dyn Accept,
    ) -> Result<(), Error> {
        let operation = call.operation;
        let url = format!("{}/open-api{}", self.settings.base_url, call.path);
        let mut state = RetryState {
            effect: operation.effect,
            has_token: operation.auth == Auth::Token,
            retries: 0,
            max_retries: self.settings.max_retries,
            clock_relearned: false,
            token_renewals: 0,
            store_unavailable: false,
        };
        let mut refused_token = self.doubted_token().clone();
        loop {
            let token = match operation.auth {
                Auth::Token => Some(self.token(refused_token.as_ref(), deadline).map_err(|error| {
                    error.while_fetching_token(operation.name, *attempts, state.token_renewals > 0)
                })?),
                Auth::ApiKey | Auth::Open => None,
            };
            *attempts += 1;
            let share = retry::share(deadline.saturating_sub(self.now()), state);
            let Err(failure) = self.attempt(call, &url, token.as_ref(), share, *attempts, answered) else {
                return Ok(());
            };
            let error = failure.error.in_call(operation.name, *attempts);
            // It waits only after an attempt that did nothing.
            let ended = |interrupted| Error::from(interrupted).in_call(operation.name, *attempts);
            if call.start_by.is_some_and(|start_by| start_by.left().is_none()) {
                return Err(error);
            }
            state.store_unavailable = self.shared_token.as_ref().is_some_and(SharedToken::is_down);
            match retry::next(failure.happened, state) {
                RetryDecision::RelearnClock => {
                    state.clock_relearned = true;
                    if let Some(date) = failure.date {
                        let now = self.now();
                        self.server_time().relearn(date, now);
                    }
                }
                RetryDecision::RenewToken => {
                    // Workers that void each other's tokens take turns, for a second at most: longer waits would make
                    // no more room, only fewer tries. When another thread's turn brings a token, it is for all.
                    if let Some(refused) = token.as_ref().filter(|_| state.store_unavailable) {
                        let left = deadline.saturating_sub(self.now());
                        let wait = retry::back_off(state.token_renewals.min(1), random(), None, left);
                        if wait >= left {
                            return Err(error);
                        }
                        self.tokens.await_another(refused, &*self.clock, wait).map_err(ended)?;
                    }
                    state.token_renewals += 1;
                    refused_token = token;
                }
                RetryDecision::BackOff => {
                    let left = deadline.saturating_sub(self.now());
                    let wait = retry::back_off(state.retries, random(), error.retry_after(), left);
                    state.retries += 1;
                    if wait >= left {
                        return Err(error);
                    }
                    self.clock.sleep(wait).map_err(ended)?;
                }
                RetryDecision::Fail => {
                    if let AttemptOutcome::MalformedResponse { http_status: 401 } = failure.happened {
                        *self.doubted_token() = token;
                    }
                    return Err(error);
                }
            }
            if self.now() >= deadline || self.closed.load(Ordering::Acquire) {
                return Err(error);
            }
        }
    }

    /// Sends once.
    fn attempt(
        &self,
        call: &Call<'_>,
        url: &str,
        token: Option<&CachedToken>,
        timeout: Duration,
        attempt: u32,
        answered: &mut dyn Accept,
    ) -> Result<(), Failure> {
        let started = self.now();
        let device = instant::to_millis(self.clock.now());
        let stamp = self.server_time().stamp(device, started).to_string();
        let mut headers: Vec<(&'static str, &str)> = Vec::with_capacity(8);
        headers.push(("Content-Type", "application/json"));
        headers.push(("Accept", "application/json"));
        headers.push(("Language", self.settings.language.as_str()));
        if call.operation.auth != Auth::Open {
            headers.push(("Api-Key", self.settings.api_key.expose()));
            headers.push(("Timestamp", &stamp));
        }
        if let Some(token) = token {
            headers.push(("Access-Token", token.secret.expose()));
        }
        if call.operation.window {
            headers.push(("Timezone", &self.settings.timezone_text));
        }
        headers.extend_from_slice(call.headers);
        // The last look before the request is handed over, for a transport that does not look itself.
        let start_within = match call.start_by.map(|start_by| start_by.left()) {
            left if timeout.is_zero() || left == Some(None) => {
                // No time may mean no limit to a transport, and another worker may have given this request up.
                return Err(Failure { happened: AttemptOutcome::TooLate, error: Error::too_late(), date: None });
            }
            left => left.flatten(),
        };
        let sent = self.transport.send(&Request {
            method: call.operation.method,
            url,
            headers: &headers,
            body: call.body,
            timeout,
            connect_timeout: self.settings.connect_timeout.min(timeout),
            start_within,
            max_response_bytes: MAX_ANSWER,
        });
        let arrived = self.now();
        let http_status = sent.as_ref().ok().map(|answer| answer.status);
        let result = match sent {
            Ok(mut answer) => {
                let result = self.read_answer(&answer, arrived, answered);
                // An emptied body is wiped as one block when it is dropped, a full one byte by byte.
                answer.body.clear();
                result
            }
            Err(error) => Err(Failure {
                happened: match error.fault {
                    TransportFault::TooLarge | TransportFault::Protocol => AttemptOutcome::Unreadable,
                    TransportFault::Interrupted => AttemptOutcome::Interrupted,
                    _ => AttemptOutcome::NoResponse { sent: error.may_have_been_sent },
                },
                error: Error::transport(error),
                date: None,
            }),
        };
        self.report(&AttemptRecord {
            operation: call.operation.name,
            attempt,
            duration: arrived.saturating_sub(started),
            http_status,
            code: result.as_ref().map_or_else(|failure| failure.error.code(), |()| Some(0)),
            outcome: result.as_ref().err().map(|failure| failure.error.outcome()),
        });
        result
    }

    /// Reads an answer, and the server's clock beside it.
    fn read_answer(&self, answer: &Response, arrived: Duration, answered: &mut dyn Accept) -> Result<(), Failure> {
        let date = answer.date.as_deref().and_then(|date| httpdate::parse_http_date(date).ok()).map(instant::to_millis);
        if let Some(date) = date {
            self.server_time().observe(date, arrived);
        }
        let status = answer.status;
        let retry_after = answer.retry_after.as_deref().and_then(|text| self.retry_after(text));
        let (happened, error) = match envelope::read(status, &answer.body, answered) {
            Ok(Envelope::Data) => match answered.accept() {
                Ok(()) => return Ok(()),
                Err(error) => (AttemptOutcome::Unacceptable, error),
            },
            Ok(Envelope::Refused { code, msg }) => outcome::refusal(code, &msg, status),
            Err(unreadable) => outcome::for_unreadable(unreadable, status),
        };
        Err(Failure { happened, error: error.with_status(status).with_retry_after(retry_after), date })
    }

    /// A token that was not refused yet: the one in use, else a new one, fetched by one thread while the others wait.
    fn token(&self, refused: Option<&CachedToken>, deadline: Duration) -> Result<CachedToken, Error> {
        let left = || deadline.saturating_sub(self.now());
        self.tokens.get(
            refused,
            &*self.clock,
            || self.server_now(),
            left(),
            || {
                let fetch = || {
                    let fetched: AccessTokenData = self.run_until(&Call::token(), deadline, Ok)?;
                    self.token_lifetime.arrived(instant::to_millis(fetched.expires_at), self.server_now());
                    Ok(fetched)
                };
                let Some(shared) = &self.shared_token else { return fetch() };
                let time = Time { server_now: &|| self.server_now(), left: &left, sleep: &|pause| self.sleep(pause) };
                shared.get(refused.map(|refused| &**refused), &time, fetch)
            },
        )
    }

    /// Whether calls go to the production platform, whatever the setting says.
    fn is_production(&self) -> bool {
        let settings = &self.settings;
        settings.environment == Environment::Production
            || settings.base_url.to_ascii_lowercase().starts_with(Environment::Production.base_url())
    }

    fn doubted_token(&self) -> std::sync::MutexGuard<'_, Option<CachedToken>> {
        self.doubted_token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) { Err(Error::config("the client is closed")) } else { Ok(()) }
    }

    /// The token in use; fetched only when there is none.
    pub(crate) fn access_token(&self) -> Result<CachedToken, Error> {
        self.check_open()?;
        let deadline = self.now().saturating_add(self.settings.timeout);
        self.token(None, deadline)
    }

    /// `Retry-After` in either of its forms.
    fn retry_after(&self, text: &str) -> Option<Duration> {
        let wait = if let Ok(seconds) = text.trim().parse() {
            Duration::from_secs(seconds)
        } else {
            let until = instant::to_millis(httpdate::parse_http_date(text).ok()?);
            Duration::from_millis(u64::try_from(until.saturating_sub(self.server_now())).unwrap_or(0))
        };
        Some(wait.min(MAX_DURATION))
    }

    fn report(&self, record: &AttemptRecord) {
        log::debug!(target: "keysecure", "{record}");
        if let Some(observer) = &self.observer {
            observer.attempt(record);
        }
    }

    /// The lock is held for a few instructions only, never over the network.
    fn server_time(&self) -> std::sync::MutexGuard<'_, ServerTime> {
        self.server_time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Call<'a> {
    /// A call without extra headers that carries no merchant reference.
    pub(crate) fn new(operation: &'static Operation, path: &'a str, body: &'a [u8]) -> Self {
        Self { operation, path, body, headers: &[], reference: None, start_by: None }
    }
}

impl Call<'static> {
    fn token() -> Self {
        Self::new(operation::TOKEN, operation::TOKEN.path, &[])
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(formatter)
    }
}

/// A random number for jitter; without a source of randomness the longest wait is the right one.
fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX)
}
