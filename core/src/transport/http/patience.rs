//! Waiting for the network in pieces, when the clock wants to be asked between them: see [`Clock::longest_wait`].

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, NextTimeout, TcpConnector, Transport,
};

use crate::clock::Clock;

/// How the calling thread waits.
#[derive(Clone)]
pub(super) struct Patience(Arc<dyn Clock>);

impl Patience {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self(clock)
    }

    /// Does what the system gives in one piece only: another thread does it when the calling one must not wait so long.
    ///
    /// If the call ends meanwhile, nobody takes what the other thread brings.
    pub(super) fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ureq::Error> + Send + 'static,
    ) -> Result<T, ureq::Error> {
        let Some(piece) = self.0.longest_wait() else { return work() };
        let (bring, brought) = mpsc::sync_channel(1);
        thread::Builder::new().name("keysecure".to_owned()).spawn(move || bring.send(work()))?;
        loop {
            match brought.recv_timeout(piece) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) => {
                    self.0.between_waits().map_err(|ended| ureq::Error::Other(ended.into()))?
                }
                Err(RecvTimeoutError::Disconnected) => return Err(ureq::Error::ConnectionFailed),
            }
        }
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Patience")
    }
}

/// Opens TCP connections that are waited for in pieces. TLS lies above them, so that its handshake is, too.
#[derive(Debug)]
pub(super) struct PatientConnector {
    patience: Patience,
    tcp: Arc<TcpConnector>,
}

impl PatientConnector {
    pub(super) fn new(patience: Patience) -> Self {
        Self { patience, tcp: Arc::default() }
    }
}

impl<In: Transport> Connector<In> for PatientConnector {
    type Out = Either<In, Patient<<TcpConnector as Connector<()>>::Out>>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        // The connection through a proxy.
        if let Some(chained) = chained {
            return Ok(Some(Either::A(chained)));
        }
        let (uri, config) = (details.uri.clone(), details.config.clone());
        let (addrs, request_level) = (details.addrs.clone(), details.request_level);
        let (now, timeout) = (details.now, details.timeout);
        let current_time = Arc::clone(&details.current_time);
        let run_connector = Arc::clone(&details.run_connector);
        let register_shutdown = Arc::clone(&details.register_shutdown);
        let tcp = Arc::clone(&self.tcp);
        let connected = self.patience.apart(move || {
            let details = ConnectionDetails {
                uri: &uri,
                addrs,
                config: &config,
                request_level,
                resolver: &DefaultResolver::default(),
                now,
                timeout,
                current_time,
                run_connector,
                register_shutdown,
            };
            tcp.connect(&details, None::<()>)
        })?;
        let patience = self.patience.clone();
        Ok(connected.map(|connection| Either::B(Patient { connection, patience })))
    }
}

/// A connection whose answers are waited for in pieces.
#[derive(Debug)]
pub(super) struct Patient<T> {
    connection: T,
    patience: Patience,
}

impl<T: Transport> Transport for Patient<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.connection.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        // Not in pieces: of a write that ran out of time nobody knows how much was written.
        self.connection.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let Some(piece) = self.patience.0.longest_wait() else { return self.connection.await_input(timeout) };
        // None: no end.
        let end = Instant::now().checked_add(*timeout.after);
        loop {
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            let last = left <= piece;
            let after = if last { left } else { piece }.into();
            match self.connection.await_input(NextTimeout { after, ..timeout }) {
                Err(ureq::Error::Timeout(_)) if !last => {
                    self.patience.0.between_waits().map_err(|ended| ureq::Error::Other(ended.into()))?
                }
                done => return done,
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.connection.is_open()
    }

    fn is_tls(&self) -> bool {
        self.connection.is_tls()
    }
}
