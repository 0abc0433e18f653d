//! Reasons to reject a webhook.

use crate::values::named_enum::named_enum;

named_enum! {
    /// Why a webhook is not accepted. Reply to it with an HTTP error or any code but 0.
    #[non_exhaustive]
    pub enum Rejection {
        /// `Timestamp` or `Signature` is missing.
        MissingHeader = "missing_header": "the Timestamp or Signature header is missing",
        /// One of the headers comes twice.
        DuplicateHeader = "duplicate_header": "a header of the signature comes twice",
        /// A header is too long or not printable ASCII.
        BadHeader = "bad_header": "a header of the signature is too long or not printable ASCII",
        /// `Timestamp` is not a plain number of milliseconds.
        BadTimestamp = "bad_timestamp": "the Timestamp header is not a number of milliseconds",
        /// `Signature` is not 64 lowercase hex digits.
        BadSignature = "bad_signature": "the Signature header is not 64 lowercase hex digits",
        /// `Sign-Version` is not `V1`.
        UnsupportedVersion = "unsupported_version": "the Sign-Version is not V1",
        /// The timestamp is older than the tolerance.
        TooOld = "too_old": "the timestamp is too old: a replay, or this machine's clock is ahead",
        /// The timestamp is further ahead than the tolerance.
        TooNew = "too_new": "the timestamp lies in the future: a forgery, or this machine's clock is behind",
        /// The body is larger than [`max_body`](crate::WebhookVerifier::max_body), or holds more values than a webhook of that
        /// size.
        TooLarge = "too_large": "the body is larger than the verifier takes, or holds too many values",
        /// The body is not a webhook: `{"id", "action", "data"}` in strict JSON, without duplicate keys.
        NotACallback = "not_a_callback": "the body is not a webhook in strict JSON",
        /// A key or value holds a piece such as `&amount=`, an identifier half a surrogate pair, or a text the spelling of an
        /// object in its place: signed text could be read in two ways.
        Ambiguous = "ambiguous": "a key or value could make signed text read in two ways",
        /// The data holds a `timestamp` or `appId` that differs from the header's or the verifier's: an old webhook with a new
        /// header, or one of another merchant.
        Contradiction = "contradiction": "the data holds another timestamp or app id than the header or the verifier",
        /// No secret signed this.
        WrongSignature = "wrong_signature":
            "the signature is wrong: another secret or app id, or the body was changed or written again on its way",
        /// The data has fields of another action than the one named.
        WrongAction = "wrong_action": "the data belongs to another action than the one named",
        /// It was accepted before.
        Replayed = "replayed": "the webhook was accepted before",
        /// Another worker is handling it at this moment ([`claim`](crate::WebhookVerifier::claim) only).
        InProgress = "in_progress": "the webhook is being handled at this moment",
        /// The replay store cannot say whether it was accepted before.
        ReplayStoreUnavailable = "replay_store_unavailable":
            "the replay store cannot say whether the webhook was accepted before",
    }
}
