//! An HTTP/1.1 POST request without TLS, with one deadline for all of it.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::target::Target;
use crate::http::stop::StopSignal;
use crate::http::stream::Stream;

/// The maximum length of a response, head and body together.
const MAX_RESPONSE: usize = 64 * 1024;
const MAX_HEADERS: usize = 64;
/// The time limit for connecting. On loopback only a full backlog takes time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Sends a request and returns status and body of the response. `connected` gets the connection, so that another thread can
/// close it. The stop signal ends the wait for the response too.
pub(super) fn post(
    target: &Target,
    headers: &str,
    body: &str,
    timeout: Duration,
    stop: &StopSignal,
    connected: impl FnOnce(&Arc<TcpStream>),
) -> io::Result<(u16, Vec<u8>)> {
    let deadline = Instant::now() + timeout;
    let tcp = Arc::new(connect(target, deadline)?);
    connected(&tcp);
    tcp.set_nodelay(true)?;
    let mut stream = Stream::new(&tcp, stop, left(deadline)?)?;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}Content-Length: \
         {}\r\n\r\n",
        target.path,
        target.host,
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes())?;
    let mut received = Vec::new();
    loop {
        if let Some(response) = parse(&received, false)? {
            return Ok(response);
        }
        let mut chunk = [0; 4096];
        stream.set_limit(left(deadline)?)?;
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return parse(&received, true)?.ok_or_else(|| ErrorKind::UnexpectedEof.into());
        }
        received.extend_from_slice(&chunk[..count]);
        if received.len() > MAX_RESPONSE {
            return Err(invalid("the response is too long"));
        }
    }
}

fn connect(target: &Target, deadline: Instant) -> io::Result<TcpStream> {
    let mut result = Err(ErrorKind::AddrNotAvailable.into());
    for address in target.addresses() {
        result = TcpStream::connect_timeout(&address, left(deadline)?.min(CONNECT_TIMEOUT));
        if result.is_ok() {
            break;
        }
    }
    result
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

/// Parses the response; `None` if it is not complete.
fn parse(bytes: &[u8], ended: bool) -> io::Result<Option<(u16, Vec<u8>)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(bytes).map_err(|_| invalid("the response is not HTTP"))? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return Ok(None),
    };
    let status = response.code.unwrap_or_default();
    let rest = &bytes[head..];
    if (100..200).contains(&status) {
        return parse(rest, ended);
    }
    let header = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok()).map(str::trim)
    };
    let body = if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        unchunked(rest)?
    } else if let Some(length) = header("content-length") {
        let length: usize = length.parse().map_err(|_| invalid("the length of the response is not a number"))?;
        rest.get(..length).map(<[u8]>::to_vec)
    } else {
        (ended || status == 204).then(|| rest.to_vec())
    };
    Ok(body.map(|body| (status, body)))
}

/// The body of a chunked response; `None` if the last chunk is missing.
fn unchunked(mut rest: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let size =
            match httparse::parse_chunk_size(rest).map_err(|_| invalid("the chunks of the response are malformed"))? {
                httparse::Status::Complete((_, 0)) => return Ok(Some(body)),
                httparse::Status::Complete((at, size)) => usize::try_from(size).ok().map(|size| (at, size)),
                httparse::Status::Partial => return Ok(None),
            };
        let end = size.and_then(|(at, size)| Some((at, at.checked_add(size)?)));
        let (at, end) = end.ok_or_else(|| invalid("the response is too long"))?;
        let Some(chunk) = rest.get(at..end) else { return Ok(None) };
        body.extend_from_slice(chunk);
        // The line end after the chunk may not have arrived yet.
        rest = rest.get(end + 2..).unwrap_or_default();
    }
}
