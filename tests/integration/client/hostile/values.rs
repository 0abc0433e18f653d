//! Values of unexpected form: numbers, unknown fields, card data that does not decrypt.

use keysecure::{Card, CardStatus, ErrorKind, Json, Method};
use keysecure_tests::{MockResponse, MockServer, envelope};

use super::{client_of, mutate, read};

#[test]
fn numbers_are_read_exactly_or_kept_as_text_and_never_rounded() {
    for (amount, exact) in [
        ("10.50", "10.50"),
        ("\"10.50\"", "10.50"),
        ("0.1", "0.1"),
        ("79228162514264337593543950335", "79228162514264337593543950335"),
        ("1E+3", "1000"),
        ("-3", "-3"),
    ] {
        let data = format!(r#"{{"transfer_no":"1","before_balance":{amount},"after_balance":null}}"#);
        let server = MockServer::platform(move |_| MockResponse::Keep(envelope(&data))).unwrap();
        let moved = mutate(&client_of(&server)).unwrap();
        assert_eq!(moved.before_balance.unwrap().to_string(), exact);
        assert_eq!(moved.after_balance, None);
    }
    for amount in
        ["1e400", "1e-400", "\"NaN\"", "\"Infinity\"", "\"1,000.00\"", "\"0x10\"", "true", "[]", "{}", "\" 1\""]
    {
        let data = format!(r#"{{"transfer_no":"1","before_balance":{amount}}}"#);
        let server = MockServer::platform(move |_| MockResponse::Keep(envelope(&data))).unwrap();
        let moved = mutate(&client_of(&server)).unwrap();
        assert_eq!(moved.before_balance, None, "{amount}");
        assert_eq!(moved.extra.get("before_balance").unwrap().as_str(), amount, "the amount is kept as sent");
    }
}

#[test]
fn unknown_fields_and_values_are_kept_and_written_back_exactly() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let data = format!(
        r#"{{"card_no":"17","status":"Melted","card_type":"Liquid","time":1763800000123,"fee_detail":{{"atm_rate":0.020,"moon_fee":1e400}},"price":10.50,"huge":1e400,"tiny":-0.0,"deep":{deep},"a\"b":"\u00e9","null":null}}"#
    );
    let server = MockServer::platform(move |_| MockResponse::Keep(envelope(&data))).unwrap();
    let card = read(&client_of(&server)).unwrap();
    assert_eq!(card.status, CardStatus::from("Melted"));
    assert!(matches!(card.status, CardStatus::Unknown { .. }));
    assert_eq!(card.card_type.as_ref().unwrap().to_string(), "Liquid");
    assert_eq!(card.extra.get("price").unwrap().as_str(), "10.50");
    assert_eq!(card.extra.len(), 6);
    let written = card.to_json();
    for kept in [
        r#""status":"Melted""#,
        r#""card_type":"Liquid""#,
        r#""price":10.50"#,
        r#""huge":1e400"#,
        r#""tiny":-0.0"#,
        r#""null":null"#,
        r#""moon_fee":1e400"#,
        r#""a\"b":"\u00e9""#,
        deep.as_str(),
    ] {
        assert!(written.contains(kept), "{kept} in {written}");
    }
    assert_eq!(Card::from_json(&written).unwrap(), card);
}

#[test]
fn an_unknown_field_of_any_depth_is_kept_without_a_stack_overflow() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let data = format!(r#"{{"card_no":"17","status":"Frozen","deep":{deep}}}"#);
    let server = MockServer::platform(move |_| MockResponse::Keep(envelope(&data))).unwrap();
    let client = client_of(&server);
    match read(&client) {
        Ok(card) => {
            assert_eq!(card.extra.get("deep").unwrap().as_str(), deep);
            assert!(card.to_json().contains(&deep));
            assert!(!format!("{card:?}").is_empty());
            assert_eq!(Card::from_json(&card.to_json()).unwrap(), card);
            let parsed: Result<serde_json::Value, _> = card.extra.get("deep").unwrap().parse();
            assert_eq!(parsed.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidResponse),
    }
    let raw = client.call(Method::Get, "/v1/card/17/detail", None);
    assert!(raw.is_ok() || raw.unwrap_err().kind() == ErrorKind::InvalidResponse);
}

#[test]
fn card_data_that_does_not_decrypt_is_one_opaque_error() {
    let mut shown = Vec::new();
    for text in [
        "",
        "AAAA",
        "AAAAAAAAAAAAAAAAAAAAAA==",
        "not base64!",
        "4111111111111111",
        "=====",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let server = MockServer::platform(move |_| MockResponse::Keep(envelope(&format!("\"{text}\"")))).unwrap();
        let error = client_of(&server).cards().private_info("17").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decrypt, "{text}: {error}");
        shown.push(error.to_string());
    }
    shown.dedup();
    assert_eq!(shown.len(), 1, "the same message for every cause");
}

#[test]
fn the_raw_call_takes_any_json_as_data() {
    for data in ["null", "true", "[]", "\"x\"", "1e400", "{\"a\":[1,{}]}", "10.50"] {
        let server = MockServer::platform(move |_| MockResponse::Keep(envelope(data))).unwrap();
        let got = client_of(&server).call(Method::Get, "/v1/anything", None).unwrap();
        assert_eq!(got, Json::new(data).unwrap());
    }
}
