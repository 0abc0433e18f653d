//! Execution of a call: token, timestamp, attempts, retry decisions, and the record of mutations.

mod attempts;
#[cfg(feature = "platform")]
mod bare;
mod call;
mod caller;
mod credential;
mod dates;
mod envelope;
mod foreign;
mod lifetime;
mod limit;
pub(crate) mod operation;
mod outcome;
mod platform_clock;
mod recorded;
mod relayed;
mod retry;
mod server_time;
mod token;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::codec::Decode;
use crate::error::{Error, Interrupted};
use crate::observe::{AttemptRecord, CallRecord, Observer};
use crate::settings::{Environment, Settings};
use crate::store::{AttemptLog, Store};
use crate::transport::Transport;
use crate::values::instant;
use attempts::Success;
#[cfg(feature = "platform")]
pub(crate) use bare::{BareRequest, BareResponse};
pub(crate) use call::Call;
pub(crate) use caller::Caller;
pub(crate) use dates::Known;
pub(crate) use lifetime::ImplausibleLifetime;
use lifetime::TokenLifetime;
pub(crate) use limit::{Limit, StartBy, Stopwatch};
use operation::{Effect, Mode, Operation};
use platform_clock::PlatformClock;
pub(crate) use recorded::end_of;
use server_time::ServerTime;
pub(crate) use token::AccessTokenData;
use token::{CachedToken, SharedToken, Time, TokenCell};

/// The state of one client, shared by all its clones and threads.
pub(crate) struct Engine {
    pub settings: Settings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    observer: Option<Arc<dyn Observer>>,
    server_time: Arc<Mutex<ServerTime>>,
    tokens: TokenCell,
    /// A token that may have been refused, by a response that does not allow sending again. The next call does not use it.
    suspect_token: Mutex<Option<CachedToken>>,
    pub token_lifetime: TokenLifetime,
    /// The token shared by the fleet, if there is a store.
    shared_token: Option<SharedToken>,
    /// The record of attempts on merchant references, if there is a store.
    pub attempt_log: Option<AttemptLog>,
    /// The sums of a relay's limits, if there is a store.
    #[cfg(feature = "platform")]
    pub quota: Option<Arc<dyn crate::store::QuotaStore>>,
    closed: AtomicBool,
    /// The last date of which [`warn_of_end`](Self::warn_of_end) warned, in days since 1970.
    warned_day: AtomicI64,
}

impl Engine {
    /// Creates the engine of a client.
    pub(crate) fn new(
        settings: Settings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        observer: Option<Arc<dyn Observer>>,
        store: &Store,
    ) -> Self {
        let slot = settings.credentials().ok().map(|found| crate::store::slot(&settings.base_url, &found.api_key));
        let shared_token =
            store.token_store().zip(slot.clone()).map(|(store, slot)| SharedToken::new(store, slot, observer.clone()));
        let attempt_log =
            store.attempt_store().zip(slot).map(|(store, slot)| AttemptLog::new(store, slot, observer.clone()));
        Self {
            settings,
            transport,
            clock,
            observer,
            server_time: Arc::default(),
            tokens: TokenCell::default(),
            suspect_token: Mutex::default(),
            token_lifetime: TokenLifetime::default(),
            shared_token,
            attempt_log,
            #[cfg(feature = "platform")]
            quota: store.quota_store(),
            closed: AtomicBool::new(false),
            warned_day: AtomicI64::new(i64::MIN),
        }
    }

    /// Closes the client: drops its connections and refuses every later call.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.transport.close();
    }

    /// Makes a call: records it, sends it until there is a response, decodes the data and passes it to `accept`, whose
    /// error becomes the call's. `limit` may end the call before the client's timeout does.
    pub(crate) fn execute<T: Decode, U>(
        &self,
        call: &Call<'_>,
        limit: Limit,
        accept: impl FnOnce(T) -> Result<U, Error>,
    ) -> Result<U, Error> {
        let (started, mut attempts) = (self.now(), 0);
        let timeout = limit.timeout.unwrap_or(self.settings.timeout).saturating_sub(limit.waited);
        let own = started.saturating_add(timeout);
        let deadline = limit.until.map_or(own, |until| own.min(until));
        let mut recording = self
            .record(call, limit, deadline)
            .inspect_err(|error| self.report_call(call.operation, attempts, started, Some(error)))?;
        let call = &Call { start_by: limit.start_by.filter(|_| call.reference.is_some()), ..*call };
        // Checked here, because recording may take time in which the client is closed.
        let result = self
            .check_allowed(call.operation)
            .and_then(|()| self.attempt_loop(call, deadline, &mut attempts))
            .and_then(|success| {
                let Success { data, http_status, retry_after, mut record } = success;
                let result = data
                    .decode()
                    .and_then(accept)
                    .map_err(|error| error.with_status(http_status).with_retry_after(retry_after));
                if let Err(error) = &result {
                    record.fail(error);
                }
                self.report(&record);
                result.map_err(|error| error.in_call(call.operation.name, attempts))
            });
        self.report_call(call.operation, attempts, started, result.as_ref().err());
        recording.finish(&result);
        result
    }

    /// Refuses every call of a closed client, simulation in production, and what no relay serves.
    fn check_allowed(&self, operation: &Operation) -> Result<(), Error> {
        let refusal = if let Err(closed) = self.check_open() {
            closed
        } else if operation.mode == Mode::SandboxOnly && self.is_production() {
            Error::config("simulation is refused in production")
        } else if self.settings.is_relayed() && !operation.is_relayed() {
            // No earlier call with the same reference was sent either.
            Error::config("no relay serves this call: make it on the server, with the merchant's client")
                .about_reference()
        } else {
            return Ok(());
        };
        Err(refusal.in_call(operation.name, 0))
    }

    /// The monotonic clock.
    pub(crate) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// The platform's clock in Unix milliseconds: never ahead, slightly behind.
    pub(crate) fn server_now(&self) -> i64 {
        // The clock may be custom code: it is read before the lock is taken.
        let (device, now) = (instant::to_millis(self.clock.now()), self.now());
        self.server_time().now(device, now)
    }

    /// The platform's clock minus the device's, in milliseconds; `None` before the first response.
    pub(crate) fn clock_offset(&self) -> Option<i64> {
        let (device, now) = (instant::to_millis(self.clock.now()), self.now());
        let server_time = *self.server_time();
        server_time.is_known().then(|| server_time.now(device, now).saturating_sub(device))
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The platform's clock, for a verifier of webhooks. It stays in use when the client is closed.
    pub(crate) fn platform_clock(&self) -> Arc<dyn Clock> {
        Arc::new(PlatformClock { device: Arc::clone(&self.clock), learned: Arc::clone(&self.server_time) })
    }

    #[cfg(feature = "uniffi")]
    pub(crate) fn base_url(&self) -> &str {
        &self.settings.base_url
    }

    /// Whether nothing of a request can reach the platform after its exchange failed.
    pub(crate) fn aborts_on_failure(&self) -> bool {
        self.transport.aborts_on_failure()
    }

    pub(crate) fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        self.clock.sleep(duration)
    }

    /// A token other than `refused`: the cached one, else a new one, fetched by one thread while the others wait.
    fn token(&self, refused: Option<&CachedToken>, deadline: Duration) -> Result<CachedToken, Error> {
        let left = || deadline.saturating_sub(self.now());
        self.tokens.get(
            refused,
            &*self.clock,
            || self.server_now(),
            left(),
            || {
                let fetch = || {
                    let limit = Limit { until: Some(deadline), ..Limit::default() };
                    let fetched: AccessTokenData = self.execute(&Call::token(), limit, Ok)?;
                    self.token_lifetime.arrived(instant::to_millis(fetched.expires_at), self.server_now());
                    Ok(fetched)
                };
                let Some(shared) = &self.shared_token else { return fetch() };
                let time = Time { server_now: &|| self.server_now(), left: &left, sleep: &|pause| self.sleep(pause) };
                shared.get(refused.map(|refused| &**refused), &time, fetch)
            },
        )
    }

    /// Whether calls go to the production platform, regardless of the `environment` setting.
    pub(crate) fn is_production(&self) -> bool {
        let settings = &self.settings;
        settings.environment == Environment::Production
            || settings.base_url.to_ascii_lowercase().starts_with(Environment::Production.base_url())
    }

    fn suspect_token(&self) -> std::sync::MutexGuard<'_, Option<CachedToken>> {
        self.suspect_token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) { Err(Error::config("the client is closed")) } else { Ok(()) }
    }

    /// The cached token, or a new one if there is none.
    pub(crate) fn access_token(&self, limit: Limit) -> Result<CachedToken, Error> {
        self.check_open()?;
        self.settings.credentials()?;
        let deadline = self.now().saturating_add(self.settings.timeout.saturating_sub(limit.waited));
        self.token(None, deadline)
    }

    fn report(&self, record: &AttemptRecord) {
        record.log();
        if let Some(observer) = &self.observer {
            observer.attempt(record);
        }
    }

    fn report_call(&self, operation: &Operation, attempts: u32, started: Duration, error: Option<&Error>) {
        let is_mutation = operation.effect == Effect::Mutation;
        let record = CallRecord::new(operation.name, is_mutation, attempts, self.now().saturating_sub(started), error);
        record.log();
        if let Some(observer) = &self.observer {
            observer.call(&record);
        }
    }

    /// The model of the platform's clock. Its lock is held for a few instructions only, never during network access.
    fn server_time(&self) -> std::sync::MutexGuard<'_, ServerTime> {
        self.server_time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(formatter)
    }
}
