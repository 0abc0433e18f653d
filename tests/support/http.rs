//! HTTP/1.1 as the test servers read and write it.

use std::borrow::Cow;
use std::io::{self, Read};

/// A request as it was received.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    /// The method, such as GET.
    pub method: String,
    /// The path with its query; host and port for CONNECT.
    pub target: String,
    /// The header lines, without their line ends.
    pub headers: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
    /// Ordinal of the connection, from 1.
    pub connection: u64,
    /// Ordinal of the request on its connection, from 1.
    pub nth: u64,
}

impl RecordedRequest {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.headers.iter().map(String::as_str), name)
    }
}

/// A whole request at the front of some bytes.
#[derive(Debug)]
pub struct WholeRequest<'a> {
    head: Cow<'a, str>,
    /// The body.
    pub body: &'a [u8],
    /// How many bytes the request has, head and body.
    pub length: usize,
}

impl<'a> WholeRequest<'a> {
    /// Reads the request that the bytes begin with; `None` while a part of it is missing.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let head_end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..head_end]);
        let body_length =
            header(head.lines().skip(1), "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let length = head_end + 4 + body_length;
        let body = bytes.get(head_end + 4..length)?;
        Some(Self { head, body, length })
    }

    /// The path with its query.
    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    fn recorded(&self) -> RecordedRequest {
        let mut lines = self.head.lines().map(str::to_owned);
        let first = lines.next().unwrap_or_default();
        let mut words = first.split(' ').map(str::to_owned);
        RecordedRequest {
            method: words.next().unwrap_or_default(),
            target: words.next().unwrap_or_default(),
            headers: lines.collect(),
            body: self.body.to_vec(),
            connection: 0,
            nth: 0,
        }
    }
}

fn header<'a>(mut lines: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    lines.find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Reads one request from a connection; `None` at the end of the connection. `buffer` keeps the bytes read beyond the request.
pub fn read_request(stream: &mut dyn Read, buffer: &mut Vec<u8>) -> io::Result<Option<RecordedRequest>> {
    loop {
        if let Some(request) = WholeRequest::parse(buffer) {
            let (recorded, length) = (request.recorded(), request.length);
            buffer.drain(..length);
            return Ok(Some(recorded));
        }
        if read_some(stream, buffer)? == 0 {
            return Ok(None);
        }
    }
}

/// Appends what can be read now; 0 at the end of the connection.
pub fn read_some(stream: &mut dyn Read, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; 8 * 1024];
    let count = stream.read(&mut chunk)?;
    buffer.extend_from_slice(&chunk[..count]);
    Ok(count)
}

/// A whole response: status, further header lines, body.
pub fn http(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut response = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        response.push_str(header);
        response.push_str("\r\n");
    }
    response.push_str("\r\n");
    [response.as_bytes(), body].concat()
}

/// A successful response of the platform with that `data`.
pub fn envelope(data: &str) -> Vec<u8> {
    let body = format!(r#"{{"code":0,"msg":"success","data":{data}}}"#);
    http("200 OK", &["Content-Type: application/json"], body.as_bytes())
}
