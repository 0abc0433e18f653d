//! HTTP responses.

use std::io::{self, Write as _};

use crate::civil_time;

/// A response as bytes, and what happens to the connection afterwards.
#[derive(Debug)]
pub(crate) struct EncodedResponse {
    /// Sent in one write.
    pub(crate) bytes: Vec<u8>,
    /// Sent after `bytes` in chunks, so that a huge response takes no memory.
    pub(crate) padding: Option<Padding>,
    /// Writes the rest of the body for as long as the client listens. The connection is closed afterwards.
    pub(crate) stream: Option<BodyStream>,
    pub(crate) action: ConnectionAction,
}

/// Sends bytes to the client.
pub(crate) type Send<'a> = &'a dyn Fn(&[u8]) -> io::Result<()>;

/// A function that sends a body of unknown length.
pub(crate) struct BodyStream(pub(crate) Box<dyn FnOnce(Send<'_>) -> io::Result<()>>);

impl std::fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BodyStream")
    }
}

/// One byte repeated `count` times, followed by an ending.
#[derive(Debug)]
pub(crate) struct Padding {
    pub(crate) byte: u8,
    pub(crate) count: u64,
    pub(crate) ending: &'static [u8],
}

/// The action on the connection after the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionAction {
    /// Waits for the next request, unless the client wants the connection closed.
    KeepAlive,
    /// Closes the connection: the client reads an end of stream.
    Close,
    /// Resets the connection: the client gets an error.
    Reset,
}

/// The parts of an HTTP response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    /// The time of the `Date` header, in Unix milliseconds.
    pub(crate) now_ms: i64,
    pub(crate) content_type: &'a str,
    pub(crate) extra: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
    /// The number of bytes that follow `body`, for `Content-Length`.
    pub(crate) more: u64,
}

impl Response<'_> {
    /// A JSON response with status 200.
    pub(crate) fn json(now_ms: i64, body: &[u8]) -> Response<'_> {
        Response { status: 200, now_ms, content_type: "application/json", extra: &[], body, more: 0 }
    }

    /// Head and body together, so that they are sent in one write.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(192 + self.body.len());
        let length = self.body.len() as u64 + self.more;
        // Writing into a Vec cannot fail.
        let _ = write!(
            out,
            "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: {}\r\nContent-Length: {length}\r\n",
            self.status,
            reason(self.status),
            civil_time::http_date(self.now_ms),
            self.content_type,
        );
        for (name, value) in self.extra {
            let _ = write!(out, "{name}: {value}\r\n");
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(self.body);
        out
    }
}

impl EncodedResponse {
    /// Encodes a response that keeps the connection alive.
    pub(crate) fn new(response: &Response<'_>) -> Self {
        Self { bytes: response.to_bytes(), padding: None, stream: None, action: ConnectionAction::KeepAlive }
    }

    /// The HTTP status; `None` if nothing is sent.
    pub(crate) fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.bytes.get(9..12)?).ok()?.parse().ok()
    }

    /// Adds the header `Connection: close`.
    pub(crate) fn announce_close(&mut self) {
        if let Some(line_end) = self.bytes.windows(2).position(|two| two == b"\r\n") {
            self.bytes.splice(line_end + 2..line_end + 2, *b"Connection: close\r\n");
        }
    }

    /// No response: the connection is reset.
    pub(crate) fn reset() -> Self {
        Self { bytes: Vec::new(), padding: None, stream: None, action: ConnectionAction::Reset }
    }
}

/// The reason phrase of a status.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}
