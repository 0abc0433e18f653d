//! Requests of apps, as a server passes them on, and the rules for their headers.

use std::fmt;

use crate::error::Error;
use crate::values::civil::UtcOffset;

/// HTTP request to a [`Relay`](crate::Relay), as the server that received it has it.
///
/// `Debug` shows the method and the path only: headers and body hold secrets.
#[derive(Clone, Copy)]
#[allow(clippy::exhaustive_structs)] // the server fills it in
pub struct RelayRequest<'a> {
    /// The method in capital letters, such as `POST`.
    pub method: &'a str,
    /// The path as it was received, **not** decoded, and with its query, if there is one: `/v1/cards.get`.
    pub path: &'a str,
    /// All headers. Names may have either case; one that comes twice is there twice.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body. A server needs to read no more than one byte more than
    /// [`Relay::max_request_bytes`](crate::Relay::max_request_bytes).
    pub body: &'a [u8],
}

impl<'a> RelayRequest<'a> {
    /// Returns the value of a header, whose name may have either case. `None` if it is absent, **and if it comes twice**: which
    /// of the two a proxy checked is not known. Cookies in several headers, as HTTP/2 sends them, are one header in `authorize`.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut values = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// Returns the token of `Authorization: Bearer TOKEN`.
    pub fn bearer(&self) -> Option<&'a str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }

    /// Passes the request on with all cookies in one header: HTTP/2 may split them (RFC 9113, section 8.2.3).
    pub(super) fn with_one_cookie<T>(&self, pass: impl FnOnce(&RelayRequest<'_>) -> T) -> T {
        let is_cookie = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("cookie");
        if self.headers.iter().copied().filter(is_cookie).count() < 2 {
            return pass(self);
        }
        let (cookies, mut headers): (Vec<_>, Vec<_>) = self.headers.iter().copied().partition(is_cookie);
        let cookie = cookies.iter().map(|(_, value)| *value).collect::<Vec<_>>().join("; ");
        headers.push(("cookie", &cookie));
        pass(&RelayRequest { method: self.method, path: self.path, headers: &headers, body: self.body })
    }

    /// Whether there are more headers than any app sends.
    pub(super) fn has_too_many_headers(&self) -> bool {
        self.headers.len() > MAX_HEADERS
    }

    /// Refuses headers that two servers could read differently.
    pub(super) fn check_headers(&self) -> Result<(), Error> {
        for (index, (name, _)) in self.headers.iter().enumerate() {
            let again = self.headers[..index].iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
            if again && !REPEATED.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                return Err(Error::invalid_input("headers", "must hold each name once"));
            }
        }
        Ok(())
    }

    /// Refuses a body that is not declared as JSON: a page of another origin can send any other type with the user's cookies.
    pub(super) fn check_type(&self) -> Result<(), Error> {
        let declared = self.header("content-type").unwrap_or_default();
        let (kind, parameter) = declared.split_once(';').unwrap_or((declared, ""));
        let parameter = parameter.trim();
        let is_json = kind.trim().eq_ignore_ascii_case("application/json")
            && (parameter.is_empty() || parameter.eq_ignore_ascii_case("charset=utf-8"));
        if is_json { Ok(()) } else { Err(Error::invalid_input("content-type", "must be application/json")) }
    }

    /// The zone of the times in the body.
    pub(super) fn zone(&self) -> Result<UtcOffset, Error> {
        let text = self.header("timezone").unwrap_or("UTC+8");
        text.parse().map_err(|_| Error::invalid_input("timezone", "must be a fixed offset such as UTC+8"))
    }
}

/// Maximum number of headers of a request.
pub(super) const MAX_HEADERS: usize = 100;
/// Headers that proxies add once more. They carry lists, and no rule here depends on them.
const REPEATED: [&str; 9] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "forwarded",
    "pragma",
    "via",
    "x-forwarded-for",
];

impl fmt::Debug for RelayRequest<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split('?').next().unwrap_or_default();
        formatter
            .debug_struct("RelayRequest")
            .field("method", &self.method)
            .field("path", &crate::redact::scrub(path))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(headers: &'a [(&'a str, &'a str)]) -> RelayRequest<'a> {
        RelayRequest { method: "POST", path: "/v1/cards.get?token=s3cret", headers, body: b"s3cret" }
    }

    #[test]
    fn a_header_that_comes_twice_is_none_and_refused() {
        let headers = [("Authorization", "Bearer a"), ("AUTHORIZATION", "Bearer b"), ("Host", "shop"), ("Via", "x")];
        assert_eq!((request(&headers).header("authorization"), request(&headers).bearer()), (None, None));
        assert_eq!(request(&headers).header("HOST"), Some("shop"));
        assert_eq!(request(&headers).check_headers().unwrap_err().field(), Some("headers"));
        assert!(request(&headers[1..]).check_headers().is_ok());
        assert!(request(&[("Via", "a"), ("via", "b")]).check_headers().is_ok());
    }

    #[test]
    fn cookies_in_several_headers_are_one() {
        let headers = [("Cookie", "a=1"), ("Host", "shop"), ("cookie", "b=2; c=3"), ("COOKIE", "d=4")];
        request(&headers).with_one_cookie(|joined| {
            assert_eq!(joined.header("Cookie"), Some("a=1; b=2; c=3; d=4"));
            assert_eq!((joined.header("host"), joined.headers.len()), (Some("shop"), 2));
            assert!(joined.check_headers().is_ok() && joined.path == request(&headers).path);
        });
        request(&headers[..2]).with_one_cookie(|same| assert_eq!(same.headers, &headers[..2]));
    }

    #[test]
    fn a_bearer_token_is_what_follows_the_scheme() {
        for (header, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc", Some("abc")),
            ("Bearer ", None),
            ("Basic abc", None),
            ("abc", None),
        ] {
            assert_eq!(request(&[("authorization", header)]).bearer(), token, "{header}");
        }
    }

    #[test]
    fn only_json_is_read() {
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=utf-8"] {
            assert!(request(&[("content-type", good)]).check_type().is_ok(), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json, text/plain",
            "application/jsonp",
            "application/json; charset=utf-16",
            "multipart/form-data; boundary=application/json",
        ] {
            assert!(request(&[("content-type", bad)]).check_type().is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_but_the_method_and_the_path_is_printed() {
        let shown = format!("{:?}", request(&[("Authorization", "Bearer s3cret")]));
        assert!(shown.contains("/v1/cards.get") && !shown.contains("s3cret"), "{shown}");
    }
}
