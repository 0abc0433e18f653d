//! Checks of the cardholder's address on a card application.

use super::body::Body;
use super::codes::Refusal;
use crate::state::enums::CardType;

/// Fields required of every address.
const ALWAYS: [&str; 5] = ["postal_code", "country", "state", "city", "address_line1"];
/// Fields also required for a physical card, because the card is mailed.
const PHYSICAL: [&str; 4] = ["first_name", "last_name", "phone_code", "phone"];
/// Optional fields. It is inferred that a physical card needs no second line.
const OPTIONAL: [&str; 1] = ["address_line2"];

/// The characters allowed in an address besides letters and digits (inferred).
const PUNCTUATION: &str = " ,.'/#&()-";

/// The supported countries and the forms of their postal codes: `9` matches a digit, `A` a capital letter; any other
/// character matches itself. The platform's own list is unknown.
const COUNTRIES: [(&str, &[&str]); 14] = [
    ("AU", &["9999"]),
    ("BR", &["99999-999", "99999999"]),
    ("CA", &["A9A 9A9", "A9A9A9"]),
    ("CN", &["999999"]),
    ("DE", &["99999"]),
    ("FR", &["99999"]),
    ("GB", &["A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA", "A9A 9AA", "AA9A 9AA"]),
    ("HK", &["999077", "000000"]),
    ("IN", &["999999"]),
    ("JP", &["999-9999", "9999999"]),
    ("KR", &["99999"]),
    ("MX", &["99999"]),
    ("SG", &["999999"]),
    ("US", &["99999", "99999-9999"]),
];

/// Checks an address. Returns the name on the card, or empty text if the address has no name.
pub(super) fn check(address: &Body<'_>, card_type: CardType) -> Result<String, Refusal> {
    let needed = if card_type == CardType::Physical { &PHYSICAL[..] } else { &[] };
    for field in ALWAYS.iter().chain(needed) {
        address.required(field)?;
    }
    for field in ALWAYS.iter().chain(&PHYSICAL).chain(&OPTIONAL) {
        english(field, &address.text(field)?.unwrap_or_default())?;
    }
    for (field, max) in [("phone_code", 4), ("phone", 15)] {
        let text = address.text(field)?.unwrap_or_default();
        if text.len() > max || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(address.parameter_error(field, "must be digits"));
        }
    }
    let country = address.required("country")?;
    let Some((_, forms)) = COUNTRIES.iter().find(|(known, _)| *known == country) else {
        return Err(Refusal::field(2009, "country"));
    };
    let postal_code = address.required("postal_code")?;
    if !forms.iter().any(|form| has_form(&postal_code, form)) {
        return Err(Refusal::field(2010, "postal_code"));
    }
    let names = [address.text("first_name")?, address.text("last_name")?];
    Ok(names.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

fn english(field: &'static str, text: &str) -> Result<(), Refusal> {
    if !text.is_ascii() {
        return Err(Refusal::field(2008, field));
    }
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || PUNCTUATION.contains(letter);
    if text.chars().all(allowed) { Ok(()) } else { Err(Refusal::field(2007, field)) }
}

fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(byte, form)| match form {
            b'9' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_uppercase(),
            other => byte == other,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(changes: &[(&str, &str)]) -> Option<i64> {
        checked(CardType::Physical, changes).err().map(|refusal| refusal.code)
    }

    fn checked(card_type: CardType, changes: &[(&str, &str)]) -> Result<String, Refusal> {
        let mut fields = std::collections::BTreeMap::from([
            ("first_name", "Mary-Ann"),
            ("last_name", "O'Neil"),
            ("phone_code", "1"),
            ("phone", "5550100"),
            ("postal_code", "10001"),
            ("country", "US"),
            ("state", "NY"),
            ("city", "New York"),
            ("address_line1", "1 Main St., Apt. #4/B"),
        ]);
        fields.extend(changes.iter().copied());
        let text = serde_json::to_string(&fields).unwrap();
        check(&Body::parse(text.as_bytes()).unwrap(), card_type)
    }

    #[test]
    fn a_whole_english_address_passes() {
        assert_eq!(None, code(&[]));
        assert_eq!(None, code(&[("address_line2", "Floor 2")]));
        assert_eq!(None, code(&[("postal_code", "10001-1234")]));
        assert_eq!(None, code(&[("country", "GB"), ("postal_code", "SW1A 1AA")]));
    }

    #[test]
    fn a_virtual_card_needs_five_fields_and_others_are_checked() {
        let absent = [("first_name", ""), ("last_name", ""), ("phone_code", ""), ("phone", "")];
        assert_eq!(Ok(String::new()), checked(CardType::Virtual, &absent));
        assert_eq!(Ok("Mary-Ann O'Neil".to_owned()), checked(CardType::Virtual, &[]));
        for field in absent {
            assert_eq!(Some(1004), code(&[field]), "{field:?} of a physical card");
        }
        let refused = |change| checked(CardType::Virtual, &[change]).unwrap_err().code;
        for field in ALWAYS {
            assert_eq!(1004, refused((field, "")), "{field}");
        }
        assert_eq!([1004, 2008, 2010], [("phone", "x"), ("last_name", "Muñoz"), ("postal_code", "1")].map(refused));
    }

    #[test]
    fn each_mistake_has_its_code() {
        assert_eq!(Some(1004), code(&[("city", "")]));
        assert_eq!(Some(1004), code(&[("phone_code", "1a")]));
        assert_eq!(Some(1004), code(&[("phone", "555-0100")]));
        assert_eq!(Some(2007), code(&[("address_line1", "1 Main St; <b>")]));
        assert_eq!(Some(2007), code(&[("address_line2", "a\nb")]));
        assert_eq!(Some(2008), code(&[("city", "北京")]));
        assert_eq!(Some(2008), code(&[("last_name", "Muñoz")]));
        assert_eq!(Some(2009), code(&[("country", "XX")]));
        assert_eq!(Some(2009), code(&[("country", "us")]));
        assert_eq!(Some(2010), code(&[("postal_code", "1000")]));
        assert_eq!(Some(2010), code(&[("country", "CA")]));
    }
}
