//! Why a callback is not accepted.

use std::fmt;

/// Why a callback is not accepted. Answer it with an HTTP error or any code but 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[non_exhaustive]
pub enum Rejection {
    /// `Timestamp` or `Signature` is missing.
    MissingHeader,
    /// One of the headers comes twice.
    DuplicateHeader,
    /// A header is too long or not printable ASCII.
    BadHeader,
    /// `Timestamp` is not a plain number of milliseconds.
    BadTimestamp,
    /// `Signature` is not 64 lowercase hex digits.
    BadSignature,
    /// `Sign-Version` is not `V1`.
    UnsupportedVersion,
    /// The timestamp lies further back than the tolerance.
    TooOld,
    /// The timestamp lies further ahead than the tolerance.
    TooNew,
    /// The body is larger than [`max_body`](crate::WebhookVerifier::max_body), or holds more values than a webhook of that
    /// size.
    TooLarge,
    /// The body is not a callback: `{"id", "action", "data"}` in strict JSON, without duplicate keys.
    NotACallback,
    /// A key or value holds a piece such as `&amount=`, an identifier half a surrogate pair, or a text the spelling of an
    /// object in its place: signed text could be read in two ways.
    Ambiguous,
    /// The data holds a `timestamp` or `appId` that differs from the header's or the verifier's: an old webhook with a new
    /// header, or one of another merchant.
    Contradiction,
    /// No secret signed this.
    WrongSignature,
    /// The data has fields of another action than the one named.
    WrongAction,
    /// It was accepted before.
    Replayed,
    /// Another worker is handling it at this moment ([`claim`](crate::WebhookVerifier::claim) only).
    InProgress,
    /// Whether it was accepted before cannot be told.
    ReplayStoreUnavailable,
}

impl Rejection {
    /// The reason's name in every face, such as `wrong_signature`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingHeader => "missing_header",
            Self::DuplicateHeader => "duplicate_header",
            Self::BadHeader => "bad_header",
            Self::BadTimestamp => "bad_timestamp",
            Self::BadSignature => "bad_signature",
            Self::UnsupportedVersion => "unsupported_version",
            Self::TooOld => "too_old",
            Self::TooNew => "too_new",
            Self::TooLarge => "too_large",
            Self::NotACallback => "not_a_callback",
            Self::Ambiguous => "ambiguous",
            Self::Contradiction => "contradiction",
            Self::WrongSignature => "wrong_signature",
            Self::WrongAction => "wrong_action",
            Self::Replayed => "replayed",
            Self::InProgress => "in_progress",
            Self::ReplayStoreUnavailable => "replay_store_unavailable",
        }
    }

    /// The reason in words, with what to look for.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingHeader => "the Timestamp or Signature header is missing",
            Self::DuplicateHeader => "a header of the signature comes twice",
            Self::BadHeader => "a header of the signature is too long or not printable ASCII",
            Self::BadTimestamp => "the Timestamp header is not a number of milliseconds",
            Self::BadSignature => "the Signature header is not 64 lowercase hex digits",
            Self::UnsupportedVersion => "the Sign-Version is not V1",
            Self::TooOld => "the timestamp is too old: a replay, or this machine's clock is ahead",
            Self::TooNew => "the timestamp lies in the future: a forgery, or this machine's clock is behind",
            Self::TooLarge => "the body is larger than the verifier takes, or holds too many values",
            Self::NotACallback => "the body is not a callback in strict JSON",
            Self::Ambiguous => "a key or value could make signed text read in two ways",
            Self::Contradiction => "the data holds another timestamp or app id than the header or the verifier",
            Self::WrongSignature => {
                "the signature is wrong: another secret or app id, or the body was changed or written again on its way"
            }
            Self::WrongAction => "the data belongs to another action than the one named",
            Self::Replayed => "the callback was accepted before",
            Self::InProgress => "the callback is being handled at this moment",
            Self::ReplayStoreUnavailable => "whether the callback was accepted before cannot be told",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
