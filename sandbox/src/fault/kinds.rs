//! The public types of faults.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A planned fault: which requests it affects, and how.
///
/// ```
/// use keysecure_sandbox::{Fault, FaultKind};
///
/// // The second transfer from now is executed, and its response is lost.
/// let fault = Fault::on("accounts.transfer", FaultKind::DropAfterCommit).after(1);
/// # assert_eq!((2, 1), (fault.nth, fault.times));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The operation that it affects, such as `accounts.transfer`; `None` for any request.
    #[serde(default)]
    pub operation: Option<String>,
    /// The first matching request that it affects: 1 is the next one.
    #[serde(default = "one")]
    pub nth: u64,
    /// The number of consecutive matching requests that it affects.
    #[serde(default = "one")]
    pub times: u64,
    /// The kind of fault.
    pub kind: FaultKind,
}

/// The kind of a fault. "Executed" means that the call is executed and committed before the fault takes effect.
///
/// The JSON form is the name in snake case or, for a kind with a value, an object of one entry:
/// `"drop_after_commit"`, `{"stall": 250}` (milliseconds), `{"code": 1009}`, `{"http_status": [503, 2]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// Not executed. The connection is reset when the first bytes of a request arrive. Its operation is not known then, so
    /// this kind affects any request and ignores the fault's operation.
    Refuse,
    /// Not executed. The connection is reset after the head was read and before the body is.
    DropBeforeRead,
    /// Executed. The connection is reset without a response.
    DropAfterCommit,
    /// The connection is reset at once without a response; the call is executed and committed after that delay in real
    /// time, with the time of then, or when the sandbox stops. Key, token, timestamp and address are checked when the
    /// request arrives.
    LateCommit(#[serde(with = "crate::millis")] Duration),
    /// Executed after a delay in real time.
    Stall(#[serde(with = "crate::millis")] Duration),
    /// Executed. The response is delayed in real time.
    StallAfterCommit(#[serde(with = "crate::millis")] Duration),
    /// Executed. Half of the body is sent, then the connection is closed.
    Truncate,
    /// Executed. The body is not JSON.
    Malformed,
    /// Executed. `data` has another type.
    WrongType,
    /// Executed. The fields of `data`, or of the items of its list, have other types.
    WrongFieldTypes,
    /// Executed. There is no `data`.
    MissingData,
    /// Executed. The envelope has `code` twice: the true one, followed by 1007 after a success or 0 after a refusal.
    Contradictory,
    /// Executed. The response is an HTML page with status 200.
    Html,
    /// Executed. The response is JSON of that many bytes.
    Oversize(u64),
    /// Executed. The response is small, has `Content-Encoding: gzip`, and inflates to 64 MiB of JSON.
    GzipBomb,
    /// Executed. `data` is 100 000 nested lists.
    DeepNesting,
    /// Executed. `data` is text that is not UTF-8.
    InvalidUtf8,
    /// Not executed. The response is a redirect with status 307, which a client must not follow; see
    /// [`redirect_calls`](crate::Platform::redirect_calls).
    Redirect,
    /// Not executed. The response is an envelope with that code.
    Code(i64),
    /// Executed. The response is nevertheless an envelope with that code: a system error may hide a commit.
    CodeAfterCommit(i64),
    /// Not executed. The response has that HTTP status, a body that is not an envelope, and `Retry-After` in seconds.
    HttpStatus(u16, Option<u64>),
    /// Not executed. The response has code 1007, regardless of the token.
    ExpiredToken,
    /// Executed with a clock that is off by that many milliseconds, for the `Date` header and the check of `Timestamp`.
    SkewClock(i64),
}

/// A fault that affected a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FiredFault {
    /// The operation of the request; `unknown` for [`FaultKind::Refuse`] and for unknown paths.
    pub operation: String,
    /// The kind of fault.
    pub kind: FaultKind,
    /// Virtual time in Unix milliseconds.
    pub time_ms: i64,
}

impl Fault {
    /// A fault of the next request of that operation.
    pub fn on(operation: impl Into<String>, kind: FaultKind) -> Self {
        Self { operation: Some(operation.into()), ..Self::on_any(kind) }
    }

    /// A fault of the next request, regardless of its operation.
    pub fn on_any(kind: FaultKind) -> Self {
        Self { operation: None, nth: 1, times: 1, kind }
    }

    /// Skips that many matching requests first.
    #[must_use]
    pub fn after(self, skipped: u64) -> Self {
        Self { nth: skipped.saturating_add(1), ..self }
    }

    /// Affects that many requests.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times, ..self }
    }
}

impl FaultKind {
    /// Whether the client still receives one whole envelope.
    pub(crate) fn sends_envelope(self) -> bool {
        matches!(
            self,
            Self::Stall(_)
                | Self::StallAfterCommit(_)
                | Self::WrongType
                | Self::WrongFieldTypes
                | Self::MissingData
                | Self::Oversize(_)
                | Self::GzipBomb
                | Self::DeepNesting
                | Self::Code(_)
                | Self::CodeAfterCommit(_)
                | Self::ExpiredToken
                | Self::SkewClock(_)
        )
    }
}

fn one() -> u64 {
    1
}
