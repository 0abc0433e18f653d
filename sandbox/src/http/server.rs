//! The listener and its threads.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Origin, Service, StopSignal, connection};

/// More connections than this at once are turned away.
const MAX_CONNECTIONS: usize = 256;
/// How often a full server looks for a free place before it turns a connection away, and how long it waits each time.
const PATIENCE: (usize, Duration) = (20, Duration::from_millis(1));

/// A running listener. Dropping it joins all its threads, after the stop signal is set.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Arc<StopSignal>,
    acceptor: Option<JoinHandle<()>>,
}

/// Where a server listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bind {
    /// 0 lets the system choose.
    pub(crate) port: u16,
    /// `false` binds loopback only.
    pub(crate) any_interface: bool,
}

struct Connection {
    /// Weak, so that the thread's end closes the socket even if nobody has joined the thread yet.
    stream: Weak<TcpStream>,
    thread: JoinHandle<()>,
}

impl Server {
    pub(crate) fn listener(bind: Bind) -> io::Result<TcpListener> {
        let address = if bind.any_interface { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
        TcpListener::bind((address, bind.port))
    }

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
        // The acceptor sleeps in `accept`: a connection wakes it, and it sees the signal.
        let wake = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.address.port());
        let _ = TcpStream::connect_timeout(&wake, Duration::from_secs(1));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn accept<S: Service>(listener: &TcpListener, service: &Arc<S>, stop: &StopSignal) {
    let mut connections: Vec<Connection> = Vec::new();
    let mut count = 0;
    loop {
        let accepted = listener.accept();
        if stop.is_set() {
            break;
        }
        // An error belongs to one connection or to a moment without file descriptors, never to the listener.
        let Ok((stream, peer)) = accepted else {
            thread::sleep(PATIENCE.1);
            continue;
        };
        make_room(&mut connections);
        if connections.len() >= MAX_CONNECTIONS {
            // Dropping the stream closes it; the client may try again.
            continue;
        }
        count += 1;
        let origin = Origin { connection: count, address: peer.ip() };
        let stream = Arc::new(stream);
        let weak = Arc::downgrade(&stream);
        let service = Arc::clone(service);
        let spawned = thread::Builder::new().spawn(move || {
            // An error here is a client that went away; there is nobody to tell.
            let _ = connection::serve(&stream, origin, &*service);
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

fn make_room(connections: &mut Vec<Connection>) {
    for _ in 0..PATIENCE.0 {
        reap(connections);
        if connections.len() < MAX_CONNECTIONS {
            return;
        }
        thread::sleep(PATIENCE.1);
    }
}

fn reap(connections: &mut Vec<Connection>) {
    let (done, live): (Vec<_>, Vec<_>) =
        std::mem::take(connections).into_iter().partition(|connection| connection.thread.is_finished());
    *connections = live;
    for connection in done {
        let _ = connection.thread.join();
    }
}
