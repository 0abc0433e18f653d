//! A TCP stream whose waits end with the stop signal.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::stop::StopSignal;

/// The interval at which a wait checks the stop signal.
///
/// Only Windows needs it: there `shutdown` does not wake a thread that waits for data
/// (<https://github.com/rust-lang/rust/issues/121594>). Elsewhere one wait lasts as long as its limit.
const CHECK_EVERY: Duration = if cfg!(windows) { Duration::from_millis(100) } else { Duration::MAX };
/// The pause before a write is tried again that found no room in the buffer of the system.
const WRITE_PAUSE: Duration = Duration::from_millis(5);

/// A TCP stream with a limit for each wait.
pub(crate) struct Stream<'a> {
    tcp: &'a TcpStream,
    stop: &'a StopSignal,
    limit: Duration,
    check_every: Duration,
}

impl<'a> Stream<'a> {
    /// Creates a stream of which each wait takes at most `limit`, in real time.
    pub(crate) fn new(tcp: &'a TcpStream, stop: &'a StopSignal, limit: Duration) -> io::Result<Self> {
        Self::with_checks(tcp, stop, limit, CHECK_EVERY)
    }

    fn with_checks(
        tcp: &'a TcpStream,
        stop: &'a StopSignal,
        limit: Duration,
        check_every: Duration,
    ) -> io::Result<Self> {
        let mut stream = Self { tcp, stop, limit, check_every };
        stream.set_limit(limit)?;
        Ok(stream)
    }

    /// Changes the limit of each wait.
    pub(crate) fn set_limit(&mut self, limit: Duration) -> io::Result<()> {
        self.limit = limit;
        self.tcp.set_read_timeout(Some(limit.min(self.check_every)))?;
        self.tcp.set_write_timeout(Some(limit))
    }

    /// Reads the bytes that are there, and waits for some. 0 is the end.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.limit > self.check_every {
            self.wait_for_bytes()?;
        }
        (&*self.tcp).read(buffer)
    }

    /// Waits until a read returns at once. It peeks, because Windows may lose the bytes of a read that times out.
    fn wait_for_bytes(&self) -> io::Result<()> {
        let end = Instant::now() + self.limit;
        loop {
            self.check_stop()?;
            match self.tcp.peek(&mut [0]) {
                Err(error) if is_timeout(&error) && Instant::now() < end => {}
                peeked => return peeked.map(drop),
            }
        }
    }

    /// Writes all bytes. Each wait for the client to take some ends at the limit.
    pub(crate) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        if self.limit <= self.check_every {
            return (&*self.tcp).write_all(bytes);
        }
        // Without time limits of the system, which on Windows leave unknown how much was written.
        self.tcp.set_nonblocking(true)?;
        let written = self.write_pieces(bytes);
        self.tcp.set_nonblocking(false)?;
        written
    }

    fn write_pieces(&self, mut bytes: &[u8]) -> io::Result<()> {
        let mut end = Instant::now() + self.limit;
        while !bytes.is_empty() {
            match (&*self.tcp).write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    bytes = &bytes[count..];
                    end = Instant::now() + self.limit;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.check_stop()?;
                    if Instant::now() >= end {
                        return Err(ErrorKind::TimedOut.into());
                    }
                    self.stop.sleep(WRITE_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn check_stop(&self) -> io::Result<()> {
        if self.stop.is_set() { Err(ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

/// Whether a wait ended without data. The two kinds are those of Unix and of Windows.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use super::*;

    const OFTEN: Duration = Duration::from_millis(5);
    /// Longer than a test may take: only the stop signal ends the wait.
    const HOURS: Duration = Duration::from_secs(24 * 3600);

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    #[test]
    fn the_stop_signal_ends_a_read_that_no_shutdown_wakes() {
        let ((_client, server), stop) = (pair(), StopSignal::default());
        thread::scope(|scope| {
            let reader = scope.spawn(|| Stream::with_checks(&server, &stop, HOURS, OFTEN)?.read(&mut [0; 8]));
            thread::sleep(OFTEN * 4);
            stop.set();
            assert_eq!(reader.join().unwrap().unwrap_err().kind(), ErrorKind::ConnectionAborted);
        });
    }

    #[test]
    fn the_stop_signal_ends_a_write_that_no_client_takes() {
        let ((_client, server), stop) = (pair(), StopSignal::default());
        thread::scope(|scope| {
            let writer = scope.spawn(|| -> io::Result<()> {
                let stream = Stream::with_checks(&server, &stop, HOURS, OFTEN)?;
                loop {
                    stream.write_all(&[b'x'; 8 * 1024])?;
                }
            });
            thread::sleep(OFTEN * 4);
            stop.set();
            assert_eq!(writer.join().unwrap().unwrap_err().kind(), ErrorKind::ConnectionAborted);
        });
    }

    #[test]
    fn bytes_that_arrive_late_are_read_in_full() {
        let ((client, server), stop) = (pair(), StopSignal::default());
        thread::scope(|scope| {
            let reader = scope.spawn(|| -> io::Result<Vec<u8>> {
                let (stream, mut bytes) = (Stream::with_checks(&server, &stop, HOURS, OFTEN)?, Vec::new());
                loop {
                    let mut chunk = [0; 2];
                    match stream.read(&mut chunk)? {
                        0 => return Ok(bytes),
                        count => bytes.extend_from_slice(&chunk[..count]),
                    }
                }
            });
            for part in [&b"one "[..], b"two ", b"three"] {
                thread::sleep(OFTEN * 3);
                (&client).write_all(part).unwrap();
            }
            drop(client);
            assert_eq!(reader.join().unwrap().unwrap(), b"one two three");
        });
    }

    #[test]
    fn a_wait_ends_at_its_limit_with_and_without_checks() {
        let ((_client, server), stop) = (pair(), StopSignal::default());
        for check_every in [OFTEN, Duration::MAX] {
            let stream = Stream::with_checks(&server, &stop, OFTEN * 2, check_every).unwrap();
            assert!(is_timeout(&stream.read(&mut [0]).unwrap_err()));
        }
    }
}
