//! The head of a request, and its connection.

use std::net::IpAddr;

/// The maximum number of header fields.
pub(super) const MAX_HEADERS: usize = 64;

/// The connection of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    /// The number of the connection since the server started, from 1.
    pub(crate) connection: u64,
    pub(crate) address: IpAddr,
}

/// A parsed request head, which borrows from the connection's buffer.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a str,
    /// The path without the query.
    pub(crate) path: &'a str,
    headers: &'a [httparse::Header<'a>],
    version: u8,
}

/// A copy of a head that outlives the connection.
#[derive(Debug)]
pub(crate) struct OwnedHead {
    method: String,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    version: u8,
}

impl OwnedHead {
    /// The head of a request that did not arrive over HTTP.
    pub(crate) fn new(method: &str, path: String, headers: &[(&str, &str)]) -> Self {
        Self {
            method: method.to_owned(),
            path,
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect(),
            version: 1,
        }
    }

    /// Calls the function with a borrowed head.
    pub(crate) fn with<T>(&self, use_head: impl FnOnce(&Head<'_>) -> T) -> T {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| httparse::Header { name, value: value.as_slice() }).collect();
        use_head(&Head { method: &self.method, path: &self.path, headers: &headers, version: self.version })
    }
}

/// The HTTP status that refuses a head or the length of its body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadRequest(pub(super) u16);

impl<'a> Head<'a> {
    /// Parses the bytes up to and including the empty line.
    pub(super) fn parse(
        bytes: &'a [u8],
        headers: &'a mut [httparse::Header<'a>; MAX_HEADERS],
    ) -> Result<Self, BadRequest> {
        let mut request = httparse::Request::new(headers);
        match request.parse(bytes) {
            Ok(httparse::Status::Complete(_)) => {}
            Err(httparse::Error::TooManyHeaders) => return Err(BadRequest(431)),
            Ok(httparse::Status::Partial) | Err(_) => return Err(BadRequest(400)),
        }
        let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
            return Err(BadRequest(400));
        };
        let path = target.split('?').next().unwrap_or(target);
        Ok(Self { method, path, headers: request.headers, version })
    }

    /// The value of the first header of that name, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .and_then(|header| std::str::from_utf8(header.value).ok())
            .map(str::trim)
    }

    /// The number of headers of that name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)).count()
    }

    /// Copies the head.
    pub(crate) fn to_owned(&self) -> OwnedHead {
        OwnedHead {
            method: self.method.to_owned(),
            path: self.path.to_owned(),
            headers: self.headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec())).collect(),
            version: self.version,
        }
    }

    /// The header fields, one `name: value` per line.
    pub(crate) fn header_lines(&self) -> String {
        let mut lines = String::new();
        for header in self.headers {
            lines.push_str(header.name);
            lines.push_str(": ");
            lines.push_str(&String::from_utf8_lossy(header.value));
            lines.push('\n');
        }
        lines
    }

    /// The names of the header fields, in their order.
    pub(crate) fn header_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.headers.iter().map(|header| header.name)
    }

    /// The length of the body. A chunked body is refused with 411: no client of the platform needs one.
    pub(super) fn body_length(&self) -> Result<usize, BadRequest> {
        if self.header("transfer-encoding").is_some() {
            return Err(BadRequest(411));
        }
        let mut lengths = self.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("content-length"));
        match (lengths.next(), lengths.next()) {
            (None, _) => Ok(0),
            (Some(length), None) => std::str::from_utf8(length.value)
                .ok()
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|text| text.parse().ok())
                .ok_or(BadRequest(400)),
            // Two lengths are a way of request smuggling.
            (Some(_), Some(_)) => Err(BadRequest(400)),
        }
    }

    /// Whether the client waits for `100 Continue`.
    pub(super) fn expects_continue(&self) -> bool {
        self.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    }

    /// Whether the client keeps the connection open.
    pub(super) fn wants_keep_alive(&self) -> bool {
        let has = |option: &str| {
            let values = self.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("connection"));
            let mut options = values
                .filter_map(|header| std::str::from_utf8(header.value).ok())
                .flat_map(|value| value.split(',').map(str::trim));
            options.any(|given| given.eq_ignore_ascii_case(option))
        };
        !has("close") && (self.version == 1 || has("keep-alive"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(text: &str) -> Result<usize, BadRequest> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        Head::parse(text.as_bytes(), &mut headers)?.body_length()
    }

    #[test]
    fn a_head_is_parsed_and_header_names_match_in_any_case() {
        let text = b"POST /a/b?c=d HTTP/1.1\r\nApi-Key:  k1 \r\nConnection: Close\r\n\r\n";
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let head = Head::parse(text, &mut headers).unwrap();
        assert_eq!(("POST", "/a/b"), (head.method, head.path));
        assert_eq!(Some("k1"), head.header("api-key"));
        assert!(!head.wants_keep_alive());
        assert_eq!(vec!["Api-Key", "Connection"], head.header_names().collect::<Vec<_>>());
    }

    #[test]
    fn a_body_needs_exactly_one_valid_length() {
        assert_eq!(Ok(0), length("GET / HTTP/1.1\r\n\r\n"));
        assert_eq!(Ok(12), length("POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\n"));
        for bad in ["-1", "+1", "1x", "", "99999999999999999999999"] {
            let text = format!("POST / HTTP/1.1\r\nContent-Length: {bad}\r\n\r\n");
            assert_eq!(Err(BadRequest(400)), length(&text), "{bad}");
        }
        let twice = "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n";
        assert_eq!(Err(BadRequest(400)), length(twice));
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(Err(BadRequest(411)), length(chunked));
    }

    #[test]
    fn too_many_headers_are_refused_with_431() {
        let text = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(MAX_HEADERS + 1));
        assert_eq!(Err(BadRequest(431)), length(&text));
    }
}
