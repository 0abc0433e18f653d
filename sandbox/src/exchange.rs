//! The headers of a request and its response, as the console shows them.

use serde_json::{Value, json};

use crate::http::request::Head;
use crate::http::response::{ConnectionAction, EncodedResponse};
use crate::masking::{is_secret, mask, masked};

/// The maximum length of a kept response body, in bytes.
const MAX_BODY: usize = 16 * 1024;
/// The headers whose values are masked, although their names do not say that they are secret.
const SECRET_HEADERS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "set-cookie"];
/// The operation whose `data` is ciphertext of the card number.
const ENCRYPTED: &str = "cards.private_info";

/// The headers of a request and its response. Secrets are masked when it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    /// The path as it was sent.
    path: Box<str>,
    /// One `name: value` per line.
    headers: Box<str>,
    response: Option<Sent>,
}

/// A response as it was sent.
#[derive(Debug, Clone)]
struct Sent {
    head: Box<[u8]>,
    /// Empty if the body is too long.
    body: Box<[u8]>,
    length: u64,
    action: ConnectionAction,
}

impl Exchange {
    pub(crate) fn new(head: &Head<'_>) -> Self {
        Self { path: head.path.into(), headers: head.header_lines().into(), response: None }
    }

    pub(crate) fn set_response(&mut self, response: &EncodedResponse) {
        let end = response.bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
        let (head, body) = response.bytes.split_at(end);
        let padding = response.padding.as_ref().map_or(0, |padding| padding.count + padding.ending.len() as u64);
        let keep = if body.len() > MAX_BODY || padding > 0 { &[] } else { body };
        self.response = Some(Sent {
            head: head.into(),
            body: keep.into(),
            length: body.len() as u64 + padding,
            action: response.action,
        });
    }

    /// An estimate of the memory, in bytes.
    pub(crate) fn size(&self) -> usize {
        let response = self.response.as_ref().map_or(0, |sent| sent.head.len() + sent.body.len());
        128 + self.path.len() + self.headers.len() + response
    }

    /// The path as it was sent.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The exchange as JSON, with masked secrets.
    pub(crate) fn to_json(&self, operation: &str) -> Value {
        json!({
            "path": self.path,
            "headers": header_lines(&self.headers),
            "response": self.response.as_ref().map(|sent| sent.to_json(operation)),
        })
    }
}

impl Sent {
    fn to_json(&self, operation: &str) -> Value {
        let head = String::from_utf8_lossy(&self.head);
        let fields = head.split_once("\r\n").map_or("", |(_, fields)| fields);
        json!({
            "headers": header_lines(fields),
            "body": self.shown_body(operation),
            "length": self.length,
            "connection": match self.action {
                ConnectionAction::KeepAlive => "kept",
                ConnectionAction::Close => "closed",
                ConnectionAction::Reset => "reset",
            },
        })
    }

    fn shown_body(&self, operation: &str) -> String {
        if self.body.is_empty() && self.length > 0 {
            return format!("{} bytes", self.length);
        }
        if operation == ENCRYPTED
            && let Ok(mut envelope) = serde_json::from_slice::<Value>(&self.body)
        {
            if let Some(data) = envelope.get_mut("data") {
                *data = Value::from("***");
            }
            mask(&mut envelope);
            return envelope.to_string();
        }
        masked(&self.body)
    }
}

/// Pairs of name and value, secrets masked.
fn header_lines(lines: &str) -> Vec<(&str, &str)> {
    let pairs = lines.lines().filter_map(|line| line.split_once(": "));
    pairs
        .map(|(name, value)| {
            let is_hidden = is_secret(name) || SECRET_HEADERS.iter().any(|secret| name.eq_ignore_ascii_case(secret));
            (name, if is_hidden { "***" } else { value })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::OwnedHead;
    use crate::http::response::Response;

    fn shown(operation: &str, body: &[u8]) -> String {
        let headers = [("Access-Token", "tok-1"), ("X", "y")];
        let exchange = OwnedHead::new("GET", "/p".to_owned(), &headers).with(|head| {
            let mut exchange = Exchange::new(head);
            exchange.set_response(&EncodedResponse::new(&Response::json(0, body)));
            exchange
        });
        exchange.to_json(operation).to_string()
    }

    #[test]
    fn tokens_and_card_data_are_masked_in_headers_and_responses() {
        let text = shown("token", br#"{"code":0,"data":{"access_token":"tok-2","expired_time":1}}"#);
        assert!(!text.contains("tok-") && text.contains(r#"["X","y"]"#) && text.contains("expired_time"), "{text}");
        let text = shown("pci.card_detail", br#"{"code":0,"data":{"pan":"4111111111111111","cvv":"123"}}"#);
        assert!(!text.contains("4111") && !text.contains("123"), "{text}");
        let text = shown(ENCRYPTED, br#"{"code":0,"data":"c2VjcmV0"}"#);
        assert!(!text.contains("c2VjcmV0"), "{text}");
    }

    #[test]
    fn a_response_that_is_cut_off_or_not_json_is_not_shown() {
        let text = shown("token", br#"{"code":0,"data":{"access_token":"tok-"#);
        assert!(!text.contains("tok-") && text.contains("38 bytes that are not JSON"), "{text}");
    }

    #[test]
    fn long_responses_are_not_kept() {
        let text = shown("cards.list", &vec![b'1'; MAX_BODY + 1]);
        assert!(text.contains("\"16385 bytes\""), "{text}");
    }
}
