//! The listener and its threads.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::connection;
use super::request::Origin;
use super::service::Service;
use super::stop::StopSignal;

/// The maximum number of connections at once; further ones are closed.
const MAX_CONNECTIONS: usize = 256;
/// The number of times that a full server checks for ended connections before it closes a new one.
const RETRIES: usize = 20;
/// The pause before each of these checks, and after a failed `accept`.
const RETRY_PAUSE: Duration = Duration::from_millis(1);

/// A running listener. Dropping it sets the stop signal and joins all its threads.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Arc<StopSignal>,
    acceptor: Option<JoinHandle<()>>,
}

/// The address that a server listens on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bind {
    /// The port; 0 for any free one.
    pub(crate) port: u16,
    /// Whether other machines can connect; `false` for loopback only.
    pub(crate) any_interface: bool,
}

/// A connection and its thread.
struct Connection {
    /// Weak, so that the end of the thread closes the socket before the thread is joined.
    stream: Weak<TcpStream>,
    thread: JoinHandle<()>,
}

impl Server {
    /// Binds a listener.
    pub(crate) fn listener(bind: Bind) -> io::Result<TcpListener> {
        let address = if bind.any_interface { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
        TcpListener::bind((address, bind.port))
    }

    /// Starts to accept connections.
    pub(crate) fn start<S: Service>(
        name: &str,
        listener: TcpListener,
        service: S,
        stop: Arc<StopSignal>,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let signal = Arc::clone(&stop);
        let acceptor = thread::Builder::new()
            .name(format!("{name}-accept"))
            .spawn(move || accept(&listener, &Arc::new(service), &signal))?;
        Ok(Self { address, stop, acceptor: Some(acceptor) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.set();
        // The acceptor blocks in `accept`; a connection wakes it, and it checks the signal.
        let wake = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.address.port());
        let _ = TcpStream::connect_timeout(&wake, Duration::from_secs(1));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn accept<S: Service>(listener: &TcpListener, service: &Arc<S>, stop: &Arc<StopSignal>) {
    let mut connections: Vec<Connection> = Vec::new();
    let mut count = 0;
    loop {
        let accepted = listener.accept();
        if stop.is_set() {
            break;
        }
        // An error concerns one connection, or file descriptors are exhausted for a moment; the listener still works.
        let Ok((stream, peer)) = accepted else {
            thread::sleep(RETRY_PAUSE);
            continue;
        };
        make_room(&mut connections);
        if connections.len() >= MAX_CONNECTIONS {
            // Dropping the stream closes it; the client may retry.
            continue;
        }
        count += 1;
        let origin = Origin { connection: count, address: peer.ip() };
        let stream = Arc::new(stream);
        let weak = Arc::downgrade(&stream);
        let (service, stop) = (Arc::clone(service), Arc::clone(stop));
        let spawned = thread::Builder::new().spawn(move || {
            // An error means that the client disconnected; there is nothing left to do.
            let _ = connection::serve(&stream, origin, &*service, &stop);
        });
        if let Ok(thread) = spawned {
            connections.push(Connection { stream: weak, thread });
        }
    }
    for connection in &connections {
        if let Some(stream) = connection.stream.upgrade() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
    for connection in connections {
        let _ = connection.thread.join();
    }
}

/// Removes ended connections, and waits a little for one to end if all are in use.
fn make_room(connections: &mut Vec<Connection>) {
    for _ in 0..RETRIES {
        reap(connections);
        if connections.len() < MAX_CONNECTIONS {
            return;
        }
        thread::sleep(RETRY_PAUSE);
    }
}

/// Joins the threads of ended connections.
fn reap(connections: &mut Vec<Connection>) {
    let (done, live): (Vec<_>, Vec<_>) =
        std::mem::take(connections).into_iter().partition(|connection| connection.thread.is_finished());
    *connections = live;
    for connection in done {
        let _ = connection.thread.join();
    }
}
