//! An HTTP server for tests that sends any bytes.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::acceptor::Acceptor;
use super::http::{RecordedRequest, envelope, read_request};

const TOKEN_PATH: &str = "/open-api/v1/merchant/token";

/// What the server does with a request.
#[derive(Debug, Clone)]
pub enum MockResponse {
    /// Writes the bytes and waits for the next request.
    Keep(Vec<u8>),
    /// Writes the bytes and closes the connection.
    Close(Vec<u8>),
    /// Writes the first bytes, then repeats the others until that many bytes were written or the client is gone.
    Endless(Vec<u8>, Vec<u8>, u64),
    /// Waits, then writes the bytes.
    Delayed(Duration, Vec<u8>),
    /// Writes the bytes and holds the connection open for that long.
    Hold(Vec<u8>, Duration),
}

type Respond = dyn Fn(&RecordedRequest) -> MockResponse + Send + Sync;

struct Shared {
    respond: Box<Respond>,
    requests: Mutex<Vec<RecordedRequest>>,
    open: Mutex<Vec<TcpStream>>,
    written: AtomicU64,
    stop: AtomicBool,
}

/// A running server. It stops when it is dropped.
pub struct MockServer {
    acceptor: Option<Acceptor>,
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for MockServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MockServer").field("address", &self.address).finish_non_exhaustive()
    }
}

impl MockServer {
    /// Starts a server on loopback that responds as `respond` says.
    pub fn start(respond: impl Fn(&RecordedRequest) -> MockResponse + Send + Sync + 'static) -> io::Result<Self> {
        Self::start_on((Ipv4Addr::LOCALHOST, 0).into(), respond)
    }

    /// Starts a server on that address.
    pub fn start_on(
        address: SocketAddr,
        respond: impl Fn(&RecordedRequest) -> MockResponse + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            respond: Box::new(respond),
            requests: Mutex::default(),
            open: Mutex::default(),
            written: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let (serving, mut connection) = (Arc::clone(&shared), 0);
        let acceptor = Acceptor::start(address, move |stream| {
            connection += 1;
            if let Ok(copy) = stream.try_clone() {
                lock(&serving.open).push(copy);
            }
            let (shared, connection) = (Arc::clone(&serving), connection);
            // An error here is a client that went away.
            std::thread::spawn(move || serve(stream, connection, &shared));
        })?;
        Ok(Self { address: acceptor.address(), acceptor: Some(acceptor), shared })
    }

    /// Starts a server for a client: it gives every client a token, and responds to all else as `respond` says.
    pub fn platform(respond: impl Fn(&RecordedRequest) -> MockResponse + Send + Sync + 'static) -> io::Result<Self> {
        Self::start(move |request| {
            if request.target == TOKEN_PATH {
                let in_a_day = now_ms() + 86_400_000;
                let data = format!(r#"{{"access_token":"mock-token","expired_time":{in_a_day}}}"#);
                return MockResponse::Keep(envelope(&data));
            }
            respond(request)
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

    /// The requests so far, except those for a token.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.shared.requests).iter().filter(|request| request.target != TOKEN_PATH).cloned().collect()
    }

    /// How many bytes of responses it has written.
    pub fn written(&self) -> u64 {
        self.shared.written.load(Ordering::SeqCst)
    }

    /// Closes every connection that is open now.
    pub fn close_connections(&self) {
        for stream in lock(&self.shared.open).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.acceptor = None;
        // The threads of the connections end with their sockets.
        self.close_connections();
    }
}

fn serve(mut stream: TcpStream, connection: u64, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    let mut buffer = Vec::new();
    for nth in 1.. {
        let Some(mut request) = read_request(&mut stream, &mut buffer)? else { break };
        (request.connection, request.nth) = (connection, nth);
        lock(&shared.requests).push(request.clone());
        let mut send = |bytes: &[u8]| -> io::Result<()> {
            stream.write_all(bytes)?;
            shared.written.fetch_add(bytes.len() as u64, Ordering::SeqCst);
            Ok(())
        };
        match (shared.respond)(&request) {
            MockResponse::Keep(bytes) => send(&bytes)?,
            MockResponse::Close(bytes) => {
                send(&bytes)?;
                break;
            }
            MockResponse::Endless(first, repeated, most) => {
                send(&first)?;
                while shared.written.load(Ordering::SeqCst) < most && !shared.stop.load(Ordering::SeqCst) {
                    send(&repeated)?;
                }
                break;
            }
            MockResponse::Delayed(wait, bytes) => {
                std::thread::sleep(wait);
                send(&bytes)?;
            }
            MockResponse::Hold(bytes, wait) => {
                send(&bytes)?;
                std::thread::sleep(wait);
                break;
            }
        }
    }
    stream.shutdown(Shutdown::Both)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
}
