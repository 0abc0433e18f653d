//! Serves one connection.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use super::request::{BadRequest, Head, MAX_HEADERS, Origin};
use super::response::{ConnectionAction, EncodedResponse, Padding, Response};
use super::service::Service;
use super::stop::StopSignal;
use super::stream::Stream;

/// The maximum length of a request head, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// The maximum length of a request body, in bytes.
const MAX_BODY: usize = 1024 * 1024;
/// The time after which a connection without traffic is closed.
const IDLE: Duration = Duration::from_secs(30);

/// Serves requests until the client disconnects, sends an invalid request, or is idle for too long, or until the stop signal is
/// set.
pub(super) fn serve<S: Service>(tcp: &TcpStream, origin: Origin, service: &S, stop: &StopSignal) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let stream = &Stream::new(tcp, stop, IDLE)?;
    // Received bytes that are not yet used: the start of the next request.
    let mut inbox = Vec::with_capacity(4096);
    loop {
        if inbox.is_empty() && receive(stream, &mut inbox)? == 0 {
            return Ok(());
        }
        if !service.arrives() {
            return reset(tcp);
        }
        let Some(head_length) = read_head(stream, &mut inbox)? else {
            return refuse(stream, &BadRequest(431), service.now_ms());
        };
        let mut body = inbox.split_off(head_length);
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let (head, length) =
            match Head::parse(&inbox, &mut headers).and_then(|head| head.body_length().map(|length| (head, length))) {
                Ok(parsed) => parsed,
                Err(bad) => return refuse(stream, &bad, service.now_ms()),
            };
        if length > MAX_BODY {
            return refuse(stream, &BadRequest(413), service.now_ms());
        }
        let Some(ticket) = service.begin(origin, &head) else {
            return reset(tcp);
        };
        if head.expects_continue() && body.len() < length {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        while body.len() < length {
            if receive(stream, &mut body)? == 0 {
                return Ok(());
            }
        }
        let mut response = service.respond(origin, &head, &body[..length], ticket);
        let keep = head.wants_keep_alive();
        if !keep {
            response.announce_close();
        }
        send(stream, &response)?;
        match response.action {
            ConnectionAction::KeepAlive if keep => {}
            ConnectionAction::KeepAlive | ConnectionAction::Close => return Ok(()),
            ConnectionAction::Reset => return reset(tcp),
        }
        body.drain(..length);
        inbox = body;
    }
}

/// Reads until the empty line that ends the head. Returns the length of the head, or `None` if it is too long.
fn read_head(stream: &Stream<'_>, inbox: &mut Vec<u8>) -> io::Result<Option<usize>> {
    let mut searched = 0;
    loop {
        if let Some(at) = find_end(&inbox[searched..]) {
            return Ok(Some(searched + at).filter(|length| *length <= MAX_HEAD));
        }
        if inbox.len() > MAX_HEAD {
            return Ok(None);
        }
        // The empty line may be split over two reads.
        searched = inbox.len().saturating_sub(3);
        if receive(stream, inbox)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn find_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn receive(stream: &Stream<'_>, into: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; 8 * 1024];
    let count = stream.read(&mut chunk)?;
    into.extend_from_slice(&chunk[..count]);
    Ok(count)
}

fn send(stream: &Stream<'_>, response: &EncodedResponse) -> io::Result<()> {
    if !response.bytes.is_empty() {
        stream.write_all(&response.bytes)?;
    }
    if let Some(padding) = &response.padding {
        send_padding(stream, padding)?;
    }
    Ok(())
}

fn send_padding(stream: &Stream<'_>, padding: &Padding) -> io::Result<()> {
    let chunk = [padding.byte; 16 * 1024];
    let mut left = padding.count;
    while left > 0 {
        let now = usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
        stream.write_all(&chunk[..now])?;
        left -= now as u64;
    }
    stream.write_all(padding.ending)
}

/// Refuses a request that is not valid or too long. What follows on the connection cannot be trusted, so it is closed.
fn refuse(stream: &Stream<'_>, bad: &BadRequest, now_ms: i64) -> io::Result<()> {
    let response = Response {
        status: bad.0,
        content_type: "text/plain",
        extra: &[("Connection", "close")],
        ..Response::json(now_ms, b"")
    };
    stream.write_all(&response.to_bytes())
}

/// Turns the close that follows into a reset: with a linger time of zero the kernel sends RST instead of FIN.
fn reset(tcp: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(tcp).set_linger(Some(Duration::ZERO))
}
