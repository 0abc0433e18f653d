use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use super::*;
use crate::clock::SystemClock;
use crate::error::ConnectReason;

fn transport(url: &str) -> HttpTransport {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    HttpTransport::new(&BaseUrl::parse("base_url", url, &[]).unwrap(), None, None, &clock).unwrap()
}

fn post<'a>(url: &'a str, body: &'a [u8], start_within: Option<Duration>) -> Request<'a> {
    Request {
        method: Method::Post,
        url,
        headers: &[],
        body,
        timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(5),
        start_within,
        max_response_bytes: 1 << 20,
    }
}

/// Reads one request from a connection, and returns the number of bytes.
fn serve(stream: &mut TcpStream) -> usize {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(b"body") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return request.len(),
            Ok(count) => request.extend_from_slice(&buffer[..count]),
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
    request.len()
}

#[test]
fn a_request_that_comes_too_late_to_its_first_byte_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let transport = transport(&url);
    let server = thread::spawn(move || {
        let mut first = listener.accept().unwrap().0;
        let on_first = [serve(&mut first), serve(&mut first)];
        (on_first, serve(&mut listener.accept().unwrap().0))
    });
    let in_time = transport.send(&post(&url, b"body", Some(Duration::from_secs(5)))).unwrap();
    assert_eq!(in_time.status, 200);
    // The first on an existing connection, the second on a new one.
    for _ in 0..2 {
        let error = transport.send(&post(&url, b"body", Some(Duration::ZERO))).unwrap_err();
        assert_eq!((error.fault, error.may_have_been_sent), (TransportFault::Timeout, false));
    }
    let ([first, second], third) = server.join().unwrap();
    assert!(first > 0);
    assert_eq!((second, third), (0, 0));
}

#[test]
fn a_request_whose_time_is_over_when_it_could_leave_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let transport = transport(&url);
    let server = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        [serve(&mut stream), serve(&mut stream)]
    });
    transport.send(&post(&url, b"body", None)).unwrap();
    // The connection exists, so no wait can exceed its time limit.
    let error = transport.send(&Request { timeout: Duration::ZERO, ..post(&url, b"body", None) }).unwrap_err();
    assert_eq!((error.fault, error.may_have_been_sent), (TransportFault::Timeout, false));
    let [first, second] = server.join().unwrap();
    assert!(first > 0 && second == 0);
}

#[test]
fn head_and_body_leave_in_one_piece() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap();
        assert!(buffer[..count].ends_with(b"body"));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
    });
    transport(&url).send(&post(&url, b"body", None)).unwrap();
    server.join().unwrap();
}

#[test]
fn plain_http_stays_on_this_machine_regardless_of_name_mappings() {
    let elsewhere: SocketAddr = "192.0.2.1:80".parse().unwrap();
    let url = "http://localhost:80";
    let transport = transport(url);
    let pool = transport.pools.get(|_| unreachable!());
    pool.resolver.set_for_tests("localhost", elsewhere);
    let error = transport.send(&post(url, b"body", None)).unwrap_err();
    assert_eq!((error.fault, error.may_have_been_sent), (TransportFault::Connect, false));
    assert_eq!(error.reason, Some(ConnectReason::NotLoopback));
}

#[test]
fn an_exchange_within_another_has_its_own_limits() {
    let outer = post("", b"", None);
    let _entered = Exchange::enter(&outer);
    exchange::set_begun();
    {
        let _inner = Exchange::enter(&outer);
        assert!(!exchange::has_begun());
    }
    assert!(exchange::has_begun());
}

#[test]
fn it_aborts_unless_there_is_a_proxy() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let base_url = BaseUrl::parse("base_url", "https://127.0.0.1", &[]).unwrap();
    for (proxy, aborts) in [(None, true), (Some("http://127.0.0.1:1"), false)] {
        let transport = HttpTransport::new(&base_url, proxy, None, &clock).unwrap();
        assert_eq!(transport.aborts_on_failure(), aborts);
    }
}
