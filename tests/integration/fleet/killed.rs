//! A worker that is killed at some byte of its request, and another one that knows nothing but the store.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::fleet::{Fleet, Scratch};

const REQUEST: &[u8] = b"POST /open-api/v1/account/transfer HTTP/1.1";

/// Between a worker and the platform: it kills the worker when so many bytes of a transfer have passed.
struct Killer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    platform: String,
    /// Whom to kill; 0 for nobody.
    worker: AtomicU32,
    /// After how many bytes of the request.
    after: AtomicUsize,
    /// How long the last request was, in all.
    length: Mutex<usize>,
}

impl Killer {
    fn start(base_url: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let shared = Arc::new(Shared {
            platform: base_url.trim_start_matches("http://").to_owned(),
            worker: AtomicU32::new(0),
            after: AtomicUsize::new(0),
            length: Mutex::default(),
        });
        let killer = Self { address: listener.local_addr().unwrap(), shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || shared.relay(stream));
            }
        });
        killer
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
            let mut request = vec![0; 64 * 1024];
            let count = client.read(&mut request)?;
            request.truncate(count);
            if count == 0 {
                return platform.shutdown(Shutdown::Both);
            }
            if request.starts_with(REQUEST) {
                // Head and body may come in two pieces.
                client.set_read_timeout(Some(Duration::from_millis(50)))?;
                let mut more = vec![0; 64 * 1024];
                if let Ok(count) = client.read(&mut more) {
                    request.extend_from_slice(&more[..count]);
                }
                *self.length.lock().unwrap() = request.len();
                let worker = self.worker.swap(0, Ordering::SeqCst);
                if worker != 0 {
                    let whole = self.after.load(Ordering::SeqCst) >= request.len();
                    request.truncate(self.after.load(Ordering::SeqCst));
                    platform.write_all(&request)?;
                    assert!(Command::new("kill").args(["-KILL", &worker.to_string()]).status()?.success());
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
    let address = format!("http://{}", killer.address);
    // The first run, with nothing passed on, tells how long a request is.
    let mut made = 0;
    let mut after = vec![0];
    while let Some(bytes) = after.pop() {
        killer.shared.after.store(bytes, Ordering::SeqCst);
        let reference = format!("killed-{bytes}");
        let ensure = format!("ensure {reference} 500 5000");
        let mut worker = fleet.worker_at(&address);
        killer.shared.worker.store(worker.id(), Ordering::SeqCst);
        worker.begin(&ensure);
        worker.await_death();
        let length = *killer.shared.length.lock().unwrap();
        if made == 0 {
            let random = u64::from(std::process::id());
            let step = |part: usize| length * part / 6 + usize::try_from(random % 7).unwrap();
            after.extend((1..6).map(step).chain([1, length - 1, length]));
        }
        // A whole request is carried out, with nobody there to hear of it.
        while bytes >= length && fleet.sandbox.transfers().len() == made {
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut next = fleet.worker_at(&address);
        let answer = next.tell(&format!("ensure {reference} 500 60000"));
        assert_eq!(answer, if bytes >= length { "found" } else { "created" }, "killed after {bytes} of {length} bytes");
        made += 1;
        assert_eq!(fleet.sandbox.transfers().len(), made, "killed after {bytes} of {length} bytes");
    }
}

#[test]
fn with_a_file_each_transfer_exists_once_after_a_kill_at_any_byte() {
    let scratch = Scratch::new();
    exists_once_after_a_kill(&["file", scratch.text()]);
}
