//! Failures of one HTTP exchange, and interrupted waits.

use crate::named_enum::named_enum;

/// Error of one exchange: the reason why there is no response. Returned by a [`Transport`](crate::Transport).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}; the request {}", self.cause(None), if self.may_have_been_sent { "may have been carried out" } else { "was not sent" })]
pub struct TransportError {
    /// Kind of the failure.
    pub fault: TransportFault,
    /// Reason why there is no connection, if known.
    pub reason: Option<ConnectReason>,
    /// Whether the complete request may have reached the platform.
    pub may_have_been_sent: bool,
    /// The part of the response's body that arrived, if the exchange failed while it was read.
    pub received: Option<ReceivedPart>,
}

/// Incomplete body of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReceivedPart {
    /// Number of bytes that arrived.
    pub bytes: u64,
    /// Number of bytes that the response announced (`Content-Length`), if it did.
    pub expected: Option<u64>,
}

impl TransportError {
    /// Creates the error of a request that provably never left as a whole.
    pub fn not_sent(fault: TransportFault) -> Self {
        Self { fault, reason: None, may_have_been_sent: false, received: None }
    }

    /// Creates the error of a request that may have reached the platform.
    pub fn maybe_sent(fault: TransportFault) -> Self {
        Self { fault, reason: None, may_have_been_sent: true, received: None }
    }
}

named_enum! {
    /// Kind of failure of an exchange. Its text form is a sentence.
    #[derive(thiserror::Error)]
    #[non_exhaustive]
    pub enum TransportFault {
        /// A time limit was exceeded.
        #[error("time ran out")]
        Timeout = "timeout",
        /// The host name could not be resolved.
        #[error("the host was not found")]
        Dns = "dns",
        /// The connection could not be established.
        #[error("the connection could not be made")]
        Connect = "connect",
        /// The TLS handshake failed, usually because the certificate is not trusted.
        #[error("the TLS handshake failed")]
        Tls = "tls",
        /// The proxy refused the connection.
        #[error("the proxy refused")]
        Proxy = "proxy",
        /// The connection was closed or reset.
        #[error("the connection broke")]
        Closed = "closed",
        /// The response is larger than the limit.
        #[error("the response is too large")]
        TooLarge = "too_large",
        /// The response is not valid HTTP.
        #[error("the response is not HTTP")]
        Protocol = "protocol",
        /// The call was interrupted while it waited, for example by Ctrl-C.
        #[error("the call was interrupted")]
        Interrupted = "interrupted",
        /// The attempt store is unavailable. Transports do not return this.
        #[error("the attempt store cannot be reached")]
        Store = "store",
        /// Any other failure.
        #[error("the exchange failed")]
        Other = "other",
    }
}

/// Reason why a connection could not be established. Its text form is a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectReason {
    /// The host refused the connection: nothing listens on the port, or a firewall rejects it.
    #[error("it was refused")]
    Refused,
    /// There is no route to the host.
    #[error("the host cannot be reached from here")]
    Unreachable,
    /// The host did not respond in time.
    #[error("nothing came back in time")]
    TimedOut,
    /// This machine does not permit the connection.
    #[error("this machine does not allow it")]
    Forbidden,
    /// The process or the machine has too many open files and connections.
    #[error("no file descriptors are left")]
    NoDescriptors,
    /// The thread that resolves the host name could not be started.
    #[error("no thread could be started to look the host up")]
    NoThread,
    /// Plain http is limited to loopback addresses, and the host has none.
    #[error("plain http goes to loopback only, and the host's address is another")]
    NotLoopback,
}

/// Addresses that errors name: hosts with their ports, without paths and credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The platform.
    pub host: String,
    /// The proxy, if the connection goes through one.
    pub proxy: Option<String>,
}

impl TransportError {
    /// Text of the failure and its reason, without the outcome of the request.
    pub(crate) fn cause(self, peer: Option<&Peer>) -> String {
        // A connection is made to the proxy, if there is one; its name is the only one that is looked up here.
        let nearest = peer.map(|peer| match &peer.proxy {
            Some(proxy) => format!("the proxy {proxy}"),
            None => peer.host.clone(),
        });
        let near = |word: &str| nearest.as_ref().map(|peer| format!(" {word} {peer}")).unwrap_or_default();
        let text = match (self.fault, peer) {
            (TransportFault::Timeout, _) if self.reason.is_some() => {
                format!("time ran out while connecting{}", near("to"))
            }
            (TransportFault::Connect, _) => format!("the connection{} could not be made", near("to")),
            (TransportFault::Dns, Some(Peer { proxy: Some(proxy), .. })) => {
                format!("the host of the proxy {proxy} was not found (DNS)")
            }
            (TransportFault::Dns, Some(Peer { host, .. })) => format!("the host {host} was not found (DNS)"),
            (TransportFault::Tls, Some(Peer { host, .. })) => format!("the TLS handshake with {host} failed"),
            (TransportFault::Proxy, Some(Peer { proxy: Some(proxy), .. })) => format!("the proxy {proxy} refused"),
            (fault, _) => fault.to_string(),
        };
        let reason = self.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let received = match self.received {
            Some(ReceivedPart { bytes, expected: Some(expected) }) => {
                format!(" after {bytes} of {expected} bytes of the response")
            }
            Some(ReceivedPart { bytes, expected: None }) => format!(" after {bytes} bytes of the response"),
            None => String::new(),
        };
        text + &reason + &received
    }
}

/// Error of a wait that was interrupted, for example by Ctrl-C or a cancelled task. See [`Clock`](crate::Clock).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, thiserror::Error)]
#[error("the call was interrupted")]
pub struct Interrupted;
