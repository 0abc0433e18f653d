//! The responses of requests with a fault.

use serde_json::Value;

use super::gzip;
use super::kinds::FaultKind;
use crate::http::response::{ConnectionAction, EncodedResponse, Padding, Response};

/// The depth of [`FaultKind::DeepNesting`].
const NESTED: usize = 100_000;

/// The response that would be sent without the fault, and the data with which faults change it.
pub(crate) struct IntendedResponse<'a> {
    /// The response without the fault.
    pub(crate) plain: Response<'a>,
    /// The JSON text of `data`, if the call succeeded.
    pub(crate) data: Option<&'a [u8]>,
    /// The target of redirects.
    pub(crate) redirect_url: &'a str,
}

/// The response to a request with that fault.
pub(crate) fn faulty_response(fault: FaultKind, intended: &IntendedResponse<'_>) -> EncodedResponse {
    let plain = intended.plain;
    let with_data = |data: &[u8]| EncodedResponse::new(&Response::json(plain.now_ms, &success(data)));
    match (fault, intended.data) {
        (FaultKind::Refuse | FaultKind::DropBeforeRead | FaultKind::DropAfterCommit | FaultKind::LateCommit(_), _) => {
            EncodedResponse::reset()
        }
        (FaultKind::Truncate, _) => {
            let mut truncated = EncodedResponse::new(&plain);
            let half = plain.body.len().div_ceil(2);
            truncated.bytes.truncate(truncated.bytes.len() - half);
            truncated.action = ConnectionAction::Close;
            truncated
        }
        (FaultKind::Malformed, _) => {
            let mut body = plain.body.to_vec();
            body.pop();
            body.extend_from_slice(b",]");
            EncodedResponse::new(&Response::json(plain.now_ms, &body))
        }
        (FaultKind::Contradictory, data) => {
            let mut body = plain.body.to_vec();
            body.pop();
            body.extend_from_slice(if data.is_some() { b",\"code\":1007}" } else { b",\"code\":0}" });
            EncodedResponse::new(&Response::json(plain.now_ms, &body))
        }
        (FaultKind::Html, _) => EncodedResponse::new(&Response {
            content_type: "text/html",
            body: b"<!doctype html><title>Welcome</title><h1>It works</h1>",
            ..plain
        }),
        (FaultKind::Oversize(bytes), _) => oversize(plain.now_ms, bytes),
        (FaultKind::GzipBomb, _) => {
            EncodedResponse::new(&Response { extra: &[("Content-Encoding", "gzip")], body: gzip::bomb(), ..plain })
        }
        (FaultKind::DeepNesting, _) => with_data(&[vec![b'['; NESTED], vec![b']'; NESTED]].concat()),
        (FaultKind::InvalidUtf8, _) => with_data(b"\"\xff\xfe\xc0\""),
        (FaultKind::Redirect, _) => EncodedResponse::new(&Response {
            status: 307,
            extra: &[("Location", intended.redirect_url)],
            body: b"",
            ..plain
        }),
        (FaultKind::HttpStatus(status, retry_after), _) => {
            let seconds = retry_after.map(|seconds| seconds.to_string());
            let extra = seconds.as_ref().map(|seconds| [("Retry-After", seconds.as_str())]);
            EncodedResponse::new(&Response {
                status,
                content_type: "text/plain",
                extra: extra.as_ref().map_or(&[], |extra| extra),
                body: b"this response comes from a service in front of the platform",
                ..plain
            })
        }
        (FaultKind::WrongType, Some(data)) => {
            with_data(if data.first() == Some(&b'{') { b"[17]" } else { b"{\"x\":17}" })
        }
        (FaultKind::WrongFieldTypes, Some(data)) => with_data(&with_other_types(data)),
        (FaultKind::MissingData, Some(_)) => {
            EncodedResponse::new(&Response::json(plain.now_ms, br#"{"code":0,"msg":"success"}"#))
        }
        // These do not change the envelope, or the envelope was already created for them.
        (
            FaultKind::WrongType
            | FaultKind::WrongFieldTypes
            | FaultKind::MissingData
            | FaultKind::Stall(_)
            | FaultKind::StallAfterCommit(_)
            | FaultKind::Code(_)
            | FaultKind::CodeAfterCommit(_)
            | FaultKind::ExpiredToken
            | FaultKind::SkewClock(_),
            _,
        ) => EncodedResponse::new(&plain),
    }
}

/// The envelope of a successful call.
pub(crate) fn success(data: &[u8]) -> Vec<u8> {
    [&br#"{"code":0,"msg":"success","data":"#[..], data, b"}"].concat()
}

/// A successful response of that many bytes.
fn oversize(now_ms: i64, bytes: u64) -> EncodedResponse {
    const BEFORE: &[u8] = br#"{"code":0,"msg":"success","data":""#;
    const AFTER: &[u8] = br#""}"#;
    let count = bytes.saturating_sub((BEFORE.len() + AFTER.len()) as u64);
    EncodedResponse {
        bytes: Response { more: count + AFTER.len() as u64, ..Response::json(now_ms, BEFORE) }.to_bytes(),
        padding: Some(Padding { byte: b'a', count, ending: AFTER }),
        stream: None,
        action: ConnectionAction::KeepAlive,
    }
}

/// The same JSON with every leaf value of another type.
fn with_other_types(data: &[u8]) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(data).unwrap_or_default();
    change_leaves(&mut value);
    value.to_string().into_bytes()
}

fn change_leaves(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(change_leaves),
        Value::Array(items) => items.iter_mut().for_each(change_leaves),
        Value::String(_) => *value = serde_json::json!({"wrong": true}),
        _ => *value = serde_json::json!(["wrong"]),
    }
}
