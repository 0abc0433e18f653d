//! Decides who may use the control URL: programs on this machine, and the console's own page.
//!
//! A web page in the user's browser can reach loopback. It cannot remove the headers that give it away: `Origin` on every
//! request that changes something, `Host` with the domain that it made resolve to loopback, and `Sec-Fetch-Site` on every
//! request of a current browser.

use std::net::IpAddr;

use crate::http::request::Head;

/// Checks a request; an error is the reason for a refusal.
pub(crate) fn check(head: &Head<'_>) -> Result<(), &'static str> {
    if ["host", "origin", "sec-fetch-site"].into_iter().any(|name| head.count(name) > 1) {
        return Err("a request has one host and one origin");
    }
    let host = head.header("host");
    if host.is_some_and(|host| !is_loopback(host)) {
        return Err("the host of the control URL must be a loopback address or localhost");
    }
    if let Some(origin) = head.header("origin") {
        let own = host.map(|host| format!("http://{host}"));
        if !own.is_some_and(|own| own.eq_ignore_ascii_case(origin)) {
            return Err("web pages may not control the sandbox");
        }
    }
    match head.header("sec-fetch-site") {
        None | Some("same-origin" | "none") => Ok(()),
        // A link to the console.
        Some(_) if is_page_visit(head) => Ok(()),
        Some(_) => Err("web pages may not read the sandbox"),
    }
}

fn is_page_visit(head: &Head<'_>) -> bool {
    head.method == "GET"
        && matches!(head.path, "/" | super::PATH)
        && head.header("sec-fetch-mode") == Some("navigate")
        && head.header("sec-fetch-dest") == Some("document")
}

/// Whether a `Host` header, with or without a port, names this machine. The port is not compared: a tunnel has another one,
/// and a page cannot choose it.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::OwnedHead;

    fn is_allowed(method: &str, path: &str, headers: &[(&str, &str)]) -> bool {
        OwnedHead::new(method, path.to_owned(), headers).with(|head| check(head).is_ok())
    }

    #[test]
    fn programs_and_the_own_page_are_allowed() {
        assert!(is_allowed("POST", "/clock/freeze", &[]));
        assert!(is_allowed("POST", "/clock/freeze", &[("Host", "127.0.0.1:4000")]));
        for host in ["127.0.0.1:4000", "localhost:4000", "[::1]:4000", "LocalHost:9"] {
            let origin = format!("http://{host}");
            let headers = [("Host", host), ("Origin", &origin), ("Sec-Fetch-Site", "same-origin")];
            assert!(is_allowed("POST", "/clock/freeze", &headers), "{host}");
        }
    }

    #[test]
    fn other_pages_are_refused_whatever_they_send() {
        let host = ("Host", "127.0.0.1:4000");
        for origin in [
            "https://evil.example",
            "null",
            "",
            "http://127.0.0.1:3000",
            "http://localhost:4000",
            "https://127.0.0.1:4000",
            "http://127.0.0.1:40000",
            "http://127.0.0.1",
            "http://127.0.0.1:4000.evil.example",
            "http://evil.example@127.0.0.1:4000",
        ] {
            assert!(!is_allowed("POST", "/clock/freeze", &[host, ("Origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", "CROSS-SITE", "x"] {
            assert!(!is_allowed("GET", "/info", &[host, ("Sec-Fetch-Site", site)]), "{site}");
        }
        assert!(!is_allowed("POST", "/clock/freeze", &[("Origin", "http://127.0.0.1:4000")]), "without a host");
    }

    #[test]
    fn a_link_opens_the_page_and_nothing_else() {
        let visit = [
            ("Host", "localhost:1"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "document"),
        ];
        assert!(is_allowed("GET", "/", &visit) && is_allowed("GET", "/console/", &visit));
        assert!(!is_allowed("GET", "/info", &visit) && !is_allowed("POST", "/console/", &visit));
        let frame = [visit[0], visit[1], visit[2], ("Sec-Fetch-Dest", "iframe")];
        assert!(!is_allowed("GET", "/console/", &frame));
    }

    #[test]
    fn a_second_host_or_origin_is_refused() {
        let (host, own) = (("Host", "127.0.0.1:4000"), ("Origin", "http://127.0.0.1:4000"));
        assert!(is_allowed("POST", "/clock/freeze", &[host, own]));
        for other in [host, ("HOST", "evil.example"), own, ("origin", "https://evil.example")] {
            assert!(!is_allowed("POST", "/clock/freeze", &[host, own, other]), "{other:?}");
        }
        let site = ("Sec-Fetch-Site", "same-origin");
        assert!(!is_allowed("GET", "/info", &[host, site, ("Sec-Fetch-Site", "cross-site")]));
    }

    #[test]
    fn a_domain_that_resolves_to_loopback_is_refused() {
        for host in [
            "evil.example",
            "evil.example:4000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
            ":80",
            "10.0.0.1",
        ] {
            let origin = format!("http://{host}");
            assert!(!is_allowed("GET", "/console/", &[("Host", host)]), "{host}");
            assert!(!is_allowed("POST", "/info", &[("Host", host), ("Origin", &origin)]), "{host}");
        }
    }
}
