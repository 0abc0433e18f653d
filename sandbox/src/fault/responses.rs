//! The broken answers.

use serde_json::Value;

use super::{FaultKind, gzip};
use crate::http::{Filler, Reply, Response, Then};

const NESTED: usize = 100_000;

/// An answer that is ready to be sent, and what a fault needs to break it.
pub(crate) struct Outgoing<'a> {
    /// The response as it would be without the fault.
    pub(crate) plain: Response<'a>,
    /// The JSON text of `data`, if the call succeeded.
    pub(crate) data: Option<&'a [u8]>,
    /// Where a redirect leads.
    pub(crate) trap_url: &'a str,
}

/// The reply to a request that `fault` hit.
pub(crate) fn shape(fault: FaultKind, outgoing: &Outgoing<'_>) -> Reply {
    let plain = outgoing.plain;
    let with_data = |data: &[u8]| Reply::new(&Response::json(plain.now_ms, &success(data)));
    match (fault, outgoing.data) {
        (FaultKind::Refuse | FaultKind::DropBeforeRead | FaultKind::DropAfterCommit | FaultKind::LateCommit(_), _) => {
            Reply::reset()
        }
        (FaultKind::Truncate, _) => {
            let mut reply = Reply::new(&plain);
            let half = plain.body.len().div_ceil(2);
            reply.bytes.truncate(reply.bytes.len() - half);
            reply.then = Then::Close;
            reply
        }
        (FaultKind::Malformed, _) => {
            let mut body = plain.body.to_vec();
            body.pop();
            body.extend_from_slice(b",]");
            Reply::new(&Response::json(plain.now_ms, &body))
        }
        (FaultKind::Contradictory, data) => {
            let mut body = plain.body.to_vec();
            body.pop();
            body.extend_from_slice(if data.is_some() { b",\"code\":1007}" } else { b",\"code\":0}" });
            Reply::new(&Response::json(plain.now_ms, &body))
        }
        (FaultKind::Html, _) => Reply::new(&Response {
            content_type: "text/html",
            body: b"<!doctype html><title>Welcome</title><h1>It works</h1>",
            ..plain
        }),
        (FaultKind::Oversize(bytes), _) => oversize(plain.now_ms, bytes),
        (FaultKind::GzipBomb, _) => {
            Reply::new(&Response { extra: &[("Content-Encoding", "gzip")], body: &gzip::bomb(), ..plain })
        }
        (FaultKind::DeepNesting, _) => with_data(&[vec![b'['; NESTED], vec![b']'; NESTED]].concat()),
        (FaultKind::InvalidUtf8, _) => with_data(b"\"\xff\xfe\xc0\""),
        (FaultKind::Redirect, _) => {
            Reply::new(&Response { status: 307, extra: &[("Location", outgoing.trap_url)], body: b"", ..plain })
        }
        (FaultKind::HttpStatus(status, retry_after), _) => {
            let seconds = retry_after.map(|seconds| seconds.to_string());
            let extra = seconds.as_ref().map(|seconds| [("Retry-After", seconds.as_str())]);
            Reply::new(&Response {
                status,
                content_type: "text/plain",
                extra: extra.as_ref().map_or(&[], |extra| extra),
                body: b"the service in front of the platform answered this",
                ..plain
            })
        }
        (FaultKind::WrongType, Some(data)) => {
            with_data(if data.first() == Some(&b'{') { b"[17]" } else { b"{\"x\":17}" })
        }
        (FaultKind::WrongFieldTypes, Some(data)) => with_data(&with_other_types(data)),
        (FaultKind::MissingData, Some(_)) => {
            Reply::new(&Response::json(plain.now_ms, br#"{"code":0,"msg":"success"}"#))
        }
        // These leave the envelope as it is, or have made it already.
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
        ) => Reply::new(&plain),
    }
}

/// The envelope of a success.
pub(crate) fn success(data: &[u8]) -> Vec<u8> {
    [&br#"{"code":0,"msg":"success","data":"#[..], data, b"}"].concat()
}

fn oversize(now_ms: i64, bytes: u64) -> Reply {
    const BEFORE: &[u8] = br#"{"code":0,"msg":"success","data":""#;
    const AFTER: &[u8] = br#""}"#;
    let count = bytes.saturating_sub((BEFORE.len() + AFTER.len()) as u64);
    Reply {
        bytes: Response { more: count + AFTER.len() as u64, ..Response::json(now_ms, BEFORE) }.to_bytes(),
        filler: Some(Filler { byte: b'a', count, ending: AFTER }),
        then: Then::KeepAlive,
    }
}

/// The same JSON with every leaf of another type.
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
