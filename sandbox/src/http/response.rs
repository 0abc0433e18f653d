//! What goes back to the client.

use std::io::Write as _;

use crate::civil;

/// An answer as bytes, and what happens to the connection afterwards.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Sent in one write.
    pub(crate) bytes: Vec<u8>,
    /// Sent after `bytes`, piece by piece, so that a huge answer takes no memory here.
    pub(crate) filler: Option<Filler>,
    pub(crate) then: Then,
}

/// The same byte many times, then an ending.
#[derive(Debug)]
pub(crate) struct Filler {
    pub(crate) byte: u8,
    pub(crate) count: u64,
    pub(crate) ending: &'static [u8],
}

/// What happens to the connection after the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Wait for the next request, unless the client wants the connection closed.
    KeepAlive,
    /// Close in order: the client reads an end of stream.
    Close,
    /// Reset: the client sees its connection broken.
    Reset,
}

/// The parts of an HTTP answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    /// Time of the `Date` header, in Unix milliseconds.
    pub(crate) now_ms: i64,
    pub(crate) content_type: &'a str,
    pub(crate) extra: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
    /// Bytes that follow `body` and count into `Content-Length`.
    pub(crate) more: u64,
}

impl Response<'_> {
    /// A plain JSON answer.
    pub(crate) fn json(now_ms: i64, body: &[u8]) -> Response<'_> {
        Response { status: 200, now_ms, content_type: "application/json", extra: &[], body, more: 0 }
    }

    /// Head and body together, so that they leave in one write.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(192 + self.body.len());
        let length = self.body.len() as u64 + self.more;
        // Writing into a Vec cannot fail.
        let _ = write!(
            out,
            "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: {}\r\nContent-Length: {length}\r\n",
            self.status,
            reason(self.status),
            civil::http_date(self.now_ms),
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

impl Reply {
    pub(crate) fn new(response: &Response<'_>) -> Self {
        Self { bytes: response.to_bytes(), filler: None, then: Then::KeepAlive }
    }

    /// Adds the header that announces the end of the connection.
    pub(crate) fn announce_close(&mut self) {
        if let Some(line_end) = self.bytes.windows(2).position(|two| two == b"\r\n") {
            self.bytes.splice(line_end + 2..line_end + 2, *b"Connection: close\r\n");
        }
    }

    /// Nothing is answered and the connection is reset.
    pub(crate) fn reset() -> Self {
        Self { bytes: Vec::new(), filler: None, then: Then::Reset }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
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
