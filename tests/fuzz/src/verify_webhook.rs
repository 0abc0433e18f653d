//! Signed webhooks, changed in every way that an attacker or a proxy could change them.
//!
//! Input: a letter that chooses the check, then up to three parts: the body that is signed, header lines, another body.

use std::cell::LazyCell;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keysecure::{
    Clock, Event, MemoryReplayStore, OnStoreFailure, Rejection, ReplayStore, VerifiedWebhook, WebhookVerifier,
    reply_duplicate,
};

use super::SEPARATOR;
use super::json::{self, Meaning};
use super::platform::{START, VirtualClock};

type Headers = Vec<(&'static str, String)>;

struct Verifiers {
    verifier: WebhookVerifier,
    /// Another secret.
    stranger: WebhookVerifier,
    /// The same secret for another merchant.
    neighbour: WebhookVerifier,
    now: SystemTime,
}

thread_local! {
    static VERIFIERS: LazyCell<Verifiers> = LazyCell::new(|| {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::default());
        let verifier = |app: &str, secret: &str| WebhookVerifier::new(app, [secret]).unwrap().clock(Arc::clone(&clock));
        Verifiers {
            verifier: verifier("app", "the-secret"),
            stranger: verifier("app", "another-secret"),
            neighbour: verifier("neighbour", "the-secret"),
            now: UNIX_EPOCH + Duration::from_millis(START),
        }
    });
}

pub fn run(input: &[u8]) {
    VERIFIERS.with(|verifiers| verifiers.check(input));
}

impl Verifiers {
    fn check(&self, input: &[u8]) {
        let Some((kind, rest)) = input.split_first() else { return };
        let mut parts = rest.splitn(3, |byte| *byte == SEPARATOR);
        let body = parts.next().unwrap_or_default();
        let (lines, other) = (parts.next().unwrap_or_default(), parts.next());
        let Ok(headers) = self.verifier.sign_for_tests(self.now, body) else {
            // Not a webhook: then the verifier refuses it too, whatever the headers say.
            let headers = vec![("Timestamp", START.to_string()), ("Signature", "0".repeat(64))];
            assert!(verify(&self.verifier, headers, body).is_err());
            assert!(WebhookVerifier::parse_unverified(body).is_err());
            return;
        };
        match kind % 6 {
            0 => self.accepts_what_is_signed(headers, body),
            1 => self.refuses_changed_headers(&headers, lines, body),
            2 => self.refuses_another_meaning(headers, body, other.unwrap_or(lines)),
            3 => self.refuses_an_old_timestamp_in_the_data(body),
            4 => self.refuses_another_app_in_the_data(&headers, body),
            _ => self.refuses_replays_and_strangers(headers, body),
        }
    }

    /// A signed webhook is accepted, with the event of its body.
    fn accepts_what_is_signed(&self, headers: Headers, body: &[u8]) {
        match verify(&self.verifier, headers, body) {
            Ok(received) => {
                assert_eq!(received.event, WebhookVerifier::parse_unverified(body).unwrap());
                assert_eq!(received.sent_at, self.now);
                assert!(!format!("{received:?}").is_empty());
            }
            Err(rejection) => assert!(may_refuse_signed(rejection), "signed, but {rejection:?}"),
        }
    }

    /// Header lines (`Name: value`) replace or join those of the signature: nothing is accepted under another timestamp
    /// or signature than the signed one.
    fn refuses_changed_headers(&self, headers: &Headers, lines: &[u8], body: &[u8]) {
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| {
            let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
            let value = line.get(colon + 1..).unwrap_or_default();
            (String::from_utf8_lossy(&line[..colon]).into_owned(), value.strip_prefix(b" ").unwrap_or(value).to_vec())
        });
        let lines: Vec<(String, Vec<u8>)> = lines.collect();
        let is_replaced = |name: &str| lines.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        let kept = headers.iter().filter(|(name, _)| !is_replaced(name));
        let all = kept.map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())).chain(lines.clone());
        if self.verifier.verify(all, body).is_ok() {
            for (name, signed) in &headers[..2] {
                let values = lines.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
                assert!(values.clone().all(|(_, value)| value == signed.as_bytes()), "{name} was changed");
                assert!(values.count() < 2, "{name} twice");
            }
        }
    }

    /// Another body with the same signature is refused, unless its signed fields mean the same.
    fn refuses_another_meaning(&self, headers: Headers, body: &[u8], other: &[u8]) {
        let flipped;
        let other = if other.is_empty() {
            flipped = with_one_byte_changed(body);
            &flipped
        } else {
            other
        };
        if self.verifier.verify_signature(headers, other).is_ok()
            && let (Some(signed), Some(accepted)) = (signed_fields(body), signed_fields(other))
        {
            assert_eq!(signed, accepted, "signed and accepted");
        }
    }

    /// An old webhook cannot be made new by moving its timestamp into the data.
    fn refuses_an_old_timestamp_in_the_data(&self, body: &[u8]) {
        let old = self.now - Duration::from_secs(30 * 24 * 3600);
        let signed_then = self.verifier.sign_for_tests(old, body).unwrap();
        assert!(verify(&self.verifier, signed_then.clone(), body).is_err(), "30 days old");
        let mut fresh = signed_then;
        let old = std::mem::replace(&mut fresh[0].1, START.to_string());
        assert!(verify(&self.verifier, fresh.clone(), body).is_err(), "30 days old, under a fresh header");
        for value in [old.clone(), format!("\"{old}\"")] {
            let moved = with_field_in_data(body, &format!("\"timestamp\":{value}"));
            assert!(verify(&self.verifier, fresh.clone(), &moved).is_err(), "30 days old, the timestamp moved");
        }
    }

    /// A webhook of another merchant cannot be made ours by naming that merchant in the data.
    fn refuses_another_app_in_the_data(&self, ours: &Headers, body: &[u8]) {
        let theirs = self.neighbour.sign_for_tests(self.now, body).unwrap();
        // Equal signatures: the data names an application, so neither may be accepted as the other's.
        if ours[1] == theirs[1] {
            let accepts = |verifier| verify(verifier, ours.clone(), body).is_ok();
            assert!(!(accepts(&self.verifier) && accepts(&self.neighbour)), "one webhook for two merchants");
        } else {
            assert!(verify(&self.verifier, theirs.clone(), body).is_err(), "another merchant's");
        }
        let moved = with_field_in_data(body, "\"appId\":\"neighbour\"");
        assert!(verify(&self.verifier, theirs, &moved).is_err(), "another merchant's, the merchant moved");
    }

    /// Accepted once with a replay guard, and never with another secret. A second purchase is never approved.
    fn refuses_replays_and_strangers(&self, headers: Headers, body: &[u8]) {
        let forged = self.stranger.sign_for_tests(self.now, body).unwrap();
        assert!(verify(&self.verifier, forged, body).is_err());
        let store: Arc<dyn ReplayStore> = Arc::new(MemoryReplayStore::new(4));
        let guarded = self.verifier.clone().replay_guard(store, OnStoreFailure::Reject);
        if verify(&guarded, headers.clone(), body).is_ok() {
            assert_eq!(verify(&guarded, headers, body), Err(Rejection::Replayed));
        }
        let reply = reply_duplicate(body);
        let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
        let event = WebhookVerifier::parse_unverified(body).unwrap();
        let is_purchase = match &event {
            Event::Auth { .. } => true,
            Event::Unknown { action, .. } => action == "Auth",
            _ => false,
        };
        assert!(!is_purchase || reply["code"] != 0);
    }
}

/// The rejections of a webhook with a valid signature.
fn may_refuse_signed(rejection: Rejection) -> bool {
    matches!(rejection, Rejection::WrongAction | Rejection::Contradiction)
}

fn verify(verifier: &WebhookVerifier, headers: Headers, body: &[u8]) -> Result<VerifiedWebhook, Rejection> {
    verifier.verify(headers, body).map_err(|error| error.rejection().unwrap())
}

/// Changes one byte, chosen by the body itself.
fn with_one_byte_changed(body: &[u8]) -> Vec<u8> {
    let sum =
        body.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    let mut changed = body.to_vec();
    if let Some(place) = usize::try_from(sum >> 8).unwrap().checked_rem(changed.len()) {
        changed[place] ^= u8::try_from(sum & 0x7f).unwrap().max(1);
    }
    changed
}

/// Adds a field before the others of `data`.
fn with_field_in_data(body: &[u8], field: &str) -> Vec<u8> {
    let text = std::str::from_utf8(body).unwrap();
    let Some((_, data)) = json::entries(text).and_then(|entries| entries.into_iter().find(|(name, _)| name == "data"))
    else {
        return Vec::new();
    };
    let start = data.as_ptr().addr() - text.as_ptr().addr();
    let comma = if json::entries(data).is_some_and(|fields| fields.is_empty()) { "" } else { "," };
    format!("{}{{{field}{comma}{}", &text[..start], &text[start + 1..]).into_bytes()
}

/// What a signature covers: the fields of `data` that are not null. A text that is JSON means the same as that JSON,
/// because the signed text has no quotes. `None` when it cannot be compared.
fn signed_fields(body: &[u8]) -> Option<Vec<(String, Meaning)>> {
    let entries = json::entries(std::str::from_utf8(body).ok()?)?;
    let (_, data) = entries.into_iter().find(|(name, _)| name == "data")?;
    let mut fields = Vec::new();
    for (name, value) in json::entries(data)? {
        // They are ours, or the webhook is refused: other checks look at that.
        if matches!(&*name, "timestamp" | "appId") {
            continue;
        }
        let meaning = match Meaning::of(value)? {
            Meaning::Null => continue,
            Meaning::Text(text) => Meaning::of(&text).unwrap_or(Meaning::Text(text)),
            other => other,
        };
        fields.push((name, meaning));
    }
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    Some(fields)
}
