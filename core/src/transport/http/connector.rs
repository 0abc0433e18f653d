//! The connector: opens the connections of the transport.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use rustls::ClientConfig;
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::transport::{ConnectionDetails, Connector, ShutdownHandle, Transport};

use super::exchange::Limit;
use super::failure::Failure;
use super::socket::Tcp;
use super::tls::Tls;
use super::wire::{Base, Wire};
use crate::clock::Clock;
use crate::error::{ConnectReason, TransportFault};

/// Opens TCP connections, with TLS on top for https. A tunnel through a proxy is opened by ureq.
#[derive(Clone)]
pub(super) struct WireConnector {
    pub clock: Arc<dyn Clock>,
    pub tls: Arc<ClientConfig>,
    /// Whether connections go through a proxy.
    pub has_proxy: bool,
    /// Whether plain http is limited to this machine.
    pub loopback_only: bool,
}

impl<In: Transport> Connector<In> for WireConnector {
    type Out = Wire;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Wire>, ureq::Error> {
        let for_platform = !self.has_proxy || details.config.proxy().is_some();
        let mut base = match chained {
            Some(tunnel) => Base::Tunnel(tunnel.boxed()),
            None => Base::Tcp(self.open(details, for_platform)?),
        };
        let tls = if details.uri.scheme() == Some(&Scheme::HTTPS) {
            Some(Tls::handshake(&self.tls, bare_host(details.uri), &mut base)?)
        } else {
            None
        };
        Ok(Some(Wire::new(base, tls, for_platform)))
    }
}

impl WireConnector {
    /// Connects to the first address that accepts. Each address but the last may use half of the time that is left.
    fn open(&self, details: &ConnectionDetails<'_>, for_platform: bool) -> Result<Tcp, ureq::Error> {
        let limit = Limit::for_connecting();
        let plain = details.uri.scheme() == Some(&Scheme::HTTP);
        let mut addresses: Vec<SocketAddr> = details.addrs.iter().copied().collect();
        if plain && for_platform && self.loopback_only {
            addresses.retain(|address| address.ip().to_canonical().is_loopback());
            if addresses.is_empty() {
                return Err(Failure::connect(ConnectReason::NotLoopback).into());
            }
        }
        let mut failure = Failure { fault: TransportFault::Connect, reason: None };
        for (index, address) in addresses.iter().enumerate() {
            let limit = if index + 1 < addresses.len() { limit.part(2) } else { limit };
            let mut tcp =
                Tcp::new(*address, Arc::clone(&self.clock)).map_err(|error| Failure::from_connect_error(&error))?;
            let handle: Weak<dyn ShutdownHandle> = Arc::<_>::downgrade(tcp.stream()) as _;
            (details.register_shutdown)(handle)?;
            match tcp.connect(*address, limit) {
                Ok(()) => return Ok(tcp),
                Err(interrupted) if interrupted.fault == TransportFault::Interrupted => return Err(interrupted.into()),
                Err(failed) => failure = failed,
            }
        }
        Err(failure.into())
    }
}

/// The host without the brackets of an IPv6 address.
fn bare_host(uri: &Uri) -> &str {
    uri.host().unwrap_or_default().trim_matches(['[', ']'])
}

impl fmt::Debug for WireConnector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WireConnector").finish_non_exhaustive()
    }
}
