//! The platform's messages inside errors.

/// Maximum size of a message that an error keeps, in bytes.
const MAX_TEXT_BYTES: usize = 2048;

/// Cuts a message at the maximum size, between two characters.
pub(super) fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT_BYTES {
        let end = (0..=MAX_TEXT_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.shrink_to_fit();
    }
    text
}

/// The codes whose message carries the name of a field (platform documentation, error codes).
pub(super) fn names_a_field(code: i64) -> bool {
    matches!(code, 1004 | 2007..=2010 | 4010)
}

/// Field names of the platform that are one word, and so look like any other word of a message.
const ONE_WORD_FIELDS: [&str; 14] = [
    "balance", "city", "country", "cvv", "nonce", "page", "phone", "pin", "size", "state", "status", "type", "amount",
    "time",
];

/// The field in a message: the first word in snake case, else a one-word field at either end.
pub(super) fn field_in(msg: &str) -> Option<&str> {
    let words = || {
        msg.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '.'))
            .map(|word| word.trim_matches('.'))
            .filter(|word| !word.is_empty())
    };
    let lower = |word: &&str| !word.bytes().any(|byte| byte.is_ascii_uppercase());
    let snake = words().find(|word| lower(word) && word.trim_matches('_').contains('_'));
    snake.or_else(|| words().next().into_iter().chain(words().next_back()).find(|word| ONE_WORD_FIELDS.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Outcome};

    #[test]
    fn texts_are_cut_between_two_characters_and_after_the_scrub() {
        let error = Error::api(1004, &"号".repeat(1 << 20), Outcome::Rejected);
        assert_eq!(error.msg().unwrap().len(), 2046);
        // The PAN would be cut after its 14th digit, and the remaining digits are not a PAN.
        let pan = format!("{}4111111111111111", "x".repeat(MAX_TEXT_BYTES - 14));
        for error in [Error::api(3001, &pan, Outcome::Rejected), Error::undocumented(504, &pan, 504)] {
            assert_eq!(error.msg().unwrap().len(), MAX_TEXT_BYTES);
            assert!(error.msg().unwrap().ends_with("x411111******11"), "{error}");
        }
        let detail = Error::invalid_response("x".repeat(1 << 20)).to_string();
        assert_eq!(detail.len(), MAX_TEXT_BYTES);
    }

    #[test]
    fn the_field_is_found_before_or_after_the_description() {
        for (msg, field) in [
            ("card_unique_no must not be empty", Some("card_unique_no")),
            ("Invalid parameter: address_info.city", Some("address_info.city")),
            ("parameter error [postal_code]", Some("postal_code")),
            ("cvv invalid", Some("cvv")),
            ("参数错误 pin", Some("pin")),
            ("invalid parameter", None),
            ("", None),
        ] {
            assert_eq!(field_in(msg), field, "{msg}");
        }
        assert_eq!(Error::api(2002, "cardholder_no unknown", Outcome::Rejected).field(), None);
    }
}
