//! An HTTP proxy for tests that tunnels.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::acceptor::Acceptor;
use super::http::{RecordedRequest, http, read_request};

/// A running proxy that tunnels every CONNECT, or refuses all with a status. It stops when it is dropped.
#[derive(Debug)]
pub struct ConnectProxy {
    acceptor: Acceptor,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    refusal: Option<&'static str>,
    tunnels: AtomicUsize,
    requests: Mutex<Vec<RecordedRequest>>,
}

impl ConnectProxy {
    /// Starts a proxy; with a status such as `403 Forbidden` it refuses.
    pub fn start(refusal: Option<&'static str>) -> io::Result<Self> {
        let shared = Arc::new(Shared { refusal, tunnels: AtomicUsize::new(0), requests: Mutex::default() });
        let serving = Arc::clone(&shared);
        let acceptor = Acceptor::start((Ipv4Addr::LOCALHOST, 0).into(), move |stream| {
            let shared = Arc::clone(&serving);
            std::thread::spawn(move || shared.tunnel(stream));
        })?;
        Ok(Self { acceptor, shared })
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> SocketAddr {
        self.acceptor.address()
    }

    /// How many tunnels were opened.
    pub fn tunnels(&self) -> usize {
        self.shared.tunnels.load(Ordering::SeqCst)
    }

    /// The requests to the proxy itself.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    fn tunnel(&self, mut client: TcpStream) -> io::Result<()> {
        let mut buffer = Vec::new();
        let Some(request) = read_request(&mut client, &mut buffer)? else { return Ok(()) };
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        if let Some(status) = self.refusal {
            return client.write_all(&http(status, &[], b""));
        }
        if request.method != "CONNECT" {
            return client.write_all(&http("405 Only CONNECT", &[], b""));
        }
        let mut server = TcpStream::connect(&request.target)?;
        self.tunnels.fetch_add(1, Ordering::SeqCst);
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        server.write_all(&buffer)?;
        let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
        std::thread::spawn(move || {
            let _ = io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Both);
        });
        io::copy(&mut server, &mut client)?;
        client.shutdown(Shutdown::Both)
    }
}
