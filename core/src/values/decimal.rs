//! Exact decimals: read from a number's text, never through a float.

use rust_decimal::Decimal;

/// Reads `10.50`, `-3` or `1E+3`. `None` for any other form and for numbers that 28 digits cannot hold exactly.
pub(crate) fn parse(text: &str) -> Option<Decimal> {
    // The library would also take `1_000`.
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E')) {
        return None;
    }
    let Some((digits, _)) = text.split_once(['e', 'E']) else { return Decimal::from_str_exact(text).ok() };
    // The library would round digits that are too many before an exponent.
    Decimal::from_str_exact(digits).and_then(|_| Decimal::from_scientific(text)).ok()
}

/// Removes trailing zeros beyond two decimals: the platform counts decimals, even zeros.
pub(crate) fn in_cents(amount: Decimal) -> Decimal {
    let mut short = amount;
    if amount.scale() > 2 {
        short.rescale(2);
    }
    if short == amount { short } else { amount }
}

/// Reads a whole number, even if it is written as `3.0`.
pub(crate) fn parse_whole(text: &str) -> Option<i64> {
    if let Ok(whole) = text.parse() {
        return Some(whole);
    }
    let decimal = parse(text)?;
    if decimal.is_integer() { decimal.trunc().to_string().parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_keeps_its_exact_text() {
        for text in ["0", "10.50", "-3", "0.000001", "79228162514264337593543950335"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse("1E+3").unwrap(), Decimal::from(1000));
        assert_eq!(parse("1.5e-2").unwrap().to_string(), "0.015");
    }

    #[test]
    fn what_is_no_exact_decimal_is_refused() {
        for text in [
            "",
            "e5",
            "79228162514264337593543950335.4e0",
            " 1",
            "1 ",
            "abc",
            "1e400",
            "0x10",
            "1,000.00",
            "1_000",
            "NaN",
            "0.00000000000000000000000000001",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn zeros_behind_the_cents_are_dropped_and_nothing_else() {
        for (text, short) in
            [("10.500", "10.50"), ("10.5", "10.5"), ("7", "7"), ("0.001", "0.001"), ("-1.000", "-1.00")]
        {
            assert_eq!(in_cents(parse(text).unwrap()).to_string(), short);
        }
    }

    #[test]
    fn whole_numbers_may_carry_a_zero_fraction() {
        assert_eq!(parse_whole("1763800000000"), Some(1_763_800_000_000));
        assert_eq!(parse_whole("3.0"), Some(3));
        assert_eq!(parse_whole("1.7638E+12"), Some(1_763_800_000_000));
        assert_eq!(parse_whole("3.5"), None);
        assert_eq!(parse_whole("99999999999999999999"), None);
    }
}
