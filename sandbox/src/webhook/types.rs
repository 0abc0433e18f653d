//! The public types of webhooks.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::state::enums::WebhookAction;

/// The form of objects and lists in the signed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignStyle {
    /// As in the body, with the fields of objects in their own order.
    AsSent,
    /// As fastjson 1 writes parsed objects; this is what the platform documents: the fields of nested objects are
    /// in the order of a `java.util.HashMap`, not of the body, and nulls in them are omitted.
    #[default]
    JavaHashMap,
    /// As fastjson 1 writes sorted maps: the fields of nested objects are sorted by name, and nulls in them are omitted.
    JavaSorted,
}

/// Whether webhooks contain the fields that have no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum NullFields {
    /// They are omitted. In JSON: `"left_out"`.
    #[default]
    #[serde(rename = "left_out")]
    Omit,
    /// They are sent as `null`, and not signed. In JSON: `"sent"`.
    #[serde(rename = "sent")]
    Include,
}

/// A fault of one webhook. It affects the first attempt; retries are delivered correctly.
///
/// The JSON form is that of [`FaultKind`](crate::FaultKind): `"drop"`, `{"delay": 5000}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WebhookFault {
    /// Sent twice, byte for byte.
    Duplicate,
    /// Sent after the next webhook. If there is no next one, it is not sent.
    Reorder,
    /// Sent after a delay in virtual time.
    Delay(#[serde(with = "crate::millis")] Duration),
    /// Never sent, until [`redeliver`](crate::Platform::redeliver).
    Drop,
    /// Sent with one wrong digit in the signature.
    WrongSignature,
    /// Signed with the secret before the last rotation.
    OldSecret,
    /// Sent and signed with a `Timestamp` that many milliseconds in the past (negative: in the future).
    StaleTimestamp(i64),
    /// Changed after it was signed: another `amount`, or another `card_no` if there is no amount.
    TamperBody,
}

/// One attempt to deliver a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryRecord {
    /// The `id` of the webhook, the same for all its attempts.
    pub id: String,
    /// The `action` of the webhook.
    pub action: WebhookAction,
    /// The number of the attempt, from 1. Both copies of [`WebhookFault::Duplicate`] have the same number.
    pub attempt: u32,
    /// Time of the attempt, virtual, in Unix milliseconds.
    pub time_ms: i64,
    /// The `Timestamp` header.
    pub timestamp_ms: i64,
    /// The `Signature` header.
    pub signature: String,
    /// The HTTP status of the response.
    pub http_status: Option<u16>,
    /// The `code` of the response.
    pub code: Option<i64>,
    /// The error; `None` if the merchant accepted the webhook.
    pub error: Option<String>,
    /// The fault that affected the attempt.
    pub fault: Option<WebhookFault>,
    /// The body byte for byte, except that values of secret fields are masked. Webhooks have no secret fields.
    pub body: String,
}

/// The settings of webhooks, without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebhookInfo {
    /// The URL; `None`: no webhooks are sent.
    pub url: Option<String>,
    /// The `appId` of signatures.
    pub app_id: String,
    /// The form of the signed text.
    pub sign_style: SignStyle,
    /// Whether fields without a value are sent.
    pub nulls: NullFields,
    /// The number of webhooks that wait for an attempt, due or not.
    pub waiting: usize,
}
