//! Amounts of money: parsed from text, written with two decimals, never a float.

use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

/// The maximum amount. It keeps every sum far below the limit of [`Decimal`].
const MAX_AMOUNT: i64 = 1_000_000_000_000;

/// Parses a positive amount of at most two decimals.
pub(crate) fn parse(text: &str) -> Result<Decimal, &'static str> {
    let amount = parse_fee(text)?;
    if amount.is_zero() { Err("must be positive") } else { Ok(amount) }
}

/// Parses an amount that may be zero: authorization mode reports fees that are not charged.
pub(crate) fn parse_fee(text: &str) -> Result<Decimal, &'static str> {
    let plain = !text.is_empty()
        && text.len() <= 40
        && text.bytes().all(|byte| byte.is_ascii_digit() || b".-+eE".contains(&byte));
    let mut amount = plain
        .then(|| Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)))
        .and_then(Result::ok)
        .ok_or("must be a decimal number")?;
    if amount.is_sign_negative() && !amount.is_zero() {
        Err("must be positive")
    } else if amount.scale() > 2 {
        Err("must have at most 2 decimals")
    } else if amount > Decimal::from(MAX_AMOUNT) {
        Err("is too large")
    } else {
        amount.rescale(2);
        Ok(amount)
    }
}

/// Formats an amount as responses contain it: with two decimals.
pub(crate) fn text(amount: Decimal) -> String {
    format!("{amount:.2}")
}

/// [`text`] for serde.
#[allow(clippy::trivially_copy_pass_by_ref)] // the signature serde wants
pub(crate) fn as_text<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&text(*amount))
}

/// Parses what [`as_text`] writes, or a number; it may be zero.
pub(crate) fn from_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let text = match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    parse_fee(&text).map_err(|why| D::Error::custom(format!("the amount {why}")))
}

/// [`from_json`] for an amount that may be absent.
pub(crate) fn some_from_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    from_json(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_parsed_exactly_and_written_with_two_decimals() {
        for (given, written) in [
            ("1", "1.00"),
            ("0.1", "0.10"),
            ("10.50", "10.50"),
            ("1e3", "1000.00"),
            ("1000000000000", "1000000000000.00"),
        ] {
            assert_eq!(Ok(written.to_owned()), parse(given).map(text), "{given}");
        }
    }

    #[test]
    fn invalid_amounts_are_refused() {
        for bad in [
            "",
            "0",
            "-1",
            "0.001",
            "1.000",
            "1000000000000.01",
            "1e400",
            "1e-400",
            "NaN",
            "abc",
            "1_000",
            " 1",
            "99999999999999999999999999999999999999999999",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
