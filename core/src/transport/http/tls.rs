//! TLS over a connection, with rustls.
//!
//! It replaces ureq's own TLS, which cannot report whether unread bytes are left after a response. They would be read as the
//! next response.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::failure::Failure;
use super::wire::Base;
use crate::error::TransportFault;

/// Number of bytes to read at once from the underlying connection.
const SIZE: usize = 16 * 1024;

/// One TLS session.
pub(super) struct Tls {
    session: ClientConnection,
    /// Bytes that were read from the underlying connection; the session has taken those before `used`.
    read: Vec<u8>,
    used: usize,
    records: Records,
    to_write: Vec<u8>,
}

impl Tls {
    /// Creates a session with the server of that name.
    pub(super) fn handshake(config: &Arc<ClientConfig>, name: &str, base: &mut Base) -> Result<Box<Self>, Failure> {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| Failure::TLS)?;
        let session = ClientConnection::new(Arc::clone(config), name).map_err(|_| Failure::TLS)?;
        let mut tls = Self { session, read: Vec::new(), used: 0, records: Records::default(), to_write: Vec::new() };
        match tls.shake_hands(base) {
            Ok(()) => Ok(Box::new(tls)),
            Err(failure) => {
                // The alert tells the server the reason; no request has been sent yet.
                base.set_idle();
                let fault = match failure.fault {
                    TransportFault::Closed | TransportFault::Other => TransportFault::Tls,
                    fault => fault,
                };
                Err(Failure { fault, ..failure })
            }
        }
    }

    fn shake_hands(&mut self, base: &mut Base) -> Result<(), Failure> {
        self.send(base, &mut 0)?;
        while self.session.is_handshaking() {
            if !self.receive(base)? {
                return Err(Failure::TLS);
            }
            self.send(base, &mut 0)?;
        }
        Ok(())
    }

    /// Encrypts and writes all bytes, and counts in `taken` the encrypted bytes that the system took.
    pub(super) fn write_all(&mut self, base: &mut Base, bytes: &[u8], taken: &mut usize) -> Result<(), Failure> {
        let mut rest = bytes;
        while !rest.is_empty() {
            // The session takes a limited number of bytes at a time.
            let count = self.session.writer().write(rest).map_err(|_| Failure::TLS)?;
            rest = rest.get(count..).unwrap_or_default();
            self.send(base, taken)?;
        }
        Ok(())
    }

    /// Reads the available bytes, and waits until there are any. 0 is the end.
    pub(super) fn read(&mut self, base: &mut Base, buffer: &mut [u8]) -> Result<usize, Failure> {
        loop {
            match self.session.reader().read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Not every server sends a close alert. A truncated body is detected by its length or its JSON.
                Err(_) => return Ok(0),
            }
            if !self.receive(base)? {
                // This tells the session that the stream has ended.
                let _ = self.session.read_tls(&mut io::empty());
            }
            self.send(base, &mut 0)?;
        }
    }

    /// Whether all bytes from the server were used: no plain text, no record and no part of a record is left.
    pub(super) fn is_quiet(&mut self) -> bool {
        // Session tickets may have come with the response.
        while self.used < self.read.len() {
            if self.feed().is_err() {
                return false;
            }
        }
        let state = self.session.process_new_packets();
        let empty = state.is_ok_and(|state| state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed());
        empty && !self.session.wants_write() && self.records.is_between()
    }

    /// Reads from the underlying connection and passes the bytes to the session; `false` at the end.
    fn receive(&mut self, base: &mut Base) -> Result<bool, Failure> {
        if self.used == self.read.len() {
            self.used = 0;
            self.read.resize(SIZE, 0);
            let count = base.read(&mut self.read);
            self.read.truncate(*count.as_ref().unwrap_or(&0));
            if count? == 0 {
                return Ok(false);
            }
        }
        if self.feed().is_err() {
            // The session sends an alert to the server.
            let _ = self.send(base, &mut 0);
            return Err(Failure::TLS);
        }
        Ok(true)
    }

    /// Passes bytes to the session, as many as it takes at once.
    fn feed(&mut self) -> Result<(), ()> {
        let rest = self.read.get(self.used..).unwrap_or_default();
        let count = self.session.read_tls(&mut &*rest).map_err(drop)?;
        self.records.pass(rest.get(..count).unwrap_or_default());
        self.used += count;
        self.session.process_new_packets().map(drop).map_err(drop)
    }

    fn send(&mut self, base: &mut Base, taken: &mut usize) -> Result<(), Failure> {
        if !self.session.wants_write() {
            return Ok(());
        }
        self.to_write.clear();
        while self.session.wants_write() {
            self.session.write_tls(&mut self.to_write).map_err(|_| Failure::TLS)?;
        }
        base.write_all(&self.to_write, taken)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tls")
    }
}

/// Tracks the records in a TLS stream, to detect an incomplete record. The session does not report it.
#[derive(Debug, Default)]
struct Records {
    /// Number of bytes read of a record's header: its kind, version and length.
    head: usize,
    length: usize,
    /// Number of bytes missing from the record's body.
    missing: usize,
}

const HEAD: usize = 5;

impl Records {
    fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.missing > 0 {
                let count = self.missing.min(bytes.len());
                self.missing -= count;
                bytes = bytes.get(count..).unwrap_or_default();
                continue;
            }
            bytes = rest;
            self.head += 1;
            if self.head > HEAD - 2 {
                self.length = (self.length << 8) | usize::from(*first);
            }
            if self.head == HEAD {
                *self = Self { missing: self.length, ..Self::default() };
            }
        }
    }

    fn is_between(&self) -> bool {
        self.head == 0 && self.missing == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_followed_however_they_are_cut() {
        let stream = [&[23, 3, 3, 1, 2][..], &[0; 258], &[22, 3, 3, 0, 0], &[21, 3, 3, 0, 1, 9]].concat();
        let ends = [0, 263, 268, 274];
        for cut in 1..20 {
            let (mut records, mut passed) = (Records::default(), 0);
            for piece in stream.chunks(cut) {
                records.pass(piece);
                passed += piece.len();
                assert_eq!(records.is_between(), ends.contains(&passed), "{passed} in pieces of {cut}");
            }
        }
    }
}
