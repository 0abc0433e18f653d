//! Raw calls: a path and a JSON body, against sandbox and production.
//!
//! Input: a byte that chooses environment and method, the path, the body.

use keysecure::{Environment, Json, Method};

use super::SEPARATOR;
use super::platform::{BASE_URL, Platform, response};

thread_local! {
    static PLATFORMS: [Platform; 2] = [Environment::Sandbox, Environment::Production]
        .map(|environment| Platform::try_with(|builder| builder.environment(environment)).unwrap());
}

pub fn run(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else { return };
    let mut parts = rest.splitn(2, |byte| *byte == SEPARATOR);
    let Ok(path) = std::str::from_utf8(parts.next().unwrap_or_default()) else { return };
    let body = parts.next().and_then(|body| std::str::from_utf8(body).ok());
    let json = body.and_then(|body| Json::new(body).ok());
    if let Some(body) = body {
        assert_eq!(json.is_some(), serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok(), "JSON or not: {body}");
    }
    let production = choice & 1 == 1;
    let method = if choice & 2 == 2 { Method::Get } else { Method::Post };
    PLATFORMS.with(|platforms| {
        let platform = &platforms[usize::from(production)];
        platform.respond_with(|_, request| {
            let data = if request.body.is_empty() { b"[]" } else { request.body };
            Ok(response(200, [b"{\"code\":0,\"data\":", data, b"}"].concat()))
        });
        let result = platform.client.call(method, path, json.as_ref());
        for request in platform.sent() {
            let sent_path = request.url.strip_prefix(BASE_URL).and_then(|rest| rest.strip_prefix("/open-api/"));
            let sent_path = sent_path.expect("below /open-api");
            assert!(!sent_path.contains(['?', '#', '\\', ' ']), "{sent_path}");
            let segments: Vec<String> = sent_path.split('/').map(decoded).collect();
            assert!(!segments.iter().any(|segment| segment == "." || segment == ".."), "another path: {sent_path}");
            assert!(!(production && is_simulation(&segments)), "a simulation in production: {sent_path}");
            if method == Method::Post {
                let expected = json.as_ref().map_or("{}", Json::as_str);
                assert_eq!(std::str::from_utf8(&request.body), Ok(expected));
            }
        }
        if let Ok(data) = &result {
            let expected = if method == Method::Get { "[]" } else { json.as_ref().map_or("{}", Json::as_str) };
            // Half a surrogate pair is replaced.
            if !expected.contains("\\ud") && !expected.contains("\\uD") {
                assert_eq!(data.as_str(), expected, "the data is given as it came");
            }
            assert!(serde_json::from_str::<serde::de::IgnoredAny>(data.as_str()).is_ok());
            assert!(!format!("{data:?}").is_empty());
        }
    });
}

/// A segment as a lenient server reads it.
fn decoded(segment: &str) -> String {
    let mut letters = Vec::new();
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digits = (byte == b'%').then(|| (ahead.next(), ahead.next()));
        match digits {
            Some((Some(high), Some(low))) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
                letters.push(digit(high) * 16 + digit(low));
                bytes = ahead;
            }
            _ => letters.push(byte),
        }
    }
    String::from_utf8_lossy(&letters).to_ascii_lowercase()
}

fn is_simulation(segments: &[String]) -> bool {
    let named: Vec<&str> = segments.iter().map(String::as_str).filter(|segment| !segment.is_empty()).collect();
    named.starts_with(&["v1", "simulate"])
}
