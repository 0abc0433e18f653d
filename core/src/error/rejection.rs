//! Reasons to reject a webhook.

use crate::named_enum::named_enum;

named_enum! {
    /// Reason to reject a webhook. Reply with HTTP status 400, except to a replay.
    #[non_exhaustive]
    pub enum Rejection {
        /// `Timestamp` or `Signature` is missing.
        MissingHeader = "missing_header": "the Timestamp or Signature header is missing",
        /// A header appears twice.
        DuplicateHeader = "duplicate_header": "a header of the signature comes twice",
        /// A header is too long, or is not printable ASCII.
        BadHeader = "bad_header": "a header of the signature is too long or not printable ASCII",
        /// `Timestamp` is not a plain number of milliseconds.
        BadTimestamp = "bad_timestamp": "the Timestamp header is not a number of milliseconds",
        /// `Signature` is not 64 lowercase hexadecimal digits.
        BadSignature = "bad_signature": "the Signature header is not 64 lowercase hex digits",
        /// `Sign-Version` is not `V1`.
        UnsupportedVersion = "unsupported_version": "the Sign-Version is not V1",
        /// The timestamp is older than the tolerance.
        TooOld = "too_old": "the timestamp is too old: a replay, or this machine's clock is ahead",
        /// The timestamp is further in the future than the tolerance.
        TooNew = "too_new": "the timestamp is in the future: a forgery, or this machine's clock is behind",
        /// The body is larger than the verifier accepts, or has more values than a webhook of that size.
        TooLarge = "too_large": "the body is larger than the verifier takes, or holds too many values",
        /// The body is not a webhook: `{"id", "action", "data"}` in strict JSON, without duplicate keys.
        NotACallback = "not_a_callback": "the body is not a webhook in strict JSON",
        /// The signed text could be read in two ways: a key or value contains a piece such as `&amount=`, an identifier contains
        /// half a surrogate pair, or a string has the form of an object.
        Ambiguous = "ambiguous": "a key or value could make signed text read in two ways",
        /// The data has a `timestamp` or `appId` other than the header's or the verifier's: an old webhook with a new header, or
        /// one of another merchant.
        Contradiction = "contradiction": "the data holds another timestamp or app id than the header or the verifier",
        /// The signature matches none of the secrets.
        WrongSignature = "wrong_signature":
            "the signature is wrong: another secret or app id, or the body was changed or written again on its way",
        /// The data has fields of another action than the named one.
        WrongAction = "wrong_action": "the data belongs to another action than the one named",
        /// The webhook was accepted before.
        Replayed = "replayed": "the webhook was accepted before",
        /// Another worker is handling the webhook (claims only).
        InProgress = "in_progress": "the webhook is being handled at this moment",
        /// The replay store is unavailable, so the webhook may be a replay.
        ReplayStoreUnavailable = "replay_store_unavailable":
            "the replay store cannot say whether the webhook was accepted before",
    }
}
