//! Resolution of host names, with a cache.
//!
//! A lookup by the system cannot be interrupted and may take half a minute, so a thread makes it while the calling thread
//! waits. ureq calls its resolver before every request, even when it then uses a pooled connection: hence the cache.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::exchange::Limit;
use super::failure::Failure;
use crate::clock::Clock;
use crate::error::{ConnectReason, TransportFault};

/// Lifetime of a cached address. An address that does not respond is removed at once.
const DNS_CACHE_TTL: Duration = Duration::from_secs(30);
/// Maximum number of addresses that ureq takes.
const MAX_ADDRESSES: usize = 16;

/// Resolver with a cache.
#[derive(Clone)]
pub(super) struct CachingResolver {
    known: Arc<Mutex<HashMap<(String, u16), Known>>>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Known {
    addresses: Vec<SocketAddr>,
    until: Instant,
}

impl CachingResolver {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { known: Arc::default(), clock }
    }

    /// Adds an entry to the cache, as if the host had been looked up.
    #[cfg(test)]
    pub(super) fn set_for_tests(&self, host: &str, address: SocketAddr) {
        let known = Known { addresses: vec![address], until: Instant::now() + DNS_CACHE_TTL };
        self.known().insert((host.to_owned(), address.port()), known);
    }

    /// Clears the cache, so that the next request looks its host up again.
    pub(super) fn forget(&self) {
        self.known().clear();
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(String, u16), Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn collected(&self, addresses: &[SocketAddr]) -> ResolvedSocketAddrs {
        let mut collected = self.empty();
        for address in addresses.iter().take(MAX_ADDRESSES) {
            collected.push(*address);
        }
        collected
    }

    fn look_up(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let limit = Limit::for_connecting();
        let (give, given) = mpsc::sync_channel(1);
        let name = (host.to_owned(), port);
        let work = move || {
            // If the call has ended meanwhile, the result is dropped.
            let _ = give.send(name.to_socket_addrs());
        };
        thread::Builder::new()
            .name("keysecure-dns".to_owned())
            .spawn(work)
            .map_err(|_| Failure::connect(ConnectReason::NoThread))?;
        loop {
            let longest = self.clock.longest_wait();
            let brought = match limit.piece(longest)? {
                Some(piece) => given.recv_timeout(piece),
                None => given.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match brought {
                Ok(found) => return found.map(Iterator::collect).map_err(|error| not_found(&error)),
                Err(RecvTimeoutError::Timeout) if longest.is_some() => self.clock.between_waits()?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Failure::connect(ConnectReason::NoThread)),
            }
        }
    }
}

/// The reason why a host was not found.
fn not_found(error: &io::Error) -> Failure {
    let failure = Failure::from_connect_error(error);
    if failure.reason == Some(ConnectReason::NoDescriptors) {
        return failure;
    }
    Failure { fault: TransportFault::Dns, reason: None }
}

impl Resolver for CachingResolver {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let (host, port) = host_and_port(uri).ok_or(ureq::Error::HostNotFound)?;
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(self.collected(&[SocketAddr::new(address, port)]));
        }
        let key = (host.to_owned(), port);
        if let Some(known) = self.known().get(&key)
            && Instant::now() < known.until
        {
            return Ok(self.collected(&known.addresses));
        }
        let addresses = self.look_up(host, port)?;
        if addresses.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        let found = self.collected(&addresses);
        self.known().insert(key, Known { addresses, until: Instant::now() + DNS_CACHE_TTL });
        Ok(found)
    }
}

fn host_and_port(uri: &Uri) -> Option<(&str, u16)> {
    let host = uri.host()?.trim_matches(['[', ']']);
    let port = uri.port_u16().or(match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    })?;
    Some((host, port))
}

impl fmt::Debug for CachingResolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CachingResolver").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn resolver() -> CachingResolver {
        CachingResolver::new(Arc::new(SystemClock::new()))
    }

    fn resolve(resolver: &CachingResolver, uri: &str) -> Vec<SocketAddr> {
        crate::transport::http::exchange::for_tests(Duration::from_secs(20), || {
            resolver.resolve(&uri.parse().unwrap(), &Config::default(), NextTimeout::default()).unwrap().to_vec()
        })
    }

    #[test]
    fn an_address_is_taken_as_it_is() {
        let resolver = resolver();
        assert_eq!(resolve(&resolver, "http://127.0.0.1:8080/x"), ["127.0.0.1:8080".parse().unwrap()]);
        assert_eq!(resolve(&resolver, "https://[::1]/x"), ["[::1]:443".parse().unwrap()]);
        assert!(resolver.known().is_empty());
    }

    #[test]
    fn a_name_is_looked_up_once_until_it_is_forgotten() {
        let resolver = resolver();
        let found = resolve(&resolver, "http://localhost:8080/x");
        assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback() && address.port() == 8080));
        let elsewhere = vec!["127.9.9.9:1".parse().unwrap()];
        resolver.known().values_mut().for_each(|known| known.addresses.clone_from(&elsewhere));
        assert_eq!(resolve(&resolver, "http://localhost:8080/y"), elsewhere);
        resolver.forget();
        assert_eq!(resolve(&resolver, "http://localhost:8080/z"), found);
        resolver.known().values_mut().for_each(|known| {
            known.addresses.clone_from(&elsewhere);
            known.until = Instant::now();
        });
        assert_eq!(resolve(&resolver, "http://localhost:8080/z"), found, "an old entry is looked up again");
    }

    #[test]
    fn a_look_up_ends_with_the_time_for_it() {
        let failure =
            crate::transport::http::exchange::for_tests(Duration::ZERO, || resolver().look_up("localhost", 1));
        let expected = Failure { fault: TransportFault::Timeout, reason: Some(ConnectReason::TimedOut) };
        assert_eq!(failure, Err(expected));
    }
}
