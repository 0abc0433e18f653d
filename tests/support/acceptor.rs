//! The accept loop that the test servers share.

use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Accepts connections on its own thread until it is dropped.
#[derive(Debug)]
pub struct Acceptor {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Acceptor {
    /// Listens on that address and passes each connection to `serve`. For port 0, listens on a port that no other acceptor
    /// of this process had.
    pub fn start(address: SocketAddr, mut serve: impl FnMut(TcpStream) + Send + 'static) -> io::Result<Self> {
        let listener = if address.port() == 0 { bind_to_new_port(address)? } else { TcpListener::bind(address)? };
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                // An error means that the client has already disconnected.
                let _ = stream.map(&mut serve);
            }
        });
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // The thread accepts this connection, and ends.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A client keeps what it did at a base URL for as long as its process lives: two tests with servers at one port, one after
/// the other, and the same merchant reference would see each other's attempts.
fn bind_to_new_port(address: SocketAddr) -> io::Result<TcpListener> {
    static PORTS: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    // Held until the end, so that the system assigns others.
    let mut used = Vec::new();
    loop {
        let listener = TcpListener::bind(address)?;
        let port = listener.local_addr()?.port();
        if PORTS.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
            return Ok(listener);
        }
        used.push(listener);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn no_two_acceptors_have_the_same_port() {
        let start = || Acceptor::start((Ipv4Addr::LOCALHOST, 0).into(), drop).unwrap().address();
        let addresses: BTreeSet<SocketAddr> = (0..500).map(|_| start()).collect();
        assert_eq!(addresses.len(), 500);
    }
}
