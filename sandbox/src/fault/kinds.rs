//! The fault plan: what goes wrong, with which request.

mod answers;
mod gzip;
mod plan;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use answers::{Outgoing, shape, success};
pub(crate) use plan::Plan;

/// Something that goes wrong with certain requests.
///
/// ```
/// use keysecure_sandbox::{Fault, FaultKind};
///
/// // The second transfer from now is carried out, and its answer is lost.
/// let fault = Fault::on("accounts.transfer", FaultKind::DropAfterCommit).after(1);
/// # assert_eq!((2, 1), (fault.nth, fault.times));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The operation it hits, such as `accounts.transfer`; `None` for any request.
    #[serde(default)]
    pub operation: Option<String>,
    /// The first matching request it hits: 1 is the next one.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many matching requests it hits, one after the other.
    #[serde(default = "one")]
    pub times: u64,
    /// What happens to them.
    pub kind: FaultKind,
}

/// What happens to a request that a fault hits. "Executed" means: carried out and committed before anything goes wrong.
///
/// Its JSON form is the name in snake case, and where there is a value, an object of one entry:
/// `"drop_after_commit"`, `{"stall": 250}` (milliseconds), `{"code": 1009}`, `{"http_status": [503, 2]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// Not executed. The connection is reset when the first bytes of a request arrive. Nothing of the request is known
    /// then, so this kind hits any request and ignores the fault's operation.
    Refuse,
    /// Not executed. The head is read to learn the operation, the body is not; the connection is reset.
    DropBeforeRead,
    /// Executed. The connection is reset without an answer.
    DropAfterCommit,
    /// The connection is reset at once without an answer; the call is executed and committed that much real time later,
    /// as of then, or when the sandbox stops. What the platform refuses at the door (key, token, timestamp, address) is
    /// refused when the request arrives.
    LateCommit(#[serde(with = "millis")] Duration),
    /// Waits that long in real time, then goes on as usual.
    Stall(#[serde(with = "millis")] Duration),
    /// Executed. The answer comes that much later in real time.
    StallAfterCommit(#[serde(with = "millis")] Duration),
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
    /// Executed. The envelope has `code` twice: the true one, and behind it 1007 after a success or 0 after a refusal.
    Contradictory,
    /// Executed. An HTML page with status 200.
    Html,
    /// Executed. A JSON answer of that many bytes.
    Oversize(u64),
    /// Executed. A small `Content-Encoding: gzip` answer that inflates to 64 MiB of JSON.
    GzipBomb,
    /// Executed. `data` is a hundred thousand lists within each other.
    DeepNesting,
    /// Executed. `data` is text that is not UTF-8.
    InvalidUtf8,
    /// Not executed. Status 307 to a place that must never be called; see
    /// [`redirect_calls`](crate::Platform::redirect_calls).
    Redirect,
    /// Not executed. An envelope with that code.
    Code(i64),
    /// Executed. An envelope with that code all the same: a system error may lie.
    CodeAfterCommit(i64),
    /// Not executed. That HTTP status with a body that is no envelope, and a `Retry-After` of so many seconds.
    HttpStatus(u16, Option<u64>),
    /// Not executed. 1007, whatever token came.
    ExpiredToken,
    /// Executed with a clock that is off by so many milliseconds: the `Date` header and the timestamp check see it.
    SkewClock(i64),
}

/// A fault that hit a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FiredFault {
    /// The operation of the request; `unknown` for [`FaultKind::Refuse`] and for paths that are no call.
    pub operation: String,
    /// What happened to it.
    pub kind: FaultKind,
    /// Virtual time in Unix milliseconds.
    pub time_ms: i64,
}

impl Fault {
    /// Hits the next request of that operation.
    pub fn on(operation: impl Into<String>, kind: FaultKind) -> Self {
        Self { operation: Some(operation.into()), ..Self::on_any(kind) }
    }

    /// Hits the next request, whatever it is.
    pub fn on_any(kind: FaultKind) -> Self {
        Self { operation: None, nth: 1, times: 1, kind }
    }

    /// Lets that many matching requests pass first.
    #[must_use]
    pub fn after(self, passed: u64) -> Self {
        Self { nth: passed.saturating_add(1), ..self }
    }

    /// Hits that many requests.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times, ..self }
    }
}

impl FaultKind {
    /// Whether a client that hits this fault still gets one whole envelope.
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

/// A duration in whole milliseconds, as JSON forms have it.
pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(crate::clock::to_ms(*duration))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
