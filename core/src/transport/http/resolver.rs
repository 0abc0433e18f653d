//! Remembering addresses.
//!
//! ureq asks its resolver before every request, also when a pooled connection is then used, and starts a thread to do so
//! in bounded time. With a client that talks to one host all day that is most of what a call costs beyond the wire.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::patience::Patience;

/// How long an address is believed. One that does not answer is forgotten at once.
const BELIEVED: Duration = Duration::from_secs(30);

/// Resolves with ureq's own resolver, and remembers.
#[derive(Debug, Clone)]
pub(super) struct RememberingResolver {
    known: Arc<Mutex<HashMap<String, Known>>>,
    patience: Patience,
}

#[derive(Debug)]
struct Known {
    addresses: Vec<SocketAddr>,
    until: Instant,
}

impl RememberingResolver {
    pub(super) fn new(patience: Patience) -> Self {
        Self { known: Arc::default(), patience }
    }

    /// Asks anew next time.
    pub(super) fn forget(&self) {
        self.known().clear();
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn collected(&self, addresses: &[SocketAddr]) -> ResolvedSocketAddrs {
        let mut collected = self.empty();
        for address in addresses {
            collected.push(*address);
        }
        collected
    }
}

impl Resolver for RememberingResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if let Some(address) = literal(uri) {
            return Ok(self.collected(&[address]));
        }
        let host = format!("{:?} {:?}", uri.scheme_str(), uri.authority());
        if let Some(known) = self.known().get(&host)
            && Instant::now() < known.until
        {
            return Ok(self.collected(&known.addresses));
        }
        let (uri, config) = (uri.clone(), config.clone());
        let found = self.patience.apart(move || DefaultResolver::default().resolve(&uri, &config, timeout))?;
        let known = Known { addresses: found.to_vec(), until: Instant::now() + BELIEVED };
        self.known().insert(host, known);
        Ok(found)
    }
}

/// The address of a URI whose host is one.
fn literal(uri: &Uri) -> Option<SocketAddr> {
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().or(match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    })?;
    Some(SocketAddr::new(host.parse::<IpAddr>().ok()?, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn resolver() -> RememberingResolver {
        RememberingResolver::new(Patience::new(Arc::new(SystemClock::new())))
    }

    fn resolve(resolver: &RememberingResolver, uri: &str) -> Vec<SocketAddr> {
        let found = resolver.resolve(&uri.parse().unwrap(), &Config::default(), NextTimeout::default());
        found.unwrap().to_vec()
    }

    #[test]
    fn an_address_is_taken_as_it_stands() {
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
        assert_eq!(resolve(&resolver, "http://localhost:8080/z"), found, "what is old is looked up again");
    }
}
