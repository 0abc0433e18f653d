//! Rules for the fields of requests, checked before anything is sent. Each error names the field and the rule, never the value.

use rust_decimal::Decimal;

use crate::error::Error;

type Checked = Result<(), Error>;

fn rule(holds: bool, field: &str, text: &str) -> Checked {
    if holds { Ok(()) } else { Err(Error::invalid_input(field, text)) }
}

/// Checks an identifier or token that is required.
pub(crate) fn required(field: &str, value: &str) -> Checked {
    rule(!value.trim().is_empty(), field, "is required")?;
    rule(!value.chars().any(char::is_control), field, "must not contain control characters")
}

/// Checks an identifier that becomes one segment of a path. The platform's are digits; characters that could lead to another
/// path are refused instead of escaped, because gateways decode paths differently.
pub(crate) fn path_number(field: &str, value: &str) -> Checked {
    required(field, value)?;
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'));
    rule(plain && !matches!(value, "." | ".."), field, "must hold only letters, digits and - _ . ~")
}

/// Checks a string that goes into a header.
pub(crate) fn header_text(field: &str, value: &str) -> Checked {
    required(field, value)?;
    rule(value.bytes().all(|byte| byte.is_ascii_graphic()), field, "must be printable ASCII without spaces")
}

/// Checks a tap, as the relay does.
pub(crate) fn tap(field: &str, value: &str) -> Checked {
    let plain = (1..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
    rule(plain, field, "must be 1 to 64 characters of printable ASCII, without spaces")
}

/// Checks a merchant reference: at most 64 characters.
pub(crate) fn unique_no(field: &str, value: &str) -> Checked {
    required(field, value)?;
    rule(value.chars().count() <= 64, field, "must be at most 64 characters")
}

/// Checks a CVV: exactly three digits.
pub(crate) fn cvv(digits: &str) -> Checked {
    rule(is_digits(digits, 3), "cvv", "must be exactly 3 digits")
}

/// Checks a PIN by the platform's rule.
pub(crate) fn pin(digits: &str) -> Checked {
    rule(is_digits(digits, 6), "pin", "must be exactly 6 digits")?;
    let in_a_row = digits.as_bytes().windows(3).any(|three| {
        let (first, second) = (i16::from(three[1]) - i16::from(three[0]), i16::from(three[2]) - i16::from(three[1]));
        first == second && (-1..=1).contains(&first)
    });
    rule(!in_a_row, "pin", "must not have three neighbouring digits that are identical, rising or falling by one")
}

/// Checks the last four digits printed on a card.
pub(crate) fn last_four(digits: &str) -> Checked {
    rule(is_digits(digits, 4), "card_last_no", "must be exactly 4 digits")
}

/// Checks an amount to transfer: positive, with at most 2 decimals.
pub(crate) fn amount(field: &str, amount: Decimal) -> Checked {
    rule(amount > Decimal::ZERO, field, "must be positive")?;
    rule(amount.normalize().scale() <= 2, field, "must have at most 2 decimals")
}

/// Checks an amount in the currency of a purchase: positive, with at most as many decimals as the currency has.
pub(crate) fn local_amount(amount: Decimal, currency: Option<&str>) -> Checked {
    rule(amount > Decimal::ZERO, "local_amount", "must be positive")?;
    let decimals = currency.map_or(3, decimals_of);
    let text = match (decimals, currency) {
        (3, None) => "must have at most 3 decimals",
        (3, Some(_)) => "must have at most 3 decimals in this currency",
        (4, _) => "must have at most 4 decimals in this currency",
        _ => "must have at most 2 decimals in this currency",
    };
    rule(amount.normalize().scale() <= decimals, "local_amount", text)
}

/// The number of decimals of a currency by ISO 4217, if more than two. Currencies without decimals may have two, as the
/// platform writes them.
fn decimals_of(currency: &str) -> u32 {
    match currency.trim().to_ascii_uppercase().as_str() {
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// Checks the page and size of a list call.
pub(crate) fn page_size(size: u32) -> Checked {
    rule((1..=100).contains(&size), "size", "must be 1 to 100")
}

/// Checks that there is a package (credit mode) or a BIN (authorization mode), but not both.
pub(crate) fn package_or_bin(package_no: Option<&str>, card_bin_no: Option<&str>) -> Checked {
    match (package_no, card_bin_no) {
        (None, None) => Err(Error::invalid_input("package_no", "or card_bin_no is required")),
        (Some(_), Some(_)) => Err(Error::invalid_input("package_no", "and card_bin_no exclude each other")),
        (Some(package), None) => required("package_no", package),
        (None, Some(bin)) => required("card_bin_no", bin),
    }
}

/// Checks that a card type is set. A value that this version does not know is left to the platform.
pub(crate) fn card_type(card_type: &str) -> Checked {
    required("card_type", card_type)
}

/// Checks a field of an address: required, and in printable ASCII, which the platform calls English.
pub(crate) fn address_text(field: &str, text: &str) -> Checked {
    required(field, text)?;
    rule(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), field, "must be in English letters")
}

/// Checks the country code of a phone number.
pub(crate) fn phone_code(field: &str, code: &str) -> Checked {
    required(field, code)?;
    rule(code.bytes().all(|byte| byte.is_ascii_digit()), field, "must be digits without +")
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_follow_the_platforms_rule() {
        for good in ["739251", "112233", "121212", "135790", "901901"] {
            assert!(pin(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "12345",
            "1234567",
            "73925a",
            "７３９２５１",
            "111111",
            "123456",
            "654321",
            "739987",
            "512349",
            "700051",
        ] {
            let error = pin(bad).unwrap_err();
            assert_eq!(error.field(), Some("pin"));
            assert!(bad.is_empty() || !error.to_string().contains(bad), "{error}");
        }
    }

    #[test]
    fn cvv_and_last_four_are_digits_only() {
        assert!(cvv("007").is_ok() && last_four("0007").is_ok());
        assert!(["", "12", "1234", "12x", "１２３"].iter().all(|bad| cvv(bad).is_err()));
        assert!(["", "123", "12345", "12x4"].iter().all(|bad| last_four(bad).is_err()));
    }

    #[test]
    fn unique_numbers_count_characters_not_bytes() {
        assert!(unique_no("card_unique_no", &"号".repeat(64)).is_ok());
        for bad in ["", "  ", "a\nb", &"x".repeat(65)] {
            assert!(unique_no("card_unique_no", bad).is_err());
        }
    }

    #[test]
    fn a_number_stays_inside_its_segment_of_the_path() {
        assert!(path_number("card_no", "C-1_2.3~").is_ok());
        for bad in ["", ".", "..", "../a", "a/b", "a?b", "a#b", "a%2Fb", "a b", "号"] {
            assert!(path_number("card_no", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn amounts_are_positive_cents() {
        for (text, good) in
            [("0.01", true), ("10.50", true), ("10.500", true), ("0", false), ("-1", false), ("0.001", false)]
        {
            assert_eq!(amount("amount", text.parse().unwrap()).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn local_amounts_have_the_decimals_of_their_currency() {
        for (text, currency, good) in [
            ("1.234", Some("KWD"), true),
            ("1.2340", Some("kwd"), true),
            ("1.2345", Some("KWD"), false),
            ("1.2345", Some("CLF"), true),
            ("1.23", Some("EUR"), true),
            ("1.234", Some("EUR"), false),
            ("100", Some("JPY"), true),
            ("100.00", Some("JPY"), true),
            ("1.234", Some("XXX"), false),
            ("1.234", None, true),
            ("1.2345", None, false),
            ("0", Some("KWD"), false),
            ("-1", None, false),
        ] {
            let error = local_amount(text.parse().unwrap(), currency).err();
            assert_eq!(error.is_none(), good, "{text} {currency:?}");
            assert!(error.is_none_or(|error| error.field() == Some("local_amount")));
        }
        for currency in ["BHD", "IQD", "JOD", "LYD", "OMR", "TND"] {
            assert!(local_amount("0.001".parse().unwrap(), Some(currency)).is_ok(), "{currency}");
        }
    }

    #[test]
    fn a_card_has_a_package_or_a_bin() {
        assert!(package_or_bin(Some("p"), None).is_ok() && package_or_bin(None, Some("b")).is_ok());
        assert!(package_or_bin(None, None).is_err() && package_or_bin(Some("p"), Some("b")).is_err());
        assert!(package_or_bin(Some(""), None).is_err());
    }
}
