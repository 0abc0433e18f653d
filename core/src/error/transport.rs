//! Failures of one HTTP exchange, and interrupted waits.

use std::fmt;

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransportError {
    /// What went wrong.
    pub fault: TransportFault,
    /// Why no connection could be made, where that is known.
    pub reason: Option<ConnectReason>,
    /// Whether the whole request may have reached the platform.
    pub may_have_been_sent: bool,
}

impl TransportError {
    /// The request provably never left whole.
    pub fn not_sent(fault: TransportFault) -> Self {
        Self { fault, reason: None, may_have_been_sent: false }
    }

    /// The request may have reached the platform.
    pub fn maybe_sent(fault: TransportFault) -> Self {
        Self { fault, reason: None, may_have_been_sent: true }
    }
}

/// What went wrong on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[non_exhaustive]
pub enum TransportFault {
    /// Time ran out.
    Timeout,
    /// The host's name was not found.
    Dns,
    /// No connection could be made.
    Connect,
    /// The TLS handshake failed, mostly because the certificate is not trusted.
    Tls,
    /// The proxy refused.
    Proxy,
    /// The connection broke.
    Closed,
    /// The answer is larger than it may be.
    TooLarge,
    /// The answer is not HTTP.
    Protocol,
    /// The call was ended while it waited; see [`Clock::between_waits`](crate::Clock::between_waits).
    Interrupted,
    /// The attempt store could not be reached. No transport returns this.
    Store,
    /// Anything else.
    Other,
}

impl TransportFault {
    /// The fault's name in every binding, such as `too_large`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::Closed => "closed",
            Self::TooLarge => "too_large",
            Self::Protocol => "protocol",
            Self::Interrupted => "interrupted",
            Self::Store => "store",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for TransportFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Timeout => "time ran out",
            Self::Dns => "the host was not found",
            Self::Connect => "the connection could not be made",
            Self::Tls => "the TLS handshake failed",
            Self::Proxy => "the proxy refused",
            Self::Closed => "the connection broke",
            Self::TooLarge => "the answer is too large",
            Self::Protocol => "the answer is not HTTP",
            Self::Interrupted => "the call was interrupted",
            Self::Store => "the attempt store cannot be reached",
            Self::Other => "the exchange failed",
        })
    }
}

/// Why no connection could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectReason {
    /// The host is there and refuses: nothing listens on the port, or a firewall says no.
    Refused,
    /// There is no way to the host from here.
    Unreachable,
    /// Nothing came back in time.
    TimedOut,
    /// This machine does not allow it.
    Forbidden,
    /// The process, or the machine, has as many files and connections open as it may.
    NoDescriptors,
    /// The thread that looks the host up could not be started.
    NoThread,
    /// Plain http goes to loopback addresses only, and the host has none.
    NotLoopback,
}

impl fmt::Display for ConnectReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Refused => "it was refused",
            Self::Unreachable => "the host cannot be reached from here",
            Self::TimedOut => "nothing came back in time",
            Self::Forbidden => "this machine does not allow it",
            Self::NoDescriptors => "no file descriptors are left",
            Self::NoThread => "no thread could be started to look the host up",
            Self::NotLoopback => "plain http goes to loopback only, and the host's address is another",
        })
    }
}

impl TransportError {
    /// What went wrong, and why, without what became of the request.
    pub(crate) fn cause(self) -> String {
        match (self.fault, self.reason) {
            (TransportFault::Timeout, Some(reason)) => format!("time ran out while connecting: {reason}"),
            (fault, Some(reason)) => format!("{fault}: {reason}"),
            (fault, None) => fault.to_string(),
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.cause())?;
        formatter.write_str(if self.may_have_been_sent {
            "; the request may have been carried out"
        } else {
            "; the request was not sent"
        })
    }
}

impl std::error::Error for TransportError {}

/// The call that waits must end: Ctrl-C, or a task that was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the call was interrupted")
    }
}

impl std::error::Error for Interrupted {}
