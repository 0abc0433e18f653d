//! Callbacks of the platform: verifying, typing, answering (platform documentation, callbacks).
//!
//! # What a valid signature proves
//!
//! It covers the timestamp and the top-level fields of `data`, joined as `key=value` with `&` and without escaping. It
//! does not cover `id` and `action`. So the verifier also refuses what could pass off signed text as something else: a
//! field or value that holds a piece like `&amount=`, data with fields of another action than the one named, and data with
//! a `timestamp` or `appId` that is not the header's or ours: it is signed in its place. `id` and
//! `action` themselves stay unproven; the replay guard therefore knows a callback by its signed content, not by its `id`.
//!
//! # Which canonical forms are tried
//!
//! The platform signs nested values as the Java library fastjson writes them again, so their key order, numbers and
//! escapes may differ from the bytes received. The verifier tries the few ways in which fastjson can write the same
//! value ([`CanonicalForm`]). That does not weaken the check: every form is one text that means the same data, made from
//! the data received, and an attacker who cannot make a signature for one text cannot make one for any of a handful.

mod canonical;
mod claim;
mod event;
mod handover;
mod headers;
mod purchase;
mod reply;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

pub use canonical::{CanonicalForm, KeyOrder, Writer};
pub use claim::Claim;
pub use event::{AuthEvent, CardUpdateEvent, ConsumptionEvent, Event};
pub use reply::{Decision, Responder, reply_accept, reply_decline, reply_duplicate};

use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Rejection};
use crate::secrets::Secret;
use crate::store::{OnStoreFailure, ReplayStore, StoreUnavailable};
use crate::values::{hex, instant};
use canonical::Callback;
use headers::Headers;
use purchase::{Origin, Purchase, Shared, warn};

/// How long the platform waits for the answer to an `Auth` callback.
const REPLY_DEADLINE: Duration = Duration::from_millis(800);
/// The largest body that is looked at, unless the verifier says otherwise.
const MAX_BODY: usize = 64 * 1024;
/// The largest body that a verifier may be set to look at.
const MAX_BODY_BYTES_LIMIT: usize = 1024 * 1024;

/// Verifies callbacks. It needs no client and is cheap to share among threads.
#[derive(Clone)]
pub struct WebhookVerifier {
    secrets: Vec<Secret>,
    /// `None`: the age is not looked at.
    tolerance: Option<Duration>,
    clock: Arc<dyn Clock>,
    max_body: usize,
    /// The app id and the replay guard.
    origin: Origin,
}

/// A callback whose signature is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedWebhook {
    /// The platform's id of the callback. It is not signed: do not build on it alone.
    pub id: String,
    /// What it says.
    pub event: Event,
    /// When the platform says that it sent it.
    pub sent_at: SystemTime,
    /// When it was verified.
    pub received_at: Instant,
    /// Which of the verifier's secrets signed it, counted from 0.
    pub secret_index: usize,
    /// Which canonical form was signed.
    pub form: CanonicalForm,
    origin: Origin,
}

impl VerifiedWebhook {
    /// When the answer to an `Auth` callback must have left, as far as this machine can tell.
    pub fn answer_before(&self) -> Instant {
        self.received_at + REPLY_DEADLINE
    }
}

/// A proof that a signature is valid, without a look at what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureMatch {
    /// Which of the verifier's secrets signed it, counted from 0.
    pub secret_index: usize,
    /// Which canonical form was signed.
    pub form: CanonicalForm,
}

impl WebhookVerifier {
    /// Verifies for `app_id`, which is the Api-Key, with one or more secrets, of which the current one is the apiSecret
    /// (both inferred). Several serve while a secret is replaced.
    pub fn new<S: Into<Secret>>(
        app_id: impl Into<String>,
        secrets: impl IntoIterator<Item = S>,
    ) -> Result<Self, Error> {
        let (app_id, secrets) = (app_id.into(), secrets.into_iter().map(Into::into).collect::<Vec<Secret>>());
        if app_id.is_empty() {
            return Err(Error::config("app_id must not be empty"));
        }
        if secrets.is_empty() || secrets.iter().any(|secret| secret.expose().is_empty()) {
            return Err(Error::config("secrets must hold at least one secret, and no empty one"));
        }
        let tolerance = Some(Duration::from_secs(300));
        let clock = Arc::new(SystemClock::new());
        let origin = Origin { app_id: app_id.into(), shared: None };
        Ok(Self { secrets, tolerance, clock, max_body: MAX_BODY, origin })
    }

    /// How far the timestamp may be from this machine's clock, either way. Default: 300 s. Zero means exact.
    #[must_use]
    pub fn tolerance(self, tolerance: Duration) -> Self {
        Self { tolerance: Some(tolerance), ..self }
    }

    /// Takes callbacks of any age, which lets old ones be played again. For looking at stored callbacks only.
    #[must_use]
    pub fn ignore_timestamp(self) -> Self {
        Self { tolerance: None, ..self }
    }

    /// Another source of time than the machine's.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The largest body to look at, in bytes. Default: 64 KiB, some sixty times what the platform sends; at most 1 MiB. What
    /// an unauthenticated sender can make this machine compute grows with it: some 10 ms for 64 KiB.
    #[must_use]
    pub fn max_body(self, bytes: usize) -> Self {
        Self { max_body: bytes.min(MAX_BODY_BYTES_LIMIT), ..self }
    }

    /// Rejects a callback that was accepted before. A [`Responder`] keeps its decisions in the same store.
    #[must_use]
    pub fn replay_guard(self, store: Arc<dyn ReplayStore>, when_unavailable: OnStoreFailure) -> Self {
        let shared = Some(Shared { store, when_unavailable });
        Self { origin: Origin { shared, ..self.origin }, ..self }
    }

    /// Verifies a callback and types what it says. Headers are found without regard to case; `body` is the raw body.
    ///
    /// Every hostile input is a [`Rejection`]; a valid signature on an unknown action or form is [`Event::Unknown`].
    pub fn verify<N, V>(&self, headers: impl IntoIterator<Item = (N, V)>, body: &[u8]) -> Result<VerifiedWebhook, Error>
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let since = Instant::now();
        let (headers, received) = self.receive(headers, body, since)?;
        self.guard(&headers, &received)?;
        Ok(received)
    }

    /// Verifies a callback as [`verify`](Self::verify) does and claims it, so that it is handled once however often it
    /// comes, and again when it could not be handled: see [`Claim`].
    ///
    /// What was handled before is [`Rejection::Replayed`]: answer it with [`reply_duplicate`]. What another worker handles at
    /// this moment is [`Rejection::InProgress`]: answer it with an error, so that it comes again. Without a replay guard
    /// every callback is new.
    pub fn claim<N, V>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
    ) -> Result<(VerifiedWebhook, Claim), Error>
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let since = Instant::now();
        let (headers, received) = self.receive(headers, body, since)?;
        let claim = self.hold(&headers, &received)?;
        Ok((received, claim))
    }

    /// The exact body to answer a callback with that was accepted before ([`Rejection::Replayed`]): a purchase gets its
    /// first reply again, everything else is accepted.
    ///
    /// The first reply is the one that a [`Responder`] keeps in the store of this verifier's replay guard; while it is
    /// being made, this waits for it, within the default budget of a `Responder`. A purchase without one is declined.
    pub fn reply_duplicate(&self, body: &[u8]) -> String {
        let since = Instant::now();
        match (&self.origin.shared, Self::parse_unverified(body)) {
            (Some(shared), Ok(Event::Auth { data })) => {
                Purchase::new(&self.origin.app_id, &data, since).reply_duplicate(shared)
            }
            _ => reply_duplicate(body),
        }
    }

    /// All of `verify` but the replay guard.
    fn receive<N, V>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
        since: Instant,
    ) -> Result<(Headers, VerifiedWebhook), Error>
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let received = Headers::of(headers).map_err(Error::from).and_then(|headers| {
            let received = self.typed(&headers, body)?;
            Ok((headers, received))
        });
        // Nothing in it can be believed.
        received.inspect_err(|error| warn_of(error, None, since))
    }

    fn typed(&self, headers: &Headers, body: &[u8]) -> Result<VerifiedWebhook, Error> {
        let callback = Callback::read(body, self.max_body)?;
        let verified = self.check(headers, &callback)?;
        if callback.has_foreign_fields() {
            return Err(Rejection::WrongAction.into());
        }
        Ok(VerifiedWebhook {
            event: Event::from_data(&callback.action, callback.data),
            id: callback.id.into_owned(),
            sent_at: instant::from_millis(headers.millis).ok_or(Rejection::BadTimestamp)?,
            received_at: Instant::now(),
            secret_index: verified.secret_index,
            form: verified.form,
            origin: self.origin.clone(),
        })
    }

    /// Verifies the signature and the age only: no look at the action, no typing, no replay guard.
    pub fn verify_signature<N, V>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
    ) -> Result<SignatureMatch, Error>
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let headers = Headers::of(headers)?;
        self.check(&headers, &Callback::read(body, self.max_body)?)
    }

    /// Types a callback **without verifying it**: for stored callbacks and tests. Anybody may have sent it.
    pub fn parse_unverified(body: &[u8]) -> Result<Event, Error> {
        let callback = Callback::read(body, MAX_BODY_BYTES_LIMIT)?;
        Ok(Event::from_data(&callback.action, callback.data))
    }

    /// The headers that the platform would send with this body, signed with the first secret: for tests.
    pub fn sign_for_tests(&self, timestamp: SystemTime, body: &[u8]) -> Result<Vec<(&'static str, String)>, Error> {
        let timestamp = instant::to_millis(timestamp).to_string();
        let callback = Callback::read(body, self.max_body)?;
        let text = callback.signed(&self.origin.app_id, &timestamp).text(CanonicalForm::RECEIVED).unwrap_or_default();
        let signature = self.secrets.first().map(|secret| hex::encode(&sign(secret, &text))).unwrap_or_default();
        Ok(vec![
            ("Timestamp", timestamp),
            ("Signature", signature),
            ("Sign-Version", "V1".to_owned()),
            ("Timezone", "UTC+8".to_owned()),
        ])
    }

    /// Age and signature.
    fn check(&self, headers: &Headers, callback: &Callback<'_>) -> Result<SignatureMatch, Error> {
        if let Some(tolerance) = self.tolerance {
            let tolerance = i64::try_from(tolerance.as_millis()).unwrap_or(i64::MAX);
            let age = instant::to_millis(self.clock.now()).saturating_sub(headers.millis);
            if age > tolerance {
                return Err(Rejection::TooOld.into());
            }
            if age < tolerance.saturating_neg() {
                return Err(Rejection::TooNew.into());
            }
        }
        if callback.contradicts(&self.origin.app_id, &headers.timestamp) {
            return Err(Rejection::Contradiction.into());
        }
        let signed = callback.signed(&self.origin.app_id, &headers.timestamp);
        let mut tried: Vec<String> = Vec::new();
        for form in CanonicalForm::ALL {
            let Some(text) = signed.text(form) else { continue };
            if tried.contains(&text) {
                continue;
            }
            for (place, secret) in self.secrets.iter().enumerate() {
                if bool::from(sign(secret, &text)[..].ct_eq(&headers.signature)) {
                    return Ok(SignatureMatch { secret_index: place, form });
                }
            }
            tried.push(text);
        }
        Err(Rejection::WrongSignature.into())
    }

    /// Refuses what came before. A replay is known by the signature of its content.
    fn guard(&self, headers: &Headers, received: &VerifiedWebhook) -> Result<(), Error> {
        let Some(Shared { store, when_unavailable }) = &self.origin.shared else { return Ok(()) };
        let refused = match store.insert(&headers.content(), "", self.keep()) {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => Rejection::Replayed,
            Err(StoreUnavailable) => return out_of_reach(*when_unavailable, received),
        };
        Err(refused_once_verified(refused, received))
    }

    /// Claims what is new.
    fn hold(&self, headers: &Headers, received: &VerifiedWebhook) -> Result<Claim, Error> {
        let Some(Shared { store, when_unavailable }) = &self.origin.shared else { return Ok(Claim::free()) };
        // A purchase is asked once: after 800 ms nobody waits for another answer.
        if received.event.is_purchase() {
            return self.guard(headers, received).map(|()| Claim::free());
        }
        match Claim::take(store, headers.content(), self.keep()) {
            Ok(claim) => claim.map_err(|refused| refused_once_verified(refused, received)),
            Err(StoreUnavailable) => out_of_reach(*when_unavailable, received).map(|()| Claim::free()),
        }
    }

    /// How long a callback is remembered: as long as the same timestamp would be let in, from the earliest to the latest
    /// clock.
    fn keep(&self) -> Duration {
        self.tolerance.map_or(Duration::from_secs(24 * 3600), |tolerance| {
            tolerance.saturating_mul(2).saturating_add(Duration::from_secs(1))
        })
    }
}

impl fmt::Debug for WebhookVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WebhookVerifier")
            .field("secrets", &self.secrets.len())
            .field("tolerance", &self.tolerance)
            .finish_non_exhaustive()
    }
}

/// A replay store that cannot be reached.
fn out_of_reach(when_unavailable: OnStoreFailure, received: &VerifiedWebhook) -> Result<(), Error> {
    match when_unavailable {
        OnStoreFailure::Accept => {
            let what = "a webhook is accepted although the replay store cannot be reached";
            warn(what, received.event.consume_no(), received.received_at);
            Ok(())
        }
        OnStoreFailure::Reject => Err(refused_once_verified(Rejection::ReplayStoreUnavailable, received)),
    }
}

fn refused_once_verified(rejection: Rejection, received: &VerifiedWebhook) -> Error {
    let error = Error::from(rejection);
    warn_of(&error, received.event.consume_no(), received.received_at);
    error
}

fn warn_of(error: &Error, consume_no: Option<&str>, since: Instant) {
    let reason = error.rejection().map_or("unknown", Rejection::name);
    warn(&format!("a webhook is rejected ({reason})"), consume_no, since);
}

fn sign(secret: &Secret, text: &str) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) {
        Ok(mac) => mac.chain_update(text.as_bytes()).finalize().into_bytes().into(),
        // HMAC takes keys of any length.
        Err(_) => [0; 32],
    }
}
