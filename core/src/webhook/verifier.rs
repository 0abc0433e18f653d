//! The verifier: signature, timestamp, replay guard and claims.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use subtle::ConstantTimeEq;

use super::age::Age;
use super::canonical::{CanonicalForm, Envelope};
use super::claim::Claim;
use super::event::Event;
use super::headers::Headers;
use super::purchase::{Origin, Purchase, Shared};
use super::reply::reply_duplicate;
use super::subject::Subject;
use super::{SignatureMatch, VerifiedWebhook};
use crate::clock::{Clock, SystemClock};
use crate::crypto::Signer;
use crate::error::{Error, Rejection};
use crate::secrets::Secret;
use crate::settings::{check_app_id, check_no_stray_characters};
use crate::store::{OnStoreFailure, ReplayStore, StoreUnavailable};
use crate::values::{hex, instant};

/// Default of the largest accepted body, in bytes.
const DEFAULT_MAX_BODY_BYTES: usize = 64 * 1024;
/// Upper limit of the largest accepted body, in bytes.
const MAX_BODY_BYTES_LIMIT: usize = 1024 * 1024;

/// Verifies webhooks. It needs no client; clones are cheap and share the replay store.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::time::SystemTime;
///
/// use keysecure::{Event, MemoryReplayStore, OnStoreFailure, Rejection, WebhookVerifier};
///
/// let verifier = WebhookVerifier::new("my-api-key", ["my-api-secret"])?
///     .replay_guard(Arc::new(MemoryReplayStore::default()), OnStoreFailure::Reject);
///
/// // In a receiver, headers and body come from the request.
/// let body = br#"{"id":"1","action":"Card_update","data":{"card_no":"42","after_status":"Frozen"}}"#;
/// let headers = verifier.sign_for_tests(SystemTime::now(), body)?;
///
/// let webhook = verifier.verify(headers.clone(), body)?;
/// assert!(matches!(webhook.event, Event::CardUpdate { .. }));
///
/// let error = verifier.verify(headers, body).unwrap_err();
/// assert_eq!(error.rejection(), Some(Rejection::Replayed));
/// # Ok::<(), keysecure::Error>(())
/// ```
#[derive(Clone)]
pub struct WebhookVerifier {
    signer: Signer,
    secrets: Vec<Secret>,
    /// `None`: the timestamp is ignored.
    tolerance: Option<Duration>,
    clock: Arc<dyn Clock>,
    max_body: usize,
    origin: Origin,
}

impl WebhookVerifier {
    /// Creates a verifier for an app id with one or more secrets.
    ///
    /// The app id is the Api-Key and the current secret is the apiSecret (both inferred; if the merchant console shows an
    /// App ID, use that). Give the previous secret too while a secret is being replaced.
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config) if the app id is empty, if there is no secret or an empty one, or if one of them
    /// has line ends, other control characters, spaces at the ends or a byte order mark.
    pub fn new<S: Into<Secret>>(
        app_id: impl Into<String>,
        secrets: impl IntoIterator<Item = S>,
    ) -> Result<Self, Error> {
        let app_id = app_id.into();
        check_app_id(&app_id)?;
        Self::with(Signer::new()?, app_id, Vec::new()).secrets(secrets)
    }

    /// Sets the secrets instead of the present ones, for a client's
    /// [`webhook_verifier`](crate::Client::webhook_verifier) while a secret is being replaced.
    ///
    /// # Errors
    ///
    /// Kind [`Config`](crate::ErrorKind::Config), as for [`new`](Self::new).
    pub fn secrets<S: Into<Secret>>(self, secrets: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let secrets = secrets.into_iter().map(Into::into).collect::<Vec<Secret>>();
        if secrets.is_empty() || secrets.iter().any(|secret| secret.expose().is_empty()) {
            return Err(Error::config("secrets must hold at least one secret, and no empty one"));
        }
        secrets.iter().try_for_each(|secret| check_no_stray_characters("secrets", secret.expose()))?;
        Ok(Self { secrets, ..self })
    }

    /// Creates a verifier with the credentials of a client, which are never empty.
    pub(crate) fn for_merchant(signer: Signer, app_id: &str, api_secret: &Secret) -> Self {
        Self::with(signer, app_id.to_owned(), vec![api_secret.clone()])
    }

    fn with(signer: Signer, app_id: String, secrets: Vec<Secret>) -> Self {
        Self {
            signer,
            secrets,
            tolerance: Some(Duration::from_secs(300)),
            clock: Arc::new(SystemClock::new()),
            max_body: DEFAULT_MAX_BODY_BYTES,
            origin: Origin { app_id: app_id.into(), shared: None, store_time: Duration::ZERO },
        }
    }

    /// Sets how far the timestamp may differ from the clock, in either direction. Default: 300 s.
    #[must_use]
    pub fn tolerance(self, tolerance: Duration) -> Self {
        Self { tolerance: Some(tolerance), ..self }
    }

    /// Accepts webhooks of any age. For stored webhooks only: anyone who has one can send it again.
    #[must_use]
    pub fn ignore_timestamp(self) -> Self {
        Self { tolerance: None, ..self }
    }

    /// Sets a clock to use instead of the machine's: a client's [`platform_clock`](crate::Client::platform_clock), or one for
    /// tests.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Sets the largest accepted body, in bytes. Default: 64 KiB, about sixty times the size of a webhook; maximum: 1 MiB.
    ///
    /// The work that an unauthenticated sender can cause grows with it: about 10 ms for 64 KiB.
    #[must_use]
    pub fn max_body(self, bytes: usize) -> Self {
        Self { max_body: bytes.min(MAX_BODY_BYTES_LIMIT), ..self }
    }

    /// Rejects webhooks that were accepted before. `on_store_failure` applies when the store is unavailable.
    ///
    /// Share the store among all workers. A [`Responder`](crate::Responder) keeps its decisions in it.
    #[must_use]
    pub fn replay_guard(self, store: Arc<dyn ReplayStore>, on_store_failure: OnStoreFailure) -> Self {
        let shared = Some(Shared { store, on_store_failure });
        Self { origin: Origin { shared, ..self.origin }, ..self }
    }

    /// Verifies a webhook and returns its event.
    ///
    /// `headers` are all headers of the request, in any letter case; `body` is the raw body. With a replay guard the webhook is
    /// remembered as accepted **before** it is handled: use [`claim`](Self::claim) if handling can fail. A valid signature on
    /// an action or form that this version does not know returns [`Event::Unknown`].
    ///
    /// # Errors
    ///
    /// Kind [`Webhook`](crate::ErrorKind::Webhook); [`Error::rejection`] returns the [`Rejection`]. Reply with HTTP status 400,
    /// except to [`Rejection::Replayed`]: reply with [`reply_duplicate`](Self::reply_duplicate).
    pub fn verify<N, V>(&self, headers: impl IntoIterator<Item = (N, V)>, body: &[u8]) -> Result<VerifiedWebhook, Error>
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let since = Instant::now();
        let (headers, mut received) = self.receive(headers, body, since)?;
        self.guard(&headers, &mut received)?;
        Ok(received)
    }

    /// Verifies a webhook as [`verify`](Self::verify) does and claims it for handling. See [`Claim`] for an example.
    ///
    /// The webhook is remembered when the claim is finished, and new again when the claim is dropped unfinished. Without a
    /// replay guard every webhook is new.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), and [`Rejection::InProgress`] if another worker is handling the webhook: reply with an error
    /// status, so that the platform sends it again.
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
        let (headers, mut received) = self.receive(headers, body, since)?;
        let claim = self.claim_new(&headers, &mut received)?;
        Ok((received, claim))
    }

    /// Returns the reply body for a webhook that was accepted before ([`Rejection::Replayed`]).
    ///
    /// A purchase gets its first reply again, which a [`Responder`](crate::Responder) keeps in the store of the replay guard. While the decision
    /// is in progress this waits for it, at most the default budget of a `Responder` (600 ms). A purchase without a reply is
    /// declined. Every other webhook is accepted again.
    pub fn reply_duplicate(&self, body: &[u8]) -> String {
        let since = Instant::now();
        match (&self.origin.shared, Self::parse_unverified(body)) {
            (Some(shared), Ok(Event::Auth { data })) => {
                Purchase::new(&self.origin.app_id, &data, since).reply_duplicate(shared)
            }
            _ => reply_duplicate(body),
        }
    }

    /// Verifies a webhook as `verify` does, but without the replay guard.
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
        self.signer.is_present();
        let received = Headers::from_pairs(headers).map_err(Error::from).and_then(|headers| {
            let received = self.typed(&headers, body)?;
            Ok((headers, received))
        });
        // The number of the purchase is not logged: the body is not verified.
        received.inspect_err(|error| log_rejection(error, &Subject { action: None, consume_no: None, since }))
    }

    fn typed(&self, headers: &Headers, body: &[u8]) -> Result<VerifiedWebhook, Error> {
        let envelope = Envelope::read(body, self.max_body)?;
        let verified = self.check(headers, &envelope)?;
        if envelope.has_foreign_fields() {
            return Err(Rejection::WrongAction.into());
        }
        Ok(VerifiedWebhook {
            event: Event::from_data(&envelope.action, envelope.data),
            id: envelope.id.into_owned(),
            sent_at: instant::from_millis(headers.millis).ok_or(Rejection::BadTimestamp)?,
            received_at: Instant::now(),
            secret_index: verified.secret_index,
            form: verified.form,
            age: self.tolerance.map(|_| self.age(headers)),
            origin: self.origin.clone(),
        })
    }

    /// Verifies the signature and the timestamp only, without decoding the event and without the replay guard.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub fn verify_signature<N, V>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
    ) -> Result<SignatureMatch, Error>
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        let since = Instant::now();
        let matched = Headers::from_pairs(headers)
            .map_err(Error::from)
            .and_then(|headers| self.check(&headers, &Envelope::read(body, self.max_body)?));
        matched.inspect_err(|error| log_rejection(error, &Subject { action: None, consume_no: None, since }))
    }

    /// Decodes the event of a webhook **without verifying it**, for stored webhooks and tests. Anyone may have sent it.
    ///
    /// # Errors
    ///
    /// Kind [`Webhook`](crate::ErrorKind::Webhook) if the body does not have the form of a webhook.
    pub fn parse_unverified(body: &[u8]) -> Result<Event, Error> {
        let envelope = Envelope::read(body, MAX_BODY_BYTES_LIMIT)?;
        Ok(Event::from_data(&envelope.action, envelope.data))
    }

    /// Returns the headers that the platform would send with this body, signed with the first secret, for tests.
    ///
    /// # Errors
    ///
    /// Kind [`Webhook`](crate::ErrorKind::Webhook) if the body does not have the form of a webhook.
    pub fn sign_for_tests(&self, timestamp: SystemTime, body: &[u8]) -> Result<Vec<(&'static str, String)>, Error> {
        let timestamp = instant::to_millis(timestamp).to_string();
        let envelope = Envelope::read(body, self.max_body)?;
        let text = envelope.signed(&self.origin.app_id, &timestamp).text(CanonicalForm::RECEIVED).unwrap_or_default();
        let signature =
            self.secrets.first().map(|secret| hex::encode(&self.signer.sign(secret, &text))).unwrap_or_default();
        Ok(vec![
            ("Timestamp", timestamp),
            ("Signature", signature),
            ("Sign-Version", "V1".to_owned()),
            ("Timezone", "UTC+8".to_owned()),
        ])
    }

    /// The time since the webhook was signed.
    fn age(&self, headers: &Headers) -> Age {
        // First: what is learned after that makes the time better, not worse.
        let by_platform = self.clock.follows_platform();
        Age { millis: instant::to_millis(self.clock.now()).saturating_sub(headers.millis), by_platform }
    }

    /// Checks the timestamp and the signature.
    fn check(&self, headers: &Headers, envelope: &Envelope<'_>) -> Result<SignatureMatch, Error> {
        if let Some(tolerance) = self.tolerance {
            let tolerance = i64::try_from(tolerance.as_millis()).unwrap_or(i64::MAX);
            let age = self.age(headers).millis;
            if age > tolerance {
                return Err(Error::webhook_age(Rejection::TooOld, age, tolerance));
            }
            if age < tolerance.saturating_neg() {
                return Err(Error::webhook_age(Rejection::TooNew, age, tolerance));
            }
        }
        if envelope.contradicts(&self.origin.app_id, &headers.timestamp) {
            return Err(Rejection::Contradiction.into());
        }
        let signed = envelope.signed(&self.origin.app_id, &headers.timestamp);
        let mut tried: Vec<String> = Vec::new();
        for form in CanonicalForm::ALL {
            let Some(text) = signed.text(form) else { continue };
            if tried.contains(&text) {
                continue;
            }
            for (place, secret) in self.secrets.iter().enumerate() {
                if bool::from(self.signer.sign(secret, &text)[..].ct_eq(&headers.signature)) {
                    return Ok(SignatureMatch { secret_index: place, form });
                }
            }
            tried.push(text);
        }
        Err(Rejection::WrongSignature.into())
    }

    /// Refuses a replay, which is identified by the signature of its content.
    fn guard(&self, headers: &Headers, received: &mut VerifiedWebhook) -> Result<(), Error> {
        let Some(Shared { store, on_store_failure }) = &self.origin.shared else { return Ok(()) };
        let asked = Instant::now();
        let inserted = store.insert(&headers.content(), "", self.keep());
        received.origin.store_time = asked.elapsed();
        let refused = match inserted {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => Rejection::Replayed,
            Err(StoreUnavailable) => return store_failure(*on_store_failure, received),
        };
        Err(rejected_after_verification(refused, received))
    }

    /// Claims a new webhook.
    fn claim_new(&self, headers: &Headers, received: &mut VerifiedWebhook) -> Result<Claim, Error> {
        let Some(Shared { store, on_store_failure }) = &self.origin.shared else {
            return Ok(Claim::without_store(received));
        };
        // A purchase is requested once: after 800 ms the platform no longer waits for a reply.
        if received.event.is_purchase() {
            return self.guard(headers, received).map(|()| Claim::without_store(received));
        }
        match Claim::take(store, headers.content(), self.keep(), received) {
            Ok(claim) => claim.map_err(|refused| rejected_after_verification(refused, received)),
            Err(StoreUnavailable) => {
                store_failure(*on_store_failure, received).map(|()| Claim::without_store(received))
            }
        }
    }

    /// The time for which a webhook is remembered: as long as its timestamp would be accepted, by the earliest and the latest clock.
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

/// Applies the setting for a replay store that is unavailable.
fn store_failure(on_store_failure: OnStoreFailure, received: &VerifiedWebhook) -> Result<(), Error> {
    match on_store_failure {
        OnStoreFailure::Accept => {
            let message = "a webhook is accepted although the replay store cannot be reached";
            Subject::verified(received).warn(message, &[]);
            Ok(())
        }
        OnStoreFailure::Reject => Err(rejected_after_verification(Rejection::ReplayStoreUnavailable, received)),
    }
}

fn rejected_after_verification(rejection: Rejection, received: &VerifiedWebhook) -> Error {
    let error = Error::from(rejection);
    log_rejection(&error, &Subject::verified(received));
    error
}

fn log_rejection(error: &Error, subject: &Subject<'_>) {
    let reason = error.rejection().map_or("unknown", Rejection::name);
    let fields = [("rejection", reason)];
    if error.rejection() == Some(Rejection::Replayed) {
        // It gets a reply: it is accepted again, or has the first reply to a purchase.
        subject.warn("a webhook was accepted before (replayed)", &fields);
    } else {
        subject.warn(&format!("a webhook is rejected ({reason})"), &fields);
    }
}
