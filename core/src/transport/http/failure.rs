//! Failures of ureq and of the layers below it, as transport errors.

use std::io;
use std::{error, fmt};

use ureq::Timeout;

use crate::error::Interrupted;
use crate::error::{ConnectReason, TransportFault};

/// A failure of the layers below ureq, which passes through ureq.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    pub fault: TransportFault,
    pub reason: Option<ConnectReason>,
}

impl Failure {
    pub(super) const CLOSED: Self = Self { fault: TransportFault::Closed, reason: None };
    pub(super) const TLS: Self = Self { fault: TransportFault::Tls, reason: None };

    pub(super) fn connect(reason: ConnectReason) -> Self {
        Self { fault: TransportFault::Connect, reason: Some(reason) }
    }

    /// A failure while a connection is made.
    pub(super) fn from_connect_error(error: &io::Error) -> Self {
        let reason = match error.kind() {
            _ if has_no_descriptors(error) => ConnectReason::NoDescriptors,
            io::ErrorKind::ConnectionRefused => ConnectReason::Refused,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::AddrNotAvailable => ConnectReason::Unreachable,
            io::ErrorKind::PermissionDenied => ConnectReason::Forbidden,
            io::ErrorKind::TimedOut => {
                return Self { fault: TransportFault::Timeout, reason: Some(ConnectReason::TimedOut) };
            }
            _ => return Self { fault: TransportFault::Connect, reason: None },
        };
        Self::connect(reason)
    }

    /// A failure of a connection in use.
    pub(super) fn from_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self { fault: TransportFault::Timeout, reason: None },
            _ => Self::CLOSED,
        }
    }

    pub(super) fn from_ureq(error: &ureq::Error) -> Self {
        use ureq::Error as E;
        let fault = match error {
            E::Other(inner) => match inner.downcast_ref() {
                Some(failure) => return *failure,
                None => TransportFault::Other,
            },
            E::Io(error) => return Self::from_io(error),
            E::Timeout(Timeout::Resolve | Timeout::Connect) => {
                return Self { fault: TransportFault::Timeout, reason: Some(ConnectReason::TimedOut) };
            }
            E::Timeout(_) => TransportFault::Timeout,
            E::HostNotFound => TransportFault::Dns,
            E::ConnectProxyFailed(_) | E::InvalidProxyUrl => TransportFault::Proxy,
            E::Tls(_) | E::TlsRequired => TransportFault::Tls,
            E::BodyExceedsLimit(_) | E::LargeResponseHeader(..) => TransportFault::TooLarge,
            E::Protocol(_) => TransportFault::Protocol,
            E::ConnectionFailed => TransportFault::Connect,
            _ => TransportFault::Other,
        };
        Self { fault, reason: None }
    }
}

/// Whether the process or the machine has no file descriptors left.
fn has_no_descriptors(error: &io::Error) -> bool {
    // EMFILE and ENFILE have the same numbers on all systems of the Unix family.
    let numbers: &[i32] = if cfg!(windows) { &[10024] } else { &[23, 24] };
    error.raw_os_error().is_some_and(|number| numbers.contains(&number))
}

impl From<Interrupted> for Failure {
    fn from(_: Interrupted) -> Self {
        Self { fault: TransportFault::Interrupted, reason: None }
    }
}

impl From<Failure> for ureq::Error {
    fn from(failure: Failure) -> Self {
        Self::Other(Box::new(failure))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {:?}", self.fault, self.reason)
    }
}

impl error::Error for Failure {}
