//! How the Java libraries serialize a number that they have parsed.

/// Whether all libraries write a number unchanged, as common amounts: no exponent, no negative zero, and not so small that
/// Java would write an exponent.
pub(super) fn is_plain(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let has_digit = unsigned.bytes().take(8).any(|byte| matches!(byte, b'1'..=b'9'));
    let is_common = has_digit || text.len() <= 8 && unsigned.len() == text.len();
    is_common && text.len() < 64 && unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.'))
}

/// Whether a number, however written, equals the whole number `whole`, which has no leading zero.
pub(super) fn is_whole_number(text: &str, whole: &str) -> bool {
    let magnitude = |parts: &Parts<'_>| {
        i64::try_from(parts.digits.len()).ok()?.checked_sub(parts.scale.checked_sub(parts.exponent)?)
    };
    let (Some(one), Some(other)) = (parts(text), parts(whole)) else { return false };
    let is_positive = one.sign.is_empty() && other.sign.is_empty();
    let digits = |parts: &Parts<'_>| parts.digits.trim_end_matches('0').to_owned();
    is_positive && magnitude(&one).is_some() && magnitude(&one) == magnitude(&other) && digits(&one) == digits(&other)
}

/// Parts of a number's text: its digits without leading zeros, and the number of decimals among them.
struct Parts<'a> {
    sign: &'static str,
    digits: String,
    /// Number of decimals as written, before the exponent applies.
    scale: i64,
    exponent: i64,
    /// Whether the text has neither point nor exponent.
    whole: bool,
    text: &'a str,
}

/// Splits a number into its parts; `None` if the exponent exceeds the range of the libraries.
fn parts(text: &str) -> Option<Parts<'_>> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(place) => (&text[..place], text[place + 1..].parse().ok()?),
        None => (text, 0),
    };
    let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (units, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{units}{decimals}");
    let digits = match all.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    };
    let sign = if negative && digits != "0" { "-" } else { "" };
    let scale = i64::try_from(decimals.len()).ok()?;
    let whole = !text.contains(['.', 'e', 'E']);
    Some(Parts { sign, digits, scale, exponent, whole, text })
}

/// Maximum number of places that are written out, so that a hostile exponent cannot exhaust the memory.
const MAX_ZEROS: i64 = 10_000;

/// Writes all digits, with the point `scale` places from the end.
fn written_out(sign: &str, digits: &str, scale: i64) -> Option<String> {
    let places = usize::try_from(scale.checked_abs().filter(|places| *places <= MAX_ZEROS)?).ok()?;
    if scale <= 0 {
        let zeros = if digits == "0" { 0 } else { places };
        return Some(format!("{sign}{digits}{}", "0".repeat(zeros)));
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (units, decimals) = padded.split_at(padded.len() - places);
    Some(format!("{sign}{units}.{decimals}"))
}

/// Java's `BigDecimal.toString`.
fn big_decimal(sign: &str, digits: &str, scale: i64) -> Option<String> {
    let adjusted = i64::try_from(digits.len()).ok()? - 1 - scale;
    if scale >= 0 && adjusted >= -6 {
        return written_out(sign, digits, scale);
    }
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let exponent = if adjusted == 0 { String::new() } else { format!("E{adjusted:+}") };
    Some(format!("{sign}{first}{point}{rest}{exponent}"))
}

/// fastjson 1: whole numbers unchanged, all others as `BigDecimal`.
pub(super) fn fastjson1(text: &str) -> Option<String> {
    let parts = parts(text)?;
    if parts.whole {
        return Some(format!("{}{}", parts.sign, parts.digits));
    }
    let scale = parts.scale.checked_sub(parts.exponent)?;
    i32::try_from(scale).ok().and_then(|_| big_decimal(parts.sign, &parts.digits, scale))
}

/// fastjson 1 with `WriteBigDecimalAsPlain`: without an exponent, within bounds.
pub(super) fn fastjson1_plain(text: &str) -> Option<String> {
    let parts = parts(text)?;
    let scale = parts.scale.checked_sub(parts.exponent)?;
    if !parts.whole && (-100..100).contains(&scale) {
        return written_out(parts.sign, &parts.digits, scale);
    }
    fastjson1(text)
}

/// fastjson 2: numbers with an exponent as doubles, all others with their digits.
pub(super) fn fastjson2(text: &str) -> Option<String> {
    let parts = parts(text)?;
    if parts.whole {
        return Some(format!("{}{}", parts.sign, parts.digits));
    }
    if parts.exponent.unsigned_abs() > 2047 {
        return None;
    }
    if parts.exponent == 0 {
        return written_out(parts.sign, &parts.digits, parts.scale);
    }
    if parts.digits.len() > 38 && parts.digits.parse::<u128>().is_err() {
        return big_decimal(parts.sign, &parts.digits, parts.scale - parts.exponent);
    }
    Some(java_double(parts.text.parse().ok()?))
}

/// Java's `Double.toString` with the shortest digits; a whole number that a `long` can hold shows all its digits.
fn java_double(value: f64) -> String {
    if !value.is_finite() {
        return "null".to_owned();
    }
    if value == 0.0 {
        return "0.0".to_owned();
    }
    let (sign, value) = (if value < 0.0 { "-" } else { "" }, value.abs());
    // The shortest form of Rust: `d.ddde-7`.
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let mut digits = mantissa.replace('.', "");
    if value < 9_223_372_036_854_775_808.0 && value.fract() == 0.0 {
        format!("{value:.0}").trim_end_matches('0').clone_into(&mut digits);
    }
    if digits == "5" && exponent == -324 {
        // The smallest positive double, which Java writes with two digits.
        "49".clone_into(&mut digits);
    }
    let (first, rest) = digits.split_at(1);
    if !(1e-3..1e7).contains(&value) {
        let rest = if rest.is_empty() { "0" } else { rest };
        return format!("{sign}{first}.{rest}E{exponent}");
    }
    let scale = i64::try_from(digits.len()).unwrap_or(0) - 1 - exponent;
    let plain = written_out(sign, &digits, scale).unwrap_or_default();
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_number_is_one_that_no_library_changes() {
        let mut plain = 0;
        for units in ["0", "-0", "1", "-7", "10", "-42", "1763812800123", "123456789012345678901234567890"] {
            for decimals in ["", ".0", ".00", ".5", ".10", ".000001", ".0000010", ".0000001", ".00000012"] {
                let text = format!("{units}{decimals}");
                if is_plain(&text) {
                    plain += 1;
                    for write in [fastjson1, fastjson1_plain, fastjson2] {
                        assert_eq!(write(&text).as_deref(), Some(&*text));
                    }
                }
            }
        }
        assert_eq!(plain, 65);
        for text in ["-0", "-0.00", "1e2", "1E2", "0.0000001", "0.0000000", "-0.0000001", &"1".repeat(64)] {
            assert!(!is_plain(text), "{text}");
        }
    }

    #[test]
    fn a_number_is_compared_by_its_value() {
        for text in ["1763812800500", "1763812800500.0", "1.7638128005e12", "17638128005E+2", "1763812800500000e-3"] {
            assert!(is_whole_number(text, "1763812800500"), "{text}");
        }
        for text in [
            "-1763812800500",
            "1763812800500.1",
            "1763812800501",
            "1.7638128005e13",
            "17638128005",
            "0",
            "0e12",
            "1e9223372036854775807",
        ] {
            assert!(!is_whole_number(text, "1763812800500"), "{text}");
        }
    }

    #[test]
    fn no_exponent_overflows() {
        for exponent in [i64::MIN, i64::MIN + 1, -2048, 2048, i64::MAX] {
            for write in [fastjson1, fastjson1_plain, fastjson2] {
                let _ = write(&format!("1.5e{exponent}"));
            }
        }
        assert_eq!(fastjson2("1e-9223372036854775808"), None);
    }
}
