//! The requests below `/console`.

use serde_json::Value;

use super::{assets, data, stream};
use crate::control::error::ControlError;
use crate::control::state::ControlState;
use crate::http::request::Head;
use crate::http::response::{ConnectionAction, EncodedResponse, Response};

/// The headers of JSON responses at the control URL.
pub(crate) const JSON_HEADERS: &[(&str, &str)] = &[
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
];

/// What a request below `/console` gets.
pub(crate) enum Reply {
    /// A file, a redirect or a stream.
    Encoded(EncodedResponse),
    Json(Result<Value, ControlError>),
}

/// The refusal of a stream. It ends its connection, which would be idle.
fn too_many_pages(now_ms: i64) -> EncodedResponse {
    let body = br#"{"error":"too many pages of the console are open"}"#;
    let mut response =
        EncodedResponse::new(&Response { status: 503, extra: JSON_HEADERS, ..Response::json(now_ms, body) });
    response.announce_close();
    response.action = ConnectionAction::Close;
    response
}

/// Handles a request of the console; `None`: it is not one.
pub(crate) fn respond(control: &ControlState, head: &Head<'_>, body: &[u8]) -> Option<Reply> {
    let now_ms = control.platform.now_ms();
    if matches!(head.path, "/" | "/console") && head.method == "GET" {
        let extra = &[("Location", super::PATH)];
        let redirect = Response { status: 307, content_type: "text/plain", extra, ..Response::json(now_ms, b"") };
        return Some(Reply::Encoded(EncodedResponse::new(&redirect)));
    }
    let name = head.path.strip_prefix(super::PATH)?;
    if let Some(call) = name.strip_prefix("data/") {
        return Some(Reply::Json(match head.method {
            "POST" => data::call(control, call, body),
            _ => Err(ControlError::new(405, "the console's data is read with POST")),
        }));
    }
    let missing = || ControlError::new(404, "the console has no such file");
    Some(match (head.method, name) {
        ("GET", "events") => match stream::respond(control) {
            Some(stream) => Reply::Encoded(stream),
            None => Reply::Encoded(too_many_pages(now_ms)),
        },
        ("GET", _) => match assets::find(name) {
            Some(asset) => Reply::Encoded(asset.respond(head, now_ms)),
            None => Reply::Json(Err(missing())),
        },
        _ => Reply::Json(Err(ControlError::new(405, "the console's files are read with GET"))),
    })
}
