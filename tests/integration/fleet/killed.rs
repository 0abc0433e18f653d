//! A worker is killed at some byte of its request; another one with the same store continues.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keysecure_tests::{Acceptor, WholeRequest, read_some};

use crate::workers::{Fleet, TempDir, kill};

const REQUEST: &[u8] = b"POST /open-api/v1/account/transfer HTTP/1.1";

/// A proxy between a worker and the sandbox that kills the worker after a number of bytes of a transfer.
struct Killer {
    acceptor: Acceptor,
    shared: Arc<Shared>,
}

struct Shared {
    platform: String,
    /// The process to kill; 0 for none.
    worker: AtomicU32,
    /// After how many bytes of the request.
    after: AtomicUsize,
    /// The length of the last request.
    length: Mutex<usize>,
}

impl Killer {
    fn start(base_url: &str) -> Self {
        let shared = Arc::new(Shared {
            platform: base_url.trim_start_matches("http://").to_owned(),
            worker: AtomicU32::new(0),
            after: AtomicUsize::new(0),
            length: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let acceptor = Acceptor::start((Ipv4Addr::LOCALHOST, 0).into(), move |stream| {
            let shared = Arc::clone(&serving);
            std::thread::spawn(move || shared.relay(stream));
        });
        Self { acceptor: acceptor.unwrap(), shared }
    }
}

impl Shared {
    fn relay(&self, mut client: TcpStream) -> io::Result<()> {
        let mut platform = TcpStream::connect(&self.platform)?;
        let (mut from_platform, mut to_client) = (platform.try_clone()?, client.try_clone()?);
        std::thread::spawn(move || {
            let _ = io::copy(&mut from_platform, &mut to_client);
            let _ = to_client.shutdown(Shutdown::Both);
        });
        loop {
            let mut request = Vec::new();
            if read_some(&mut client, &mut request)? == 0 {
                return platform.shutdown(Shutdown::Both);
            }
            if request.starts_with(REQUEST) {
                // Head and body may arrive separately.
                while WholeRequest::parse(&request).is_none() && read_some(&mut client, &mut request)? > 0 {}
                *self.length.lock().unwrap() = request.len();
                let worker = self.worker.swap(0, Ordering::SeqCst);
                if worker != 0 {
                    let whole = self.after.load(Ordering::SeqCst) >= request.len();
                    request.truncate(self.after.load(Ordering::SeqCst));
                    platform.write_all(&request)?;
                    kill(worker);
                    return if whole { Ok(()) } else { platform.shutdown(Shutdown::Both) };
                }
            }
            platform.write_all(&request)?;
        }
    }
}

pub fn exists_once_after_a_kill(store: &[&str]) {
    let fleet = Fleet::empty(Duration::from_secs(10_000), store);
    let killer = Killer::start(fleet.sandbox.base_url());
    let address = format!("http://{}", killer.acceptor.address());
    // The first run passes nothing on and measures the length of a request.
    let mut made = 0;
    let mut after = vec![0];
    while let Some(bytes) = after.pop() {
        killer.shared.after.store(bytes, Ordering::SeqCst);
        let reference = format!("killed-{bytes}");
        let ensure = format!("ensure {reference} 500 5000");
        let mut worker = fleet.worker_at(&address);
        killer.shared.worker.store(worker.id(), Ordering::SeqCst);
        worker.send(&ensure);
        worker.await_death();
        let length = *killer.shared.length.lock().unwrap();
        if made == 0 {
            let random = u64::from(std::process::id());
            let step = |part: usize| length * part / 6 + usize::try_from(random % 7).unwrap();
            after.extend((1..6).map(step).chain([1, length - 1, length]));
        }
        // A complete request is carried out, although its sender is dead.
        while bytes >= length && fleet.sandbox.transfers().len() == made {
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut next = fleet.worker_at(&address);
        let reply = next.run(&format!("ensure {reference} 500 60000"));
        assert_eq!(reply, if bytes >= length { "found" } else { "created" }, "killed after {bytes} of {length} bytes");
        made += 1;
        assert_eq!(fleet.sandbox.transfers().len(), made, "killed after {bytes} of {length} bytes");
    }
}

#[test]
fn with_a_file_each_transfer_exists_once_after_a_kill_at_any_byte() {
    let directory = TempDir::new();
    exists_once_after_a_kill(&["file", directory.text()]);
}
