//! Fields of models. A field of an unexpected type does not fail the whole object.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde::de::MapAccess;
use serde_json::value::RawValue;

use super::object::value;
use super::text::kind_of;
use super::wire::{Decode, OnMismatch, PATH_SEPARATOR, mismatch};
use crate::codec::json::{Extra, Json};

/// Reads the value of a field of a model.
///
/// With [`OnMismatch::Keep`], a value of another type goes to `extra` under the field's name, and the field counts as
/// missing. A number in an identifier (`card_no`) is read as text.
pub(crate) fn field_value<'de, A: MapAccess<'de>, T: Decode>(
    map: &mut A,
    on_mismatch: OnMismatch,
    model: &'static str,
    name: &'static str,
    extra: &mut Extra,
) -> Result<Option<T>, A::Error> {
    if on_mismatch == OnMismatch::Fail {
        return value(map, on_mismatch).map(Some);
    }
    let json = map.next_value::<&RawValue>()?.get();
    let value = T::from_json_text(json).or_else(|| identifier(name, json));
    if value.is_none() && json != "null" {
        keep(model, name, json, extra);
    } else {
        // If a field appears twice, its last value counts, as everywhere.
        extra.remove(name);
    }
    Ok(value)
}

/// The value of a field of a model, or the error that it is required.
pub(crate) fn or_absent<T: Decode, E: serde::de::Error>(
    name: &'static str,
    value: Option<T>,
    extra: &Extra,
) -> Result<T, E> {
    value.or_else(T::missing).ok_or_else(|| match extra.get(name) {
        Some(other) => E::custom(format_args!("{name}{}", mismatch::<E>(T::EXPECTED, kind_of(other.as_str())))),
        None => E::custom(format_args!("{name}{PATH_SEPARATOR}is missing")),
    })
}

#[cold]
fn identifier<T: Decode>(name: &str, json: &str) -> Option<T> {
    let is_number = name.ends_with("_no") && json.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { T::from_json_text(&format!("\"{json}\"")) } else { None }
}

#[cold]
fn keep(model: &'static str, name: &'static str, json: &str, extra: &mut Extra) {
    extra.insert(name, Json::valid(json));
    if is_first(model, name) {
        log::warn!(
            target: "keysecure",
            "{model}.{name}: the platform sends a value of an unexpected type; `extra` keeps it (logged once)"
        );
    }
}

/// Whether this field was never logged before. Both names are constants of this crate, so the set is bounded.
fn is_first(model: &'static str, name: &'static str) -> bool {
    static LOGGED: Mutex<BTreeSet<(&str, &str)>> = Mutex::new(BTreeSet::new());
    // Never waits: in a forked child the lock may belong to a thread that does not exist there.
    LOGGED.try_lock().is_ok_and(|mut logged| logged.insert((model, name)))
}

#[cfg(test)]
mod tests {
    use super::{OnMismatch, is_first};
    use crate::codec::json_text::read;
    use crate::{Card, CardStatus, CardUpdateEvent, Consumption, TransferRecord};

    #[test]
    fn a_field_of_another_type_is_none_and_its_value_is_in_extra() {
        for (field, value) in [
            ("detail", "7"),
            ("remark", "[\"a\"]"),
            ("local_currency", "840"),
            ("merchant_info", "\"\""),
            ("merchant_info", "[]"),
            ("fee_list", "{}"),
            ("fee_list", "[{\"fee_type\":\"Auth_fee\"},7]"),
            ("time", "\"2026-01-05 10:00:00\""),
            ("time", "1e400"),
            ("amount", "\"1,000.00\""),
            ("amount", "true"),
            ("type", "3"),
            ("status", "false"),
            ("card_no", "{\"a\":1.50}"),
            ("card_no", "1.5"),
        ] {
            let row =
                Consumption::from_json(&format!(r#"{{"{field}":{value},"consume_no":"1","fee":"2.50"}}"#)).unwrap();
            assert_eq!(row.extra.len(), 1, "{field}");
            assert_eq!(row.extra.get(field).unwrap().as_str(), value, "{field}");
            assert_eq!(row.to_json().matches(&format!("\"{field}\":")).count(), 1);
            assert_eq!(Consumption::from_json(&row.to_json()).unwrap(), row, "{field}");
            assert_eq!((row.fee.unwrap().to_string(), row.consume_no.as_str()), ("2.50".to_owned(), "1"));
            let rest =
                (row.detail, row.remark, row.local_currency, row.merchant_info, row.time, row.amount, row.card_no);
            assert_eq!(rest, (None, None, None, None, None, None, None), "{field}");
            assert_eq!((row.r#type, row.status, row.fee_list.len()), (None, None, 0), "{field}");
        }
    }

    #[test]
    fn both_ways_of_reading_give_the_same_object() {
        let json = concat!(
            r#"{"consume_no":"1","type":"Brand_new","amount":"3.10","fee":2.50,"time":1763800000123,"status":null,"#,
            r#""merchant_info":{"city":"K\u00f6ln","new":{}},"fee_list":[{"fee_type":"Auth_fee","amount":""}],"#,
            r#""new":[1.50],"remark":null,"amount":"4.00"}"#
        );
        let [direct, kept] =
            [OnMismatch::Fail, OnMismatch::Keep].map(|on_mismatch| read::<Consumption>(json, on_mismatch).unwrap());
        assert_eq!(direct, kept);
        assert_eq!((direct.amount.unwrap().to_string(), direct.extra.len()), ("4.00".to_owned(), 1));
    }

    #[test]
    fn a_renamed_field_keeps_the_name_of_the_platform_in_json() {
        let json = r#"{"transfer_no":"1","balance":"25.00"}"#;
        let row = TransferRecord::from_json(json).unwrap();
        assert_eq!((row.amount.unwrap().to_string(), row.to_json()), ("25.00".to_owned(), json.to_owned()));
        assert!(format!("{row:?}").contains("amount: Some(25.00)"), "{row:?}");
        let row = TransferRecord::from_json(r#"{"transfer_no":"1","balance":true,"amount":"3"}"#).unwrap();
        assert_eq!((row.amount, row.extra.to_json()), (None, r#"{"amount":"3","balance":true}"#.to_owned()));
    }

    #[test]
    fn an_identifier_may_be_a_number_of_any_length() {
        let json = r#"{"consume_no":12345678901234567890123,"card_no":1234,"cardholder_no":null}"#;
        let row = Consumption::from_json(json).unwrap();
        assert_eq!((row.consume_no.as_str(), row.card_no.as_deref()), ("12345678901234567890123", Some("1234")));
        assert_eq!((row.cardholder_no, row.extra.len()), (None, 0));
    }

    #[test]
    fn a_row_requires_its_identifier_and_the_error_names_the_found_type() {
        for (json, text) in [
            ("{}", "text must be JSON of the object: card_no: is missing"),
            (r#"{"card_no":null,"status":"x"}"#, "text must be JSON of the object: card_no: is missing"),
            (
                r#"{"card_no":[1],"status":"x"}"#,
                "text must be JSON of the object: card_no: expected text, found an array",
            ),
        ] {
            let error = Card::from_json(json).unwrap_err().to_string();
            assert!(error.starts_with(text), "{error}");
        }
        let card = Card::from_json(r#"{"card_no":"1"}"#).unwrap();
        assert_eq!(card.status, CardStatus::default(), "a missing status does not fail the card");
        assert_eq!(card.to_json(), r#"{"card_no":"1"}"#);
    }

    #[test]
    fn the_last_value_of_a_field_that_appears_twice_counts() {
        let row = Consumption::from_json(r#"{"consume_no":"1","amount":true,"amount":"3"}"#).unwrap();
        assert_eq!((row.amount.unwrap().to_string(), row.extra.len()), ("3".to_owned(), 0));
        let row = Consumption::from_json(r#"{"consume_no":"1","amount":"3","amount":true}"#).unwrap();
        assert_eq!((row.amount, row.extra.get("amount").unwrap().as_str()), (None, "true"));
    }

    #[test]
    fn an_empty_string_in_a_required_field_is_written_and_read_again() {
        let json = r#"{"card_no":"1","after_status":""}"#;
        let event = CardUpdateEvent::from_json(json).unwrap();
        assert_eq!(event.to_json(), json);
    }

    #[test]
    fn a_field_is_logged_once() {
        assert!(is_first("Model", "one"));
        assert!(!is_first("Model", "one"));
        assert!(is_first("Model", "two") && is_first("Other", "one"));
    }

    #[test]
    fn half_a_surrogate_pair_becomes_the_replacement_character() {
        let row =
            Consumption::from_json(r#"{"consume_no":"1","detail":"Caf\u00e9 \ud83d","new\udc00":"\ud83d"}"#).unwrap();
        assert_eq!(row.detail.unwrap(), "Café \u{fffd}");
        assert_eq!(row.extra.get("new\u{fffd}").unwrap().as_str(), "\"\\ufffd\"");
    }
}
