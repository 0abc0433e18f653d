//! A tiny HTTP server that answers any bytes.

use std::io::{self, Read, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// GET or POST.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// All lines behind the first one, without their ends.
    pub headers: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
    /// Ordinal of the connection, from 1.
    pub connection: u64,
    /// Ordinal of the request on its connection, from 1.
    pub nth: u64,
}

impl Seen {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Writes the bytes and waits for the next request.
    Keep(Vec<u8>),
    /// Writes the bytes and closes the connection.
    Close(Vec<u8>),
    /// Writes the first bytes, then the others again and again, until that many were written or the client is gone.
    Endless(Vec<u8>, Vec<u8>, u64),
    /// Waits, then writes the bytes.
    Late(Duration, Vec<u8>),
    /// Writes the bytes and holds the connection open for that long.
    Hold(Vec<u8>, Duration),
}

type Script = dyn Fn(&Seen) -> Reply + Send + Sync;

struct Shared {
    script: Box<Script>,
    seen: Mutex<Vec<Seen>>,
    open: Mutex<Vec<TcpStream>>,
    written: AtomicU64,
    stop: AtomicBool,
}

/// A running server on loopback. It stops when it is dropped.
pub struct Scripted {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Scripted").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Scripted {
    /// Starts a server whose answers `script` gives.
    pub fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        Self::start_on((Ipv4Addr::LOCALHOST, 0).into(), script)
    }

    /// Starts a server on that address.
    pub fn start_on(address: SocketAddr, script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            script: Box::new(script),
            seen: Mutex::default(),
            open: Mutex::default(),
            written: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || accept(&listener, &accepting));
        Ok(Self { address, shared, acceptor: Some(acceptor) })
    }

    /// A server for a client: it gives every client a token and answers everything else by `script`.
    pub fn platform(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        Self::start(move |seen| {
            if seen.target == "/open-api/v1/merchant/token" {
                let in_a_day = now_ms() + 86_400_000;
                let data = format!(r#"{{"access_token":"scripted-token","expired_time":{in_a_day}}}"#);
                return Reply::Keep(envelope(&data));
            }
            script(seen)
        })
    }

    /// `http://127.0.0.1:port`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The requests so far, those for a token left out.
    pub fn seen(&self) -> Vec<Seen> {
        let seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().filter(|seen| seen.target != "/open-api/v1/merchant/token").cloned().collect()
    }

    /// How many bytes of answers it has written.
    pub fn written(&self) -> u64 {
        self.shared.written.load(Ordering::SeqCst)
    }

    /// Closes every connection that is open now.
    pub fn close_connections(&self) {
        for stream in self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        // The threads of the connections end with their sockets.
        self.close_connections();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut count = 0;
    for stream in listener.incoming() {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        count += 1;
        if let Ok(copy) = stream.try_clone() {
            shared.open.lock().unwrap_or_else(PoisonError::into_inner).push(copy);
        }
        let (shared, connection) = (Arc::clone(shared), count);
        // An error here is a client that went away.
        std::thread::spawn(move || serve(stream, connection, &shared));
    }
}

fn serve(mut stream: TcpStream, connection: u64, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    for nth in 1.. {
        let Some(mut seen) = read_request(&mut stream)? else { break };
        (seen.connection, seen.nth) = (connection, nth);
        shared.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen.clone());
        let mut send = |bytes: &[u8]| -> io::Result<()> {
            stream.write_all(bytes)?;
            shared.written.fetch_add(bytes.len() as u64, Ordering::SeqCst);
            Ok(())
        };
        match (shared.script)(&seen) {
            Reply::Keep(bytes) => send(&bytes)?,
            Reply::Close(bytes) => {
                send(&bytes)?;
                break;
            }
            Reply::Endless(first, again, most) => {
                send(&first)?;
                while shared.written.load(Ordering::SeqCst) < most && !shared.stop.load(Ordering::SeqCst) {
                    send(&again)?;
                }
                break;
            }
            Reply::Late(wait, bytes) => {
                std::thread::sleep(wait);
                send(&bytes)?;
            }
            Reply::Hold(bytes, wait) => {
                send(&bytes)?;
                std::thread::sleep(wait);
                break;
            }
        }
    }
    stream.shutdown(Shutdown::Both)
}

/// One request; `None` at the end of the connection.
pub(crate) fn read_request(stream: &mut dyn Read) -> io::Result<Option<Seen>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if read_some(stream, &mut bytes)? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines().map(str::to_owned);
    let first = lines.next().unwrap_or_default();
    let mut words = first.split(' ').map(str::to_owned);
    let mut seen = Seen {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        headers: lines.collect(),
        body: bytes.split_off(end + 4),
        connection: 0,
        nth: 0,
    };
    let length = seen.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while seen.body.len() < length {
        if read_some(stream, &mut seen.body)? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(seen))
}

fn read_some(stream: &mut dyn Read, into: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; 8 * 1024];
    let count = stream.read(&mut chunk)?;
    into.extend_from_slice(&chunk[..count]);
    Ok(count)
}

/// A whole answer: status, further header lines, body.
pub fn http(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        answer.push_str(header);
        answer.push_str("\r\n");
    }
    answer.push_str("\r\n");
    [answer.as_bytes(), body].concat()
}

/// A whole answer of the platform with that `data`.
pub fn envelope(data: &str) -> Vec<u8> {
    let body = format!(r#"{{"code":0,"msg":"success","data":{data}}}"#);
    http("200 OK", &["Content-Type: application/json"], body.as_bytes())
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
}
