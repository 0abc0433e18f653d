//! Masking of PANs, even in the platform's messages that hold one by mistake.

use std::borrow::Cow;
use std::ops::Range;

const MIN_PAN_DIGITS: usize = 13;
const MAX_PAN_DIGITS: usize = 19;

/// Masks every run of 13 to 19 digits that passes the Luhn check, even if single spaces or dashes separate its groups.
pub(crate) fn scrub(text: &str) -> Cow<'_, str> {
    let groups = digit_groups(text.as_bytes());
    let mut clean: Option<String> = None;
    let (mut copied, mut first) = (0, 0);
    while first < groups.len() {
        let Some((last, digits)) = pan_from(text, &groups[first..]) else {
            first += 1;
            continue;
        };
        let clean = clean.get_or_insert_with(String::new);
        clean.push_str(&text[copied..groups[first].start]);
        clean.push_str(&mask_pan(&digits));
        first += last + 1;
        copied = groups[first - 1].end;
    }
    match clean {
        Some(mut clean) => {
            clean.push_str(&text[copied..]);
            Cow::Owned(clean)
        }
        None => Cow::Borrowed(text),
    }
}

/// Masks digits that look like a PAN in text that a language binding logs or prints.
#[cfg(any(feature = "python", feature = "uniffi"))]
pub fn masked(text: &str) -> String {
    scrub(text).into_owned()
}

/// The positions of all groups of digits.
fn digit_groups(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (place, _) in bytes.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
        match groups.last_mut() {
            Some(group) if group.end == place => group.end += 1,
            _ => groups.push(place..place + 1),
        }
    }
    groups
}

/// The PAN that starts with the first group: the index of its last group, and its digits.
fn pan_from(text: &str, groups: &[Range<usize>]) -> Option<(usize, String)> {
    let mut digits = String::new();
    for (index, group) in groups.iter().enumerate() {
        let joined = index == 0 || matches!(&text.as_bytes()[groups[index - 1].end..group.start], [b' ' | b'-']);
        if !joined || digits.len() + group.len() > MAX_PAN_DIGITS {
            return None;
        }
        digits.push_str(&text[group.clone()]);
        if digits.len() >= MIN_PAN_DIGITS && passes_luhn(&digits) {
            return Some((index, digits));
        }
    }
    None
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled) if doubled > 9 => doubled - 9,
                (_, doubled) => doubled,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Masks a PAN except its first six and last four digits; of a short number only the last four stay.
pub(crate) fn mask_pan(pan: &str) -> String {
    let digits: Vec<char> = pan.chars().collect();
    let shown_first = if digits.len() >= MIN_PAN_DIGITS { 6 } else { 0 };
    let shown_last = digits.len().saturating_sub(4);
    digits
        .iter()
        .enumerate()
        .map(
            |(place, digit)| {
                if place < shown_first || (place >= shown_last && digits.len() > 4) { *digit } else { '*' }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pan_is_masked_anywhere_in_a_string() {
        for (text, clean) in [
            ("4111111111111111", "411111******1111"),
            ("card 4111 1111 1111 1111 declined", "card 411111******1111 declined"),
            ("x4111-1111-1111-1111y", "x411111******1111y"),
            ("两张 4111111111111111，5555555555554444", "两张 411111******1111，555555******4444"),
            ("6011000990139424 4111111111111111", "601100******9424 411111******1111"),
            ("12 4111-1111 1111-1111 99", "12 411111******1111 99"),
        ] {
            assert_eq!(scrub(text), clean);
        }
    }

    #[test]
    fn other_digits_stay_unchanged() {
        for text in ["", "4111111111111112", "123456789012", "41111111111111111111", "amount 10.50 at 1763800000123"] {
            assert_eq!(scrub(text), text);
        }
    }

    #[test]
    fn a_mask_shows_at_most_first_six_and_last_four() {
        assert_eq!(mask_pan("4111111111111111"), "411111******1111");
        assert_eq!(mask_pan("12345678"), "****5678");
        assert_eq!(mask_pan("1234"), "****");
        assert_eq!(mask_pan(""), "");
    }
}
