//! Callbacks: what the platform tells the merchant, signed, in order, and again until the merchant has understood.
//!
//! A committed change of the state becomes an [`event`], waits in the [`outbox`], and is sent by the [`courier`].

mod courier;
mod event;
mod json;
mod outbox;
mod post;
mod settings;
mod signature;
mod steering;
mod target;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use courier::{Courier, Decision, ask};
pub(crate) use outbox::Outbox;
pub(crate) use settings::CallbackSettings;

use crate::state::CallbackAction;

/// How the values that are no strings are written in the signed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignStyle {
    /// As in the body: the platform keeps its objects in order.
    AsSent,
    /// As fastjson 1 writes what it parsed, which is what the platform documents: nested objects are in the order of a
    /// `java.util.HashMap`, not in that of the body; nulls in them are left out.
    #[default]
    JavaHashMap,
    /// As fastjson 1 writes sorted maps: nested objects are in the order of their names, nulls in them are left out.
    JavaSorted,
}

/// What becomes of a field that has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackNulls {
    /// It is not sent.
    #[default]
    LeftOut,
    /// It is sent as `null`. It is not signed.
    Sent,
}

/// Something that goes wrong with one callback. It hits the first attempt; the retries are as they should be.
///
/// The JSON form is like that of [`FaultKind`](crate::FaultKind): `"drop"`, `{"delay": 5000}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallbackFault {
    /// Sent twice, byte for byte.
    Duplicate,
    /// Sent after the callback that follows it. If none follows, it is not sent.
    Reorder,
    /// Sent that much later in virtual time.
    Delay(#[serde(with = "crate::fault::millis")] Duration),
    /// Never sent, until [`redeliver`](crate::Platform::redeliver).
    Drop,
    /// One digit of the signature is wrong.
    WrongSignature,
    /// Signed with the secret before the last rotation.
    OldSecret,
    /// `Timestamp` lies so many milliseconds back (negative: ahead), and is signed like that.
    StaleTimestamp(i64),
    /// The body was changed after it was signed: another `amount`, or another `card_no` where there is no amount.
    TamperBody,
}

/// One attempt to deliver a callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryRecord {
    /// The callback's `id`. All attempts of one callback share it.
    pub id: String,
    /// The callback's `action`.
    pub action: CallbackAction,
    /// 1 is the first attempt. The two of [`CallbackFault::Duplicate`] have the same number.
    pub attempt: u32,
    /// Virtual time in Unix milliseconds.
    pub time_ms: i64,
    /// The header `Timestamp`.
    pub timestamp_ms: i64,
    /// The header `Signature`.
    pub signature: String,
    /// The HTTP status of the answer.
    pub http_status: Option<u16>,
    /// The code of the answer.
    pub code: Option<i64>,
    /// Why the attempt failed; `None` if the merchant took the callback.
    pub error: Option<String>,
    /// The fault that hit it.
    pub fault: Option<CallbackFault>,
    /// The body byte for byte, values of secret fields hidden. Callbacks have no secret fields.
    pub body: String,
}

/// How callbacks are sent at present, without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallbackInfo {
    /// Where they go; `None`: nowhere.
    pub url: Option<String>,
    /// What is signed as `appId`.
    pub app_id: String,
    /// How the signed text is written.
    pub sign_style: SignStyle,
    /// What becomes of fields without a value.
    pub nulls: CallbackNulls,
    /// How many callbacks wait for an attempt, due or not.
    pub waiting: usize,
}
