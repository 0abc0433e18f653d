//! Hides secrets in recorded bodies.

use serde_json::Value;

/// The last words of names of fields and headers whose values are masked in records.
const SECRET_WORDS: [&str; 7] = ["cvv", "cvc", "pin", "pan", "token", "secret", "password"];

/// Whether a field or header of this name holds a secret. A program under test may spell the platform's names in its own
/// way: `accessToken`, `Access-Token` and `ACCESS_TOKEN` are the same name.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.trim_end_matches(|last: char| last.is_ascii_digit());
    SECRET_WORDS.iter().any(|word| {
        let start = name.len().checked_sub(word.len()).filter(|start| name.is_char_boundary(*start));
        let Some((before, last)) = start.map(|start| name.split_at(start)) else { return false };
        // Three letters are the end of other words too: `span`.
        last.eq_ignore_ascii_case(word) && (word.len() > 3 || is_word(before, last))
    })
}

/// Whether `last` is a word of its own after `before`, in any of the usual spellings.
fn is_word(before: &str, last: &str) -> bool {
    let is_camel = before.ends_with(|end: char| end.is_ascii_lowercase()) && last.starts_with(char::is_uppercase);
    is_camel || !before.ends_with(|end: char| end.is_ascii_alphanumeric())
}

/// The JSON body with masked secrets, or a note about its length.
pub(crate) fn masked(body: &[u8]) -> String {
    if body.is_empty() {
        return String::new();
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            mask(&mut value);
            value.to_string()
        }
        // It may contain a secret anywhere.
        Err(_) => format!("{} bytes that are not JSON", body.len()),
    }
}

/// Hides the values of secret fields.
pub(crate) fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if is_secret(name) {
                    *value = Value::from("***");
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

/// Hides a secret wherever a text of the value contains it.
pub(crate) fn mask_text(value: &mut Value, secret: &str) {
    match value {
        Value::String(text) if text.contains(secret) => *text = text.replace(secret, "***"),
        Value::Object(fields) => fields.values_mut().for_each(|value| mask_text(value, secret)),
        Value::Array(items) => items.iter_mut().for_each(|value| mask_text(value, secret)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_whatever_the_spelling_of_its_name() {
        for name in [
            "pin",
            "PIN",
            "newPin",
            "new_pin",
            "NEW-PIN",
            "cvv",
            "CVV",
            "cardCvv",
            "cvc",
            "pan",
            "Pan",
            "card_pan",
            "access_token",
            "accessToken",
            "Access-Token",
            "ACCESS_TOKEN",
            "X-Auth-Token",
            "client_access_token",
            "sumsub_share_token",
            "api_secret",
            "apiSecret",
            "Api-Secret",
            "password",
            "cvv2",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["", "2", "é", "spin", "SPAN", "pinned", "token_type", "card_no", "Api-Key", "expired_time"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_secret_is_masked_inside_of_texts() {
        let mut value = serde_json::json!({"a": ["x-s3cret-y", 1], "b": "plain"});
        mask_text(&mut value, "s3cret");
        assert_eq!(value, serde_json::json!({"a": ["x-***-y", 1], "b": "plain"}));
    }

    #[test]
    fn secrets_are_masked_at_any_depth() {
        let text = masked(br#"{"pin":"135791","card_no":"1","deep":[{"cvv":"123"}]}"#);
        assert!(!text.contains("135791") && !text.contains("123"), "{text}");
        assert!(text.contains(r#""card_no":"1""#), "{text}");
    }

    #[test]
    fn a_body_that_is_not_json_is_not_recorded() {
        assert_eq!("10 bytes that are not JSON", masked(b"pin=135791"));
    }
}
