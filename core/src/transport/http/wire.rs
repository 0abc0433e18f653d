//! The connection that ureq uses: TCP or a tunnel through a proxy, with or without TLS on top.

use std::fmt;

use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};
use zeroize::Zeroizing;

use super::exchange;
use super::failure::Failure;
use super::socket::Tcp;
use super::tls::Tls;

/// Initial size of each buffer.
const SIZE: usize = 16 * 1024;
/// Minimum free space in the output buffer; with less, the buffered bytes are sent.
const MIN_ROOM: usize = 4 * 1024;

/// A connection for consecutive exchanges.
#[derive(Debug)]
pub(super) struct Wire {
    base: Base,
    tls: Option<Box<Tls>>,
    buffers: WireBuffers,
    /// Whether its requests go to the platform, not to a proxy.
    for_platform: bool,
}

/// The connection that carries the bytes.
pub(super) enum Base {
    Tcp(Tcp),
    Tunnel(Box<dyn Transport>),
}

impl Base {
    pub(super) fn write_all(&mut self, bytes: &[u8], taken: &mut usize) -> Result<(), Failure> {
        let tunnel = match self {
            Self::Tcp(tcp) => return tcp.write_all(bytes, taken),
            Self::Tunnel(tunnel) => tunnel,
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let output = tunnel.buffers().output();
            let (now, later) = rest.split_at(rest.len().min(output.len()));
            output.iter_mut().zip(now).for_each(|(place, byte)| *place = *byte);
            // Whether the tunnel delivers the bytes is not known.
            *taken += now.len();
            tunnel.transmit_output(now.len(), NextTimeout::default()).map_err(|error| Failure::from_ureq(&error))?;
            rest = later;
        }
        Ok(())
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        let tunnel = match self {
            Self::Tcp(tcp) => return tcp.read(buffer),
            Self::Tunnel(tunnel) => tunnel,
        };
        if tunnel.buffers().input().is_empty() {
            tunnel.await_input(NextTimeout::default()).map_err(|error| Failure::from_ureq(&error))?;
        }
        let input = tunnel.buffers().input();
        let count = input.len().min(buffer.len());
        buffer.iter_mut().zip(input).for_each(|(place, byte)| *place = *byte);
        tunnel.buffers().input_consume(count);
        Ok(count)
    }

    /// Records that no bytes are in transit that must not be delivered.
    pub(super) fn set_idle(&mut self) {
        if let Self::Tcp(tcp) = self {
            tcp.set_idle();
        }
    }

    fn is_open(&mut self) -> bool {
        match self {
            Self::Tcp(tcp) => tcp.is_open(),
            Self::Tunnel(tunnel) => tunnel.is_open(),
        }
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if matches!(self, Self::Tcp(_)) { "Tcp" } else { "Tunnel" })
    }
}

impl Wire {
    pub(super) fn new(base: Base, tls: Option<Box<Tls>>, for_platform: bool) -> Self {
        Self { base, tls, buffers: WireBuffers::default(), for_platform }
    }

    /// Sends the buffered bytes.
    fn flush(&mut self) -> Result<(), Failure> {
        let held = std::mem::take(&mut self.buffers.held);
        if held == 0 {
            return Ok(());
        }
        if self.for_platform {
            exchange::check_start()?;
        }
        let bytes = self.buffers.output.get(..held).unwrap_or_default();
        let mut taken = 0;
        let result = match &mut self.tls {
            Some(tls) => tls.write_all(&mut self.base, bytes, &mut taken),
            None => self.base.write_all(bytes, &mut taken),
        };
        if self.for_platform && taken > 0 {
            exchange::set_begun();
        }
        result
    }
}

impl Transport for Wire {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    /// Buffers the output until ureq waits for the response, so that head and body are sent in one piece.
    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        self.buffers.held += amount;
        if self.buffers.output.len() < self.buffers.held + MIN_ROOM {
            self.flush()?;
        }
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        self.flush()?;
        let room = self.buffers.input_append_buf();
        let count = match &mut self.tls {
            Some(tls) => tls.read(&mut self.base, room)?,
            None => self.base.read(room)?,
        };
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    /// Whether no bytes of an exchange are left in any layer: they would be read as the next response.
    fn is_open(&mut self) -> bool {
        self.buffers.is_empty() && self.tls.as_mut().is_none_or(|tls| tls.is_quiet()) && self.base.is_open()
    }

    fn is_tls(&self) -> bool {
        self.tls.is_some()
    }
}

/// Bytes that were read and not used yet, and bytes to write. Both may hold secrets.
#[derive(Default)]
struct WireBuffers {
    input: Zeroizing<Vec<u8>>,
    /// The part of `input` that is not used yet.
    start: usize,
    end: usize,
    /// Whether the last use of `input` made progress.
    progress: bool,
    output: Zeroizing<Vec<u8>>,
    /// Number of buffered bytes in `output`.
    held: usize,
}

impl WireBuffers {
    fn is_empty(&self) -> bool {
        self.start == self.end && self.held == 0
    }
}

impl fmt::Debug for WireBuffers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WireBuffers")
    }
}

impl Buffers for WireBuffers {
    fn output(&mut self) -> &mut [u8] {
        if self.output.is_empty() {
            self.output.resize(SIZE, 0);
        }
        self.output.get_mut(self.held..).unwrap_or_default()
    }

    fn input(&self) -> &[u8] {
        self.input.get(self.start..self.end).unwrap_or_default()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.start > 0 {
            self.input.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        // Only a head can fill it, and ureq limits that.
        if self.end == self.input.len() {
            let mut larger = Zeroizing::new(vec![0; self.end + SIZE]);
            larger.iter_mut().zip(self.input.iter()).for_each(|(place, byte)| *place = *byte);
            self.input = larger;
        }
        self.input.get_mut(self.end..).unwrap_or_default()
    }

    fn input_appended(&mut self, amount: usize) {
        self.end = (self.end + amount).min(self.input.len());
    }

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.start = (self.start + amount).min(self.end);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        // The first is only for bodies sent in chunks, which this client never does.
        (&mut [], self.output())
    }

    fn can_use_input(&self) -> bool {
        self.start < self.end && self.progress
    }
}
