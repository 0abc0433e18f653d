//! Hides secrets in recorded bodies.

use serde_json::Value;

/// The body fields whose values are masked in records.
pub(crate) const SECRET_FIELDS: [&str; 6] =
    ["cvv", "pin", "pan", "sumsub_share_token", "client_access_token", "access_token"];

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
                if SECRET_FIELDS.contains(&name.as_str()) {
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

#[cfg(test)]
mod tests {
    use super::*;

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
