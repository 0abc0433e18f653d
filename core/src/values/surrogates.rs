//! Half a surrogate pair in JSON: a Java program writes it when it cuts a string within a character beyond U+FFFF.

use std::borrow::Cow;

/// Returns the JSON text in which each escape of half a surrogate pair (`\ud83d`) is replaced by `\ufffd`.
///
/// `serde_json` refuses the whole text for one such escape. All other text is unchanged, even if it is not JSON.
pub(crate) fn replaced(json: &str) -> Cow<'_, str> {
    replaced_by("\\ufffd", json)
}

/// Replaces each escape of half a surrogate pair by `replacement`.
pub(crate) fn replaced_by<'a>(replacement: &str, json: &'a str) -> Cow<'a, str> {
    let (mut whole, mut copied, mut place) = (String::new(), 0, 0);
    while let Some(found) = json.get(place..).and_then(|rest| rest.find('\\')) {
        place += found;
        match unit(json, place) {
            None => place += 2,
            Some(high) if is_high(high) && unit(json, place + 6).is_some_and(is_low) => place += 12,
            Some(half) if is_high(half) || is_low(half) => {
                whole.push_str(&json[copied..place]);
                whole.push_str(replacement);
                place += 6;
                copied = place;
            }
            Some(_) => place += 6,
        }
        // A backslash may be followed by a character of several bytes, which is not JSON.
        while place < json.len() && !json.is_char_boundary(place) {
            place += 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    whole.push_str(&json[copied..]);
    Cow::Owned(whole)
}

/// The code unit that is escaped as `\uXXXX` at this place.
fn unit(json: &str, place: usize) -> Option<u16> {
    let digits = json.get(place..place + 6)?.strip_prefix("\\u")?;
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if are_digits { u16::from_str_radix(digits, 16).ok() } else { None }
}

fn is_high(unit: u16) -> bool {
    matches!(unit, 0xd800..=0xdbff)
}

fn is_low(unit: u16) -> bool {
    matches!(unit, 0xdc00..=0xdfff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_is_replaced_and_nothing_else() {
        for (json, expected) in [
            (r#""Caf\u00e9 \ud83d""#, r#""Caf\u00e9 \ufffd""#),
            (r#""\uDE00\uD83D""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00\ude00""#, r#""\ufffd\ud83d\ude00\ufffd""#),
            (r#""\ud83d\n\ude00""#, r#""\ufffd\n\ufffd""#),
            (r#""\\\ud83d \\ud83d""#, r#""\\\ufffd \\ud83d""#),
            (r#"{"\ud800":["\udbff","\udc00","\udfff"]}"#, r#"{"\ufffd":["\ufffd","\ufffd","\ufffd"]}"#),
            (r#""\ud83d😀\ude00""#, r#""\ufffd😀\ufffd""#),
        ] {
            assert_eq!(replaced(json), expected);
            assert!(serde_json::from_str::<serde_json::Value>(&replaced(json)).is_ok(), "{json}");
        }
        assert_eq!(replaced_by("?", r#""a\ud83d""#), r#""a?""#);
    }

    #[test]
    fn what_holds_none_is_not_copied() {
        for json in [
            "",
            "{}",
            r#""\ud83d\ude00 \u00e9 \\ \ud7ff \ue000 \uffff""#,
            "\"\\",
            "\"\\u",
            "\\u12",
            "\\é\\書",
            "\\u+123",
        ] {
            assert!(matches!(replaced(json), Cow::Borrowed(same) if same == json), "{json}");
        }
    }

    #[test]
    fn what_it_gives_is_read_as_java_reads_it_but_for_the_halves() {
        // Every text of up to four of these pieces.
        const PIECES: [&str; 8] = ["\\ud83d", "\\ude00", "\\u0041", "\\\\", "\\\"", "u", "é", "\\/"];
        for number in 0..8usize.pow(4) {
            let places = [number % 8, number / 8 % 8, number / 64 % 8, number / 512];
            let json = format!("\"{}\"", places.map(|place| PIECES[place]).concat());
            let units: Vec<u16> = places
                .iter()
                .flat_map(|place| match PIECES[*place] {
                    "\\ud83d" => vec![0xd83d],
                    "\\ude00" => vec![0xde00],
                    piece => serde_json::from_str::<String>(&format!("\"{piece}\"")).unwrap().encode_utf16().collect(),
                })
                .collect();
            let read: String = serde_json::from_str(&replaced(&json)).unwrap();
            assert_eq!(read, String::from_utf16_lossy(&units), "{json}");
        }
    }
}
