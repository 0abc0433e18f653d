//! A proxy between the processes of a fleet and the platform, or between apps and their relays: it resets connections, delays
//! requests and responses, drops everything for a while, and has a process killed or suspended after some bytes of a request.
//!
//! It delivers a delayed request at most [`LONGEST_HOLD`] after its arrival, so that no commit is later than 150 ms after the
//! client has given up. Requests that arrive during a longer outage are lost, as are those that their client has reset.

use std::io::{self, Read, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::campaign::journal::Journal;
use crate::campaign::random::Random;
use crate::{Acceptor, WholeRequest};

const LONGEST_HOLD: u64 = 450;

/// What a proxy connects.
#[derive(Debug)]
pub(super) enum Hop {
    /// Processes with the platform at this address. The process that sends a request is struck.
    ToPlatform(String),
    /// Apps with one of the relays that run. The relay that receives a request is struck.
    ToRelays(Relays),
}

/// The addresses of the relays that run.
pub(super) type Relays = Arc<Mutex<Vec<SocketAddr>>>;

impl Hop {
    /// The requests that create something.
    fn creates(&self) -> &'static [&'static [u8]] {
        match self {
            Self::ToPlatform(_) => {
                &[b"POST /open-api/v1/account/transfer HTTP/1.1", b"POST /open-api/v1/card/apply HTTP/1.1"]
            }
            Self::ToRelays(_) => &[
                b"POST /v1/accounts.transfer HTTP/1.1",
                b"POST /v1/accounts.ensure_transfer HTTP/1.1",
                b"POST /v1/cards.apply HTTP/1.1",
                b"POST /v1/cards.ensure_card HTTP/1.1",
            ],
        }
    }
}

/// An order to kill or suspend a process. The receiver replies whether that was possible.
#[derive(Debug)]
pub(super) struct Order {
    /// The process's end of the connection.
    pub(super) end: SocketAddr,
    pub(super) what: Strike,
    pub(super) done: Sender<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strike {
    Kill,
    /// Suspend it for this long.
    Suspend(Duration),
}

/// A running proxy. It accepts no connections after it was dropped.
#[derive(Debug)]
pub(super) struct FaultProxy {
    acceptor: Acceptor,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    hop: Hop,
    /// One in this many requests that create something is disturbed.
    chances: u64,
    dead_until: Mutex<Option<Instant>>,
    random: Mutex<Random>,
    orders: Mutex<Sender<Order>>,
    journal: Arc<Journal>,
}

/// What happens to a request that creates something.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Passes,
    /// Some bytes pass; then a process is killed or suspended, and the rest passes or not.
    Struck {
        part: u64,
        what: Strike,
        rest_passes: bool,
    },
    /// Some bytes pass, and both connections are reset.
    Reset {
        part: u64,
    },
    /// It is delivered later.
    Held(Duration),
    /// Its response is delivered after the client's timeout.
    ResponseHeld(Duration),
}

impl FaultProxy {
    pub(super) fn start(
        hop: Hop,
        chances: u64,
        random: Random,
        journal: Arc<Journal>,
        orders: Sender<Order>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            hop,
            chances,
            dead_until: Mutex::default(),
            random: Mutex::new(random),
            orders: Mutex::new(orders),
            journal,
        });
        let carrying = Arc::clone(&shared);
        let acceptor = Acceptor::start((Ipv4Addr::LOCALHOST, 0).into(), move |stream| {
            let shared = Arc::clone(&carrying);
            // An error here is a broken connection, which is the purpose of the proxy.
            std::thread::spawn(move || shared.carry(&stream));
        })?;
        Ok(Self { acceptor, shared })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.acceptor.address())
    }

    /// Stops all traffic for this long, in both directions.
    pub(super) fn cut(&self, time: Duration) {
        self.shared.journal.event("network dead for a while");
        *lock(&self.shared.dead_until) = Some(Instant::now() + time);
    }
}

impl Shared {
    /// Connects to the server: of several relays, to any.
    fn connect(&self) -> io::Result<TcpStream> {
        match &self.hop {
            Hop::ToPlatform(address) => TcpStream::connect(address),
            Hop::ToRelays(relays) => {
                let relay = lock(&self.random).pick(&lock(relays));
                TcpStream::connect(relay.ok_or(io::ErrorKind::ConnectionRefused)?)
            }
        }
    }

    fn carry(&self, client: &TcpStream) -> io::Result<()> {
        let platform = match self.connect() {
            Ok(platform) => platform,
            Err(error) => {
                self.journal.event("no relay can be reached");
                SockRef::from(client).set_linger(Some(Duration::ZERO))?;
                return Err(error);
            }
        };
        client.set_nodelay(true)?;
        platform.set_nodelay(true)?;
        let hold_response = Mutex::new(None);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = self.responses(&platform, client, &hold_response);
                let _ = client.shutdown(Shutdown::Both);
            });
            let result = self.requests(client, &platform, &hold_response);
            let _ = platform.shutdown(Shutdown::Both);
            result
        })
    }

    fn responses(
        &self,
        mut platform: &TcpStream,
        mut client: &TcpStream,
        hold: &Mutex<Option<Duration>>,
    ) -> io::Result<()> {
        let mut bytes = vec![0; 64 * 1024];
        loop {
            let count = platform.read(&mut bytes)?;
            if count == 0 {
                return Ok(());
            }
            self.wait_while_dead();
            if let Some(time) = lock(hold).take() {
                std::thread::sleep(time);
            }
            client.write_all(&bytes[..count])?;
        }
    }

    fn requests(
        &self,
        mut client: &TcpStream,
        mut platform: &TcpStream,
        hold_response: &Mutex<Option<Duration>>,
    ) -> io::Result<()> {
        let mut bytes = vec![0; 64 * 1024];
        loop {
            client.set_read_timeout(None)?;
            let count = client.read(&mut bytes)?;
            if count == 0 {
                return Ok(());
            }
            let dead = self.wait_while_dead();
            if dead > Duration::from_millis(LONGEST_HOLD) || (!dead.is_zero() && client.take_error()?.is_some()) {
                self.journal.event("request lost while the network was dead");
                return reset(client, platform);
            }
            let mut request = bytes[..count].to_vec();
            if !self.hop.creates().iter().any(|begin| request.starts_with(begin)) {
                platform.write_all(&request)?;
                continue;
            }
            match self.fate() {
                Fate::Passes => platform.write_all(&request)?,
                Fate::Held(time) => {
                    self.journal.event("request held and delivered");
                    std::thread::sleep(time);
                    platform.write_all(&request)?;
                }
                Fate::ResponseHeld(time) => {
                    self.journal.event("response held");
                    *lock(hold_response) = Some(time);
                    platform.write_all(&request)?;
                }
                Fate::Reset { part } => {
                    self.journal.event("connection reset in mid-request");
                    read_whole(client, &mut request)?;
                    let (begin, _) = split(&request, part);
                    platform.write_all(begin)?;
                    return reset(client, platform);
                }
                Fate::Struck { part, what, rest_passes } => {
                    read_whole(client, &mut request)?;
                    let (begin, rest) = split(&request, part);
                    platform.write_all(begin)?;
                    let victim = match self.hop {
                        Hop::ToPlatform(_) => client.peer_addr()?,
                        Hop::ToRelays(_) => platform.peer_addr()?,
                    };
                    if self.strike(victim, what) {
                        self.journal.event(match (what, rest.is_empty()) {
                            (Strike::Kill, true) => "process killed after a request",
                            (Strike::Kill, false) => "process killed in mid-request",
                            (Strike::Suspend(_), _) => "process suspended in mid-request",
                        });
                    }
                    if !rest_passes && !rest.is_empty() {
                        return reset(client, platform);
                    }
                    platform.write_all(rest)?;
                }
            }
        }
    }

    fn fate(&self) -> Fate {
        let mut random = lock(&self.random);
        if !random.one_in(self.chances) {
            return Fate::Passes;
        }
        // A part above 1,000 is the whole request: one in nine.
        let part = random.below(1_125);
        match random.below(8) {
            0 | 1 => Fate::Struck { part, what: Strike::Kill, rest_passes: random.one_in(2) },
            2 | 3 => {
                Fate::Struck { part, what: Strike::Suspend(random.millis(50, 2_500)), rest_passes: random.one_in(2) }
            }
            4 => Fate::Reset { part },
            5 | 6 => Fate::Held(random.millis(20, LONGEST_HOLD)),
            _ => Fate::ResponseHeld(random.millis(320, 900)),
        }
    }

    /// Orders to kill or suspend a process, and waits until it is done. `false` if it is gone or its parent too busy.
    fn strike(&self, end: SocketAddr, what: Strike) -> bool {
        let (done, wait) = mpsc::channel();
        let sent = lock(&self.orders).send(Order { end, what, done }).is_ok();
        sent && wait.recv_timeout(Duration::from_millis(LONGEST_HOLD)).unwrap_or(false)
    }

    /// Waits until the network works again; returns the time.
    fn wait_while_dead(&self) -> Duration {
        let (begin, mut waited) = (Instant::now(), Duration::ZERO);
        loop {
            let until = *lock(&self.dead_until);
            let left = until.map(|until| until.saturating_duration_since(Instant::now())).unwrap_or_default();
            if left.is_zero() {
                return waited;
            }
            std::thread::sleep(left);
            waited = begin.elapsed();
        }
    }
}

/// Splits a request at that many thousandths.
fn split(request: &[u8], part: u64) -> (&[u8], &[u8]) {
    let at = u64::try_from(request.len()).unwrap_or(0) * part.min(1_000) / 1_000;
    request.split_at(usize::try_from(at).unwrap_or(0))
}

/// Reads the rest of a request: head and body may arrive separately.
fn read_whole(mut client: &TcpStream, request: &mut Vec<u8>) -> io::Result<()> {
    client.set_read_timeout(Some(Duration::from_millis(50)))?;
    let mut more = [0; 4096];
    while WholeRequest::parse(request).is_none() {
        match client.read(&mut more) {
            Ok(0) | Err(_) => return Ok(()),
            Ok(count) => request.extend_from_slice(&more[..count]),
        }
    }
    Ok(())
}

fn reset(client: &TcpStream, platform: &TcpStream) -> io::Result<()> {
    SockRef::from(platform).set_linger(Some(Duration::ZERO))?;
    SockRef::from(client).set_linger(Some(Duration::ZERO))?;
    // The response to the forwarded request reaches nobody.
    platform.shutdown(Shutdown::Both)?;
    client.shutdown(Shutdown::Both)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
