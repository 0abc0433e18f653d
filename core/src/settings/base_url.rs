//! The base URL. It is parsed strictly, because the secrets of every call go there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::Error;

/// A checked base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    /// Scheme and host in lower case, port unless it is the scheme's default, and path, without a trailing slash.
    pub text: String,
    pub https: bool,
    /// Whether the caller allowed plain http to the host, which then need not be this machine.
    pub listed: bool,
}

impl BaseUrl {
    /// Parses a URL: https to any host; http to loopback or a host in `plain`. No credentials, query or fragment. An error names
    /// the `setting`.
    pub(crate) fn parse(setting: &str, url: &str, plain: &[String]) -> Result<Self, Error> {
        Self::read(url, plain).map_err(|rule| Error::config(format!("{setting} {rule}")))
    }

    fn read(url: &str, plain: &[String]) -> Result<Self, Rule> {
        let url = url.trim_end_matches('/');
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) || url.contains(['?', '#', '@', '\\']) {
            return Err("must not contain credentials, a query, a fragment or spaces");
        }
        let (scheme, rest) = url.split_once("://").ok_or("must begin with https://")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err("must begin with https://"),
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        // Servers resolve a path such as `/x/..` differently.
        if path.split('/').any(is_dot_segment) {
            return Err("must not contain dot segments");
        }
        let (host, port) = Host::parse(authority)?;
        let listed = !https && plain.iter().any(|listed| host.is(listed));
        if !https && !listed && !host.is_loopback() {
            return Err("must be https; plain http goes to loopback, or to hosts in allow_plain_http");
        }
        let scheme = if https { "https" } else { "http" };
        // All spellings of an address are normalised to one text: stores use it as a key.
        let port = port.filter(|port| *port != if https { 443 } else { 80 });
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { text: format!("{scheme}://{}{port}{path}", host.text()), https, listed })
    }
}

/// The host and port of a URL, without scheme, credentials and path.
pub(crate) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// The rule that a URL breaks.
type Rule = &'static str;

/// The host of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    /// In lower case.
    Name(String),
}

impl Host {
    /// Reads `host` or `host:port`.
    fn parse(authority: &str) -> Result<(Self, Option<u16>), Rule> {
        let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
            let (inner, after) = rest.split_once(']').ok_or("has a [ without ]")?;
            let address: Ipv6Addr = inner.parse().map_err(|_| "has a malformed IPv6 address")?;
            (Self::Address(address.into()), after)
        } else {
            let (name, port) = authority.find(':').map_or((authority, ""), |colon| authority.split_at(colon));
            (Self::parse_name(name)?, port)
        };
        match port {
            "" => Ok((host, None)),
            port => Ok((host, Some(parse_port(port)?))),
        }
    }

    fn parse_name(name: &str) -> Result<Self, Rule> {
        if name.is_empty() {
            return Err("has no host");
        }
        let label = |label: &str| {
            let known = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            known && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        if name.len() > 253 || !name.split('.').all(label) {
            return Err("has a malformed host");
        }
        // A host that ends in a number is an address: resolvers accept 127.1, 0x7f.1 and 2130706433, so it could
        // lead to an unexpected address.
        let last = name.rsplit('.').next().unwrap_or_default();
        let hex = |last: &str| last.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = last.bytes().all(|byte| byte.is_ascii_digit())
            || last.to_ascii_lowercase().strip_prefix("0x").is_some_and(hex);
        if !number {
            return Ok(Self::Name(name.to_ascii_lowercase()));
        }
        let address: Ipv4Addr = name.parse().map_err(|_| "has a malformed IPv4 address")?;
        Ok(Self::Address(address.into()))
    }

    /// Whether a string names this host.
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Name(name) => name.eq_ignore_ascii_case(text),
            Self::Address(address) => text.trim_matches(['[', ']']).parse() == Ok(*address),
        }
    }

    /// Whether the host is this machine, as far as known before its name is resolved.
    fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost",
            Self::Address(address) => address.is_loopback(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Address(IpAddr::V4(address)) => address.to_string(),
            Self::Address(IpAddr::V6(address)) => format!("[{address}]"),
        }
    }
}

/// Reads `:port`.
fn parse_port(text: &str) -> Result<u16, Rule> {
    let digits = text.strip_prefix(':').unwrap_or_default();
    let known = (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.parse().ok().filter(|port| known && *port != 0);
    port.ok_or("has a malformed port")
}

/// Checks a host of `allow_plain_http`.
pub(crate) fn check_plain_host(host: &str) -> Result<(), Error> {
    let bracketed = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    match Host::parse(&bracketed) {
        Ok((_, None)) => Ok(()),
        _ => Err(Error::config("allow_plain_http must hold names or addresses of hosts, without scheme and port")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<BaseUrl, Error> {
        BaseUrl::parse("base_url", url, &["sandbox".to_owned(), "10.0.0.7".to_owned(), "::2".to_owned()])
    }

    #[test]
    fn good_urls_are_taken_in_one_form() {
        for (url, text) in [
            ("https://openplatform.keysecure.io/", "https://openplatform.keysecure.io"),
            ("HTTPS://Proxy.Example:8443/keysecure", "https://proxy.example:8443/keysecure"),
            ("https://192.0.2.1", "https://192.0.2.1"),
            ("https://[2001:DB8::1]:443/x//", "https://[2001:db8::1]/x"),
            ("https://proxy.example:80", "https://proxy.example:80"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://localhost:1", "http://localhost:1"),
            ("http://LOCALHOST", "http://localhost"),
            ("HTTP://localhost", "http://localhost"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
            ("http://sandbox:65535", "http://sandbox:65535"),
            ("http://SandBox", "http://sandbox"),
            ("http://10.0.0.7/x", "http://10.0.0.7/x"),
            ("http://[::2]", "http://[::2]"),
            ("https://compose_name-1", "https://compose_name-1"),
            ("https://a/.x/...", "https://a/.x/..."),
        ] {
            let parsed = parse(url).unwrap();
            assert_eq!((parsed.text.as_str(), parsed.https), (text, text.starts_with("https")), "{url}");
            assert_eq!(parse(text), Ok(parsed), "{text} is in its final form");
        }
    }

    #[test]
    fn what_is_listed_is_known_as_such() {
        assert!(parse("http://sandbox:8080").unwrap().listed);
        assert!(!parse("http://localhost").unwrap().listed);
        assert!(!parse("https://sandbox").unwrap().listed);
    }

    #[test]
    fn bad_urls_are_refused() {
        for url in [
            "",
            "https",
            "openplatform.keysecure.io",
            "ftp://x",
            "https://",
            "https:///x",
            "https:/x",
            "http:openplatform.keysecure.io",
            "http://openplatform.keysecure.io",
            "HTTP://openplatform.keysecure.io",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://localhost.",
            "http://127.0.0.1@example.com",
            "http://sandbox.example.com",
            "http://sandbox@example.com",
            "http://[::3]",
            "http://[::1]evil.com",
            "http://[::1]:",
            "http://[::1",
            "http://::1",
            "http://[::1%25eth0]",
            "http://[127.0.0.1]",
            "http://127.1",
            "http://0x7f.1",
            "http://2130706433",
            "http://127.0.0.01",
            "http://0.0.0.0",
            "https://1.2.3.4.5",
            "https://a:b",
            "https://a:",
            "https://a:0",
            "https://a:+443",
            "https://a:443:443",
            "http://localhost:99999",
            "http://localhost:000080",
            "https://user:pw@example.com",
            "https://example.com?x=1",
            "https://example.com#x",
            "https://exa mple.com",
            "https://example.com\r\nX: y",
            "https://ex\u{e4}mple.com",
            "https://a..b",
            "https://-a",
            "https://a-",
            "https://a%20b",
            "https://a,b",
            "https://a/..",
            "https://a/./b",
            "https://a/x/%2E%2e/b",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
        assert!(parse(&format!("https://{}", "a".repeat(64))).is_err());
        assert!(parse(&format!("https://{}", "a.".repeat(130))).is_err());
    }

    #[test]
    fn an_error_names_the_setting_as_its_caller_knows_it() {
        for setting in ["base_url", "url"] {
            let error = BaseUrl::parse(setting, "http://shop.example", &[]).unwrap_err();
            assert_eq!(error.kind(), crate::error::ErrorKind::Config);
            assert!(error.to_string().starts_with(&format!("{setting} must be https")), "{error}");
        }
    }

    #[test]
    fn hosts_are_listed_by_name_alone() {
        for host in ["sandbox", "Sandbox", "10.0.0.7", "::2", "[::2]"] {
            check_plain_host(host).unwrap();
        }
        for host in ["", "http://sandbox", "sandbox:80", "*", "sandbox/", "a b"] {
            assert!(check_plain_host(host).is_err(), "{host}");
        }
    }
}
