//! The URL that webhooks are sent to.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

use crate::error::SandboxError;

/// A parsed webhook URL. Loopback only: the sandbox connects to no other machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) url: String,
    /// Host and port as given.
    pub(super) host: String,
    pub(super) path: String,
}

impl Target {
    /// Parses and checks a URL.
    pub(crate) fn parse(url: &str) -> Result<Self, SandboxError> {
        let refused = |reason| SandboxError::WebhookUrl { reason };
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) || url.contains('#') {
            return Err(refused("it has characters that a URL cannot have"));
        }
        let rest = url.strip_prefix("http://").ok_or(refused("it does not start with http://"))?;
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if host.contains('@') {
            return Err(refused("it has user information"));
        }
        let target = Self {
            url: url.to_owned(),
            host: host.to_owned(),
            path: if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
        };
        let (name, _) = target.name_and_port().ok_or(refused("its port is not valid"))?;
        let loopback = name.eq_ignore_ascii_case("localhost")
            || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if loopback { Ok(target) } else { Err(refused("it leads away from this machine")) }
    }

    fn name_and_port(&self) -> Option<(&str, u16)> {
        match self.host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => {
                (port.bytes().all(|byte| byte.is_ascii_digit())).then(|| port.parse().ok().map(|port| (name, port)))?
            }
            _ => Some((&self.host, 80)),
        }
    }

    /// The addresses to try. The name is resolved each time, because its addresses may change.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let Some((name, port)) = self.name_and_port() else { return Vec::new() };
        let found = (name.trim_matches(['[', ']']), port).to_socket_addrs();
        found.into_iter().flatten().filter(|address| address.ip().is_loopback()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_urls_are_parsed() {
        for (url, host, path, address) in [
            ("http://127.0.0.1:8080/hook?x=1", "127.0.0.1:8080", "/hook?x=1", "127.0.0.1:8080"),
            ("http://127.9.9.9", "127.9.9.9", "/", "127.9.9.9:80"),
            ("http://[::1]:81?a", "[::1]:81", "/?a", "[::1]:81"),
            ("http://[::1]", "[::1]", "/", "[::1]:80"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!((host, path), (target.host.as_str(), target.path.as_str()));
            assert_eq!(vec![address.parse::<SocketAddr>().unwrap()], target.addresses(), "{url}");
        }
        assert!(Target::parse("http://localhost:1/").is_ok());
    }

    #[test]
    fn other_urls_are_refused() {
        for url in [
            "",
            "127.0.0.1:80",
            "https://127.0.0.1/",
            "http://",
            "http://example.com/",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
            "http://localhost.example.com/",
            "http://127.0.0.1@example.com/",
            "http://user@127.0.0.1/",
            "http://127.0.0.1:x/",
            "http://127.0.0.1:/",
            "http://127.0.0.1:+80/",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1/a b",
            "http://127.0.0.1/a\r\nX: y",
            "http://127.0.0.1/ä",
        ] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }
}
