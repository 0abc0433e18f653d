//! Failures of one HTTP exchange, and interrupted waits.

use crate::values::named_enum::named_enum;

/// Why no response came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}; the request {}", self.cause(), if self.may_have_been_sent { "may have been carried out" } else { "was not sent" })]
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

named_enum! {
    /// What went wrong on the wire. Prints as a sentence.
    #[derive(thiserror::Error)]
    #[non_exhaustive]
    pub enum TransportFault {
        /// Time ran out.
        #[error("time ran out")]
        Timeout = "timeout",
        /// The host's name was not found.
        #[error("the host was not found")]
        Dns = "dns",
        /// No connection could be made.
        #[error("the connection could not be made")]
        Connect = "connect",
        /// The TLS handshake failed, mostly because the certificate is not trusted.
        #[error("the TLS handshake failed")]
        Tls = "tls",
        /// The proxy refused.
        #[error("the proxy refused")]
        Proxy = "proxy",
        /// The connection broke.
        #[error("the connection broke")]
        Closed = "closed",
        /// The response is larger than it may be.
        #[error("the response is too large")]
        TooLarge = "too_large",
        /// The response is not HTTP.
        #[error("the response is not HTTP")]
        Protocol = "protocol",
        /// The call was ended while it waited; see [`Clock::between_waits`](crate::Clock::between_waits).
        #[error("the call was interrupted")]
        Interrupted = "interrupted",
        /// The attempt store could not be reached. No transport returns this.
        #[error("the attempt store cannot be reached")]
        Store = "store",
        /// Anything else.
        #[error("the exchange failed")]
        Other = "other",
    }
}

/// Why no connection could be made. Prints as a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectReason {
    /// The host is there and refuses: nothing listens on the port, or a firewall says no.
    #[error("it was refused")]
    Refused,
    /// There is no way to the host from here.
    #[error("the host cannot be reached from here")]
    Unreachable,
    /// Nothing came back in time.
    #[error("nothing came back in time")]
    TimedOut,
    /// This machine does not allow it.
    #[error("this machine does not allow it")]
    Forbidden,
    /// The process, or the machine, has as many files and connections open as it may.
    #[error("no file descriptors are left")]
    NoDescriptors,
    /// The thread that looks the host up could not be started.
    #[error("no thread could be started to look the host up")]
    NoThread,
    /// Plain http goes to loopback addresses only, and the host has none.
    #[error("plain http goes to loopback only, and the host's address is another")]
    NotLoopback,
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

/// The call that waits must end: Ctrl-C, or a task that was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, thiserror::Error)]
#[error("the call was interrupted")]
pub struct Interrupted;
