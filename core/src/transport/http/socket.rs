//! A TCP connection that is reset when an exchange fails, and whose waits end with the call.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use ureq::unversioned::transport::ShutdownHandle;

use super::exchange::Limit;
use super::failure::Failure;
use crate::clock::Clock;

/// A TCP connection, open or in the process of being opened.
///
/// `SO_LINGER` is 0 from the beginning, so the system discards undelivered bytes when the connection is dropped, and even when
/// the process is killed. Only an idle connection is closed in order.
pub(super) struct Tcp {
    stream: Arc<Stream>,
    clock: Arc<dyn Clock>,
    /// The process that made the connection. A forked child inherits it and must not use it.
    process: u32,
    /// Whether no exchange is in progress.
    idle: bool,
    /// Whether data may be available without waiting.
    eager: bool,
    /// The `TCP_USER_TIMEOUT` in force, in seconds.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    user_timeout: u64,
}

/// The TCP stream, in an `Arc` so that another thread can end a wait of this one.
pub(super) struct Stream {
    socket: TcpStream,
    is_shut: AtomicBool,
}

impl ShutdownHandle for Stream {
    fn shutdown(&self) {
        self.is_shut.store(true, Ordering::Release);
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// The interval at which a wait checks whether its stream was shut down. Only Windows needs it: there a shutdown does not wake a
/// thread that waits (<https://github.com/rust-lang/rust/issues/121594>).
const CHECK_EVERY: Option<Duration> = if cfg!(windows) { Some(Duration::from_millis(100)) } else { None };

impl Tcp {
    /// Creates a socket that is not connected yet.
    pub(super) fn new(address: SocketAddr, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_linger(Some(Duration::ZERO))?;
        socket.set_tcp_nodelay(true)?;
        let stream = Arc::new(Stream { socket: socket.into(), is_shut: AtomicBool::new(false) });
        Ok(Self {
            stream,
            clock,
            process: process::id(),
            idle: false,
            eager: false,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            user_timeout: 0,
        })
    }

    pub(super) fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    pub(super) fn connect(&mut self, address: SocketAddr, limit: Limit) -> Result<(), Failure> {
        let socket = SockRef::from(&self.stream.socket);
        match socket.connect(&address.into()) {
            Ok(()) => return Ok(()),
            Err(error) if is_in_progress(&error) => {}
            Err(error) => return Err(Failure::from_connect_error(&error)),
        }
        self.wait(PollFlags::OUT, limit)?;
        match socket.take_error() {
            Ok(None) => Ok(()),
            Ok(Some(error)) | Err(error) => Err(Failure::from_connect_error(&error)),
        }
    }

    /// Passes all bytes to the system, and counts in `taken` those that it took.
    pub(super) fn write_all(&mut self, mut bytes: &[u8], taken: &mut usize) -> Result<(), Failure> {
        self.idle = false;
        self.eager = false;
        self.limit_delivery();
        while !bytes.is_empty() {
            match (&self.stream.socket).write(bytes) {
                Ok(count) => {
                    *taken += count;
                    bytes = bytes.get(count..).unwrap_or_default();
                }
                Err(error) => self.after(&error, PollFlags::OUT)?,
            }
        }
        Ok(())
    }

    /// Reads the available bytes, and waits until there are any. 0 is the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        if self.eager {
            // A peer that never stops sending must not exceed the time limit.
            Limit::current().piece(None)?;
        } else {
            // The response to a request that was just written is never available yet: a first try would be wasted.
            self.wait(PollFlags::IN, Limit::current())?;
            self.eager = true;
        }
        loop {
            match (&self.stream.socket).read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) => self.after(&error, PollFlags::IN)?,
            }
        }
    }

    /// Whether another exchange can start on the connection. Called after an exchange, which it records, and again before the
    /// next one: then there must be no unexpected byte and no end of the stream.
    pub(super) fn is_open(&mut self) -> bool {
        if self.idle {
            return self.stream.socket.peek(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        }
        self.idle = true;
        true
    }

    /// Records that no bytes are in transit that must not be delivered.
    pub(super) fn set_idle(&mut self) {
        self.idle = true;
    }

    /// Waits if the operation would block; fails with any other error.
    fn after(&self, error: &io::Error, events: PollFlags) -> Result<(), Failure> {
        match error.kind() {
            io::ErrorKind::WouldBlock => self.wait(events, Limit::current()),
            io::ErrorKind::Interrupted => Ok(self.clock.between_waits()?),
            _ => Err(Failure::from_io(error)),
        }
    }

    fn wait(&self, events: PollFlags, limit: Limit) -> Result<(), Failure> {
        loop {
            let longest = self.clock.longest_wait();
            let piece = limit.piece(longest.into_iter().chain(CHECK_EVERY).min())?;
            // A piece that is too long for the system means no limit.
            let piece = piece.and_then(|piece| Timespec::try_from(piece).ok());
            match poll(&mut [PollFd::new(&self.stream.socket, events)], piece.as_ref()) {
                // The next read or write fails at once.
                Ok(0) if self.stream.is_shut.load(Ordering::Acquire) => return Ok(()),
                Ok(0) if longest.is_none() => {}
                Ok(0) | Err(Errno::INTR) => self.clock.between_waits()?,
                Ok(_) => return Ok(()),
                Err(error) => return Err(Failure::from_io(&error.into())),
            }
        }
    }

    /// Lets the system discard unacknowledged bytes at the deadline of the exchange, even if this process is stopped then.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn limit_delivery(&mut self) {
        if let Some(seconds) = super::exchange::seconds_left()
            && seconds != self.user_timeout
        {
            let timeout = Some(Duration::from_secs(seconds));
            if SockRef::from(&self.stream.socket).set_tcp_user_timeout(timeout).is_ok() {
                self.user_timeout = seconds;
            }
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn limit_delivery(&mut self) {}
}

impl Drop for Tcp {
    fn drop(&mut self) {
        if process::id() != self.process {
            // The parent still has the connection: options and resets would affect both.
            return;
        }
        if self.idle {
            let _ = SockRef::from(&self.stream.socket).set_linger(None);
            return;
        }
        // Closing is not enough if a child that was forked meanwhile holds it too.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let _ = rustix::net::connect_unspec(&self.stream.socket);
    }
}

/// Whether a connection is being made.
fn is_in_progress(error: &io::Error) -> bool {
    if cfg!(windows) {
        return error.kind() == io::ErrorKind::WouldBlock;
    }
    error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error())
}

impl fmt::Debug for Tcp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tcp").field("idle", &self.idle).finish_non_exhaustive()
    }
}
