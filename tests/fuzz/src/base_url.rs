//! Base URLs: what is accepted is where requests go, and plain http stays on this machine.

use std::net::IpAddr;

use keysecure::ErrorKind;

use super::platform::{Platform, response};

pub fn run(input: &[u8]) {
    let Ok(url) = std::str::from_utf8(input) else { return };
    let platform = match Platform::try_with(|builder| builder.base_url(url)) {
        Ok(platform) => platform,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Config);
            // A URL, not a word of the error's text.
            let is_url = url.len() >= 12 && url.contains("://") && !url.contains(' ');
            assert!(!is_url || !error.to_string().contains(url), "the error repeats the URL");
            return;
        }
    };
    platform.respond_with(|_, _| Ok(response(500, Vec::new())));
    platform.respond_to_token_calls();
    let _ = platform.client.access_token();
    let sent = platform.sent();
    let [request] = &sent[..] else { panic!("{} requests", sent.len()) };
    check(&request.url);
}

/// Reads the URL of a request by other code than the client's.
fn check(url: &str) {
    let (scheme, rest) = url.split_once("://").expect("a scheme");
    let authority = rest.split('/').next().unwrap();
    assert!(rest.ends_with("/open-api/v1/merchant/token"));
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()) && !url.contains(['?', '#', '@', '\\']), "{url}");
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, port) = v6.split_once(']').expect("a closed bracket");
            assert!(host.parse::<std::net::Ipv6Addr>().is_ok(), "not an address: {host}");
            assert!(port.is_empty() || port.starts_with(':'), "text after an address: {url}");
            (host, port.strip_prefix(':'))
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    assert!(!host.is_empty(), "no host: {url}");
    // An empty port is the default of the scheme.
    if let Some(port) = port.filter(|port| !port.is_empty()) {
        assert!(port.bytes().all(|byte| byte.is_ascii_digit()), "not a port: {port}");
        assert!(port.parse::<u16>().is_ok_and(|port| port != 0), "not a port: {port}");
    }
    if scheme.eq_ignore_ascii_case("https") {
        return;
    }
    assert!(scheme.eq_ignore_ascii_case("http"), "scheme {scheme}");
    let is_loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    assert!(is_loopback || host.eq_ignore_ascii_case("localhost"), "plain http to {host}");
}
