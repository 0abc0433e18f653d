//! Signature V1: section 6.1 of the platform's documentation.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::json::{Json, Layout};
use super::types::SignStyle;

/// The text that is signed.
pub(super) fn signed_text(app_id: &str, timestamp: &str, data: &[(String, Json)], style: SignStyle) -> String {
    let layout = match style {
        SignStyle::AsSent => Layout::AsIs,
        SignStyle::JavaHashMap => Layout::JavaHashMap,
        SignStyle::JavaSorted => Layout::JavaSorted,
    };
    // Java compares names by UTF-16 unit; for the platform's own names that is byte order.
    let key = |name: &str| name.encode_utf16().collect::<Vec<_>>();
    let mut pairs = BTreeMap::from([
        (key("appId"), format!("appId={app_id}")),
        (key("timestamp"), format!("timestamp={timestamp}")),
    ]);
    for (name, value) in data {
        let pair = match value {
            Json::Null => continue,
            Json::Text(text) => format!("{name}={text}"),
            other => format!("{name}={}", other.write(layout)),
        };
        pairs.insert(key(name), pair);
    }
    pairs.into_values().collect::<Vec<_>>().join("&")
}

/// HMAC-SHA256 in lowercase hexadecimal.
pub(super) fn sign(secret: &str, text: &str) -> String {
    // HMAC takes a key of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_text_is_sorted_unescaped_and_without_nulls() {
        let Json::Object(data) = Json::object([
            ("b", Json::text("x&y=\"z\"")),
            ("a", Json::number("10.50")),
            ("none", Json::Null),
            ("empty", Json::text("")),
            ("o", Json::object([("q", Json::text("\"")), ("n", Json::Null)])),
            ("timestamp", Json::text("theirs")),
        ]) else {
            panic!("an object");
        };
        assert_eq!(
            r#"a=10.50&appId=app&b=x&y="z"&empty=&o={"q":"\"","n":null}&timestamp=theirs"#,
            signed_text("app", "17", &data, SignStyle::AsSent)
        );
        assert_eq!(
            r#"a=10.50&appId=app&b=x&y="z"&empty=&o={"q":"\""}&timestamp=theirs"#,
            signed_text("app", "17", &data, SignStyle::JavaHashMap)
        );
    }

    #[test]
    fn the_signature_equals_that_of_rfc_4231() {
        // RFC 4231, test case 2.
        assert_eq!(
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            sign("Jefe", "what do ya want for nothing?")
        );
    }

    /// Parses JSON. `None`: it contains something that the sandbox never sends.
    fn read(text: &str) -> Option<Json> {
        Json::parse(text).filter(is_sent)
    }

    fn is_sent(json: &Json) -> bool {
        match json {
            Json::Null | Json::Text(_) => true,
            Json::List(items) => items.iter().all(is_sent),
            Json::Object(fields) => {
                let names: std::collections::HashSet<_> = fields.iter().map(|(name, _)| name).collect();
                // Duplicate names, buckets with many names, and names that fastjson interprets.
                names.len() == fields.len()
                    && fields.len() <= 60
                    && !names.iter().any(|name| name.starts_with(['@', '$']))
                    && fields.iter().all(|(_, value)| is_sent(value))
            }
            // Amounts, times and booleans.
            Json::Plain(text) => {
                let digits = text.trim_start_matches('-');
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                let tiny = digits.starts_with("0.0000");
                text.starts_with(['t', 'f']) || plain && !tiny && !(text.starts_with('-') && digits.starts_with('0'))
            }
        }
    }

    /// The vectors were made by fastjson; see the README in their folder.
    #[test]
    fn signed_texts_equal_those_of_fastjson() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/webhooks/vectors.json");
        let text = std::fs::read_to_string(path).unwrap();
        let vectors: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let mut checked = [0; 3];
        for vector in &vectors {
            let part = |name: &str| vector[name].as_str().unwrap();
            if vector["lax"] == true || part("name").starts_with("twins_") || part("name").starts_with("bucket_") {
                continue;
            }
            let Some(Json::Object(body)) = read(part("body")) else { continue };
            let Some((_, Json::Object(data))) = body.into_iter().find(|(name, _)| name == "data") else { continue };
            let as_sent = part("body").contains(&Json::Object(data.clone()).write(Layout::AsIs));
            for (at, (style, wanted, usable)) in [
                (SignStyle::AsSent, "raw-given", as_sent),
                (SignStyle::JavaHashMap, "fastjson1-hash", true),
                (SignStyle::JavaSorted, "fastjson1-sorted", true),
            ]
            .into_iter()
            .enumerate()
            {
                let forms = vector["forms"].as_array().unwrap();
                let form = forms.iter().find(|form| form["form"].as_array().unwrap().contains(&wanted.into()));
                let Some(form) = form.filter(|form| usable && form["canonical"].is_string()) else { continue };
                let signed = signed_text(part("app_id"), part("timestamp"), &data, style);
                assert_eq!(form["canonical"].as_str().unwrap(), signed, "{wanted} of {}", part("name"));
                assert_eq!(form["signature"].as_str().unwrap(), sign(part("secret"), &signed), "{}", part("name"));
                checked[at] += 1;
            }
        }
        println!("checked {checked:?} of {}", vectors.len());
        assert!(checked.iter().all(|count| *count > 150), "{checked:?}");
    }
}
