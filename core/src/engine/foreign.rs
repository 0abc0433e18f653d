//! Errors of responses that are not the platform's: redirects, web pages and other text. They repeat nothing of the body.

use super::envelope::Head;
use crate::error::Error;
use crate::settings::base_url::authority;

/// Maximum length of a name from a header in an error.
const MAX_NAME: usize = 100;
/// Number of characters in which a web page shows that it is one.
const PAGE_START: usize = 1024;

/// The error of a redirect. Its target is named without path and query, which may hold secrets.
pub(super) fn redirect(head: Head<'_>) -> Error {
    let target = match head.location.map(str::trim) {
        None => String::new(),
        Some(location) if location.contains("://") || location.starts_with("//") => {
            let host = authority(location.strip_prefix("//").unwrap_or(location));
            if is_name(host, "[]:._-") { format!(" to {host}") } else { " to an invalid address".to_owned() }
        }
        Some(_) => " to another path of the same host".to_owned(),
    };
    let status = head.status;
    Error::invalid_response(format!("the response is a redirect (HTTP {status}){target}, which is never followed"))
}

/// The error of bytes that are not text.
pub(super) fn not_utf8(head: Head<'_>) -> Error {
    Error::invalid_response(format!("the response is not UTF-8{}", content_type(head)))
}

/// The error of an HTML page.
pub(super) fn html(head: Head<'_>) -> Error {
    let page = "the response is an HTML page, probably of a proxy or gateway";
    Error::invalid_response(format!("{page}{}", content_type(head)))
}

/// The error of text that is neither an envelope nor an HTML page.
pub(super) fn not_json(head: Head<'_>, text: &str) -> Error {
    let what = if text.trim().is_empty() { "empty" } else { "not a JSON object" };
    Error::invalid_response(format!("the response is {what}{}", content_type(head)))
}

/// Whether a text begins as an HTML page does.
pub(super) fn is_html(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(PAGE_START).collect::<String>().to_ascii_lowercase();
    start.starts_with('<') && ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| start.contains(tag))
}

/// The type of the content in parentheses, if the response names a valid one.
fn content_type(head: Head<'_>) -> String {
    let named = head.content_type.and_then(|text| text.split(';').next()).map(str::trim);
    let valid = named.filter(|text| text.contains('/') && is_name(text, "/.+-"));
    valid.map(|text| format!(" ({text})")).unwrap_or_default()
}

fn is_name(text: &str, signs: &str) -> bool {
    let known = |letter: char| letter.is_ascii_alphanumeric() || signs.contains(letter);
    !text.is_empty() && text.len() <= MAX_NAME && text.chars().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head<'a>(content_type: Option<&'a str>, location: Option<&'a str>) -> Head<'a> {
        Head { status: 302, content_type, location }
    }

    #[test]
    fn a_redirect_names_its_status_and_the_host_of_its_target() {
        for (location, text) in [
            (None, "the response is a redirect (HTTP 302), which is never followed"),
            (
                Some("https://user:secret@login.example:8443/sso?token=secret"),
                "the response is a redirect (HTTP 302) to login.example:8443, which is never followed",
            ),
            (
                Some("//login.example?token=secret"),
                "the response is a redirect (HTTP 302) to login.example, which is never followed",
            ),
            (
                Some("/sso?token=secret"),
                "the response is a redirect (HTTP 302) to another path of the same host, which is never followed",
            ),
            (
                Some("https://secret secret/"),
                "the response is a redirect (HTTP 302) to an invalid address, which is never followed",
            ),
        ] {
            assert_eq!(redirect(head(None, location)).to_string(), text);
        }
    }

    #[test]
    fn a_response_that_is_not_json_says_what_it_is() {
        for (content_type, body, text) in [
            (Some("text/html; charset=utf-8"), " ", "the response is empty (text/html)"),
            (Some("text/plain"), "busy", "the response is not a JSON object (text/plain)"),
            (Some("secret secret"), "<xml/>", "the response is not a JSON object"),
            (None, "[]", "the response is not a JSON object"),
        ] {
            assert_eq!(not_json(head(content_type, None), body).to_string(), text);
        }
        assert_eq!(
            html(head(Some("text/html"), None)).to_string(),
            "the response is an HTML page, probably of a proxy or gateway (text/html)"
        );
        for (text, expected) in [
            ("\n<!DOCTYPE html><title>x</title>", true),
            ("<HTML>", true),
            ("<xml/>", false),
            ("{\"a\":\"<html>\"}", false),
        ] {
            assert_eq!(is_html(text), expected, "{text}");
        }
        assert_eq!(not_utf8(head(Some("image/png"), None)).to_string(), "the response is not UTF-8 (image/png)");
    }
}
