//! Webhooks signed by the real fastjson: every one is accepted, and every tampered one rejected.
//!
//! The vectors and the programs that made them are in `tests/vectors/webhooks/`.

use keysecure::{Rejection, WebhookVerifier};
use serde_json::Value;

fn vectors(file: &str) -> Vec<Value> {
    let path = format!("{}/vectors/webhooks/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

fn verify(vector: &Value, timestamp: &str, signature: &str, body: &str) -> Result<(), Rejection> {
    let verifier = WebhookVerifier::new(text(vector, "app_id"), [text(vector, "secret")]).unwrap().ignore_timestamp();
    let headers = [("Timestamp", timestamp), ("Signature", signature), ("Sign-Version", "V1")];
    verifier.verify_signature(headers, body.as_bytes()).map(drop).map_err(|error| error.rejection().unwrap())
}

/// Whether a vector that fastjson accepts is refused on purpose.
fn refused_on_purpose(vector: &Value) -> bool {
    // Lax JSON, and names with a special meaning in fastjson (`@type`, `$ref`).
    vector["lax"] == true || vector["special"] == true
}

/// Whether a form is not reproduced, because no honest sender has such names or amounts: a `HashMap` bucket that Java turns
/// into a tree, and the numbers for which fastjson 2 does not write the shortest double.
fn not_reproduced(name: &str, form: &Value) -> bool {
    let forms = form["form"].to_string();
    let by_hash = ["hash", "fit"].iter().any(|order| forms.contains(order));
    let doubles = ["8.41e21", "2.2250738585072014e-308", "93e-5", "9.3E-4", "5e22"];
    by_hash && (name.starts_with("twins_") || name.starts_with("bucket_"))
        || forms.contains("fastjson2-") && doubles.iter().any(|number| name == format!("number {number}"))
}

/// Whether a rejection results from strict rules that no honest sender violates.
fn strict(rejection: Rejection) -> bool {
    matches!(rejection, Rejection::NotACallback | Rejection::Ambiguous | Rejection::Contradiction)
}

#[test]
fn every_form_that_fastjson_can_give_is_accepted() {
    let (mut accepted, mut strictly_refused, mut left_out, mut wrong) = (0, Vec::new(), 0, Vec::new());
    for vector in vectors("vectors.json").iter().filter(|vector| !refused_on_purpose(vector)) {
        for form in vector["forms"].as_array().unwrap().iter().filter(|form| form["signature"].is_string()) {
            match verify(vector, text(vector, "timestamp"), text(form, "signature"), text(vector, "body")) {
                Ok(()) => accepted += form["form"].as_array().unwrap().len(),
                Err(_) if not_reproduced(text(vector, "name"), form) => left_out += 1,
                Err(rejection) if strict(rejection) => {
                    strictly_refused.push((text(vector, "name").to_owned(), rejection));
                }
                Err(rejection) => wrong.push(format!("{} {}: {rejection:?}", text(vector, "name"), form["form"])),
            }
        }
    }
    strictly_refused.dedup();
    println!(
        "{accepted} forms accepted, {left_out} not reproduced; bodies refused by strictness: {}",
        strictly_refused.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(accepted > 8_000 && left_out < 70, "{accepted} {left_out}");
    // Duplicate keys, half a surrogate pair in a name, a body without an id, names and values with delimiters, a timestamp or
    // app id that is not ours: nothing else.
    let honest = |name: &str| {
        ["duplicate_", "char_separators", "key_", "keys_with_marks", "envelope_no_id", "bucket_"]
            .iter()
            .all(|start| !name.starts_with(start))
    };
    assert!(strictly_refused.iter().all(|(name, _)| !honest(name)), "{strictly_refused:?}");
}

#[test]
fn webhooks_built_from_java_objects_are_accepted() {
    let (mut accepted, mut wrong) = (0, Vec::new());
    let reached = |vector: &&Value| !refused_on_purpose(vector) && !vector["reached_by"].as_array().unwrap().is_empty();
    for vector in vectors("built.json").iter().filter(reached) {
        match verify(vector, text(vector, "timestamp"), text(vector, "signature"), text(vector, "body")) {
            Ok(()) => accepted += 1,
            Err(rejection) if strict(rejection) => {}
            Err(rejection) => wrong.push(format!("{}: {rejection:?}", text(vector, "name"))),
        }
    }
    println!("{accepted} bodies of Java objects accepted");
    assert!(accepted > 20 && wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_tampered_webhook_is_rejected() {
    let mut rejected = 0;
    for vector in vectors("vectors.json").iter().filter(|vector| !refused_on_purpose(vector)) {
        let (timestamp, body) = (text(vector, "timestamp"), text(vector, "body"));
        for form in vector["forms"].as_array().unwrap().iter().filter(|form| form["signature"].is_string()).take(2) {
            let signature = text(form, "signature");
            for tampered in tampered(body) {
                let result = verify(vector, timestamp, signature, &tampered);
                assert!(result.is_err(), "{} {}: {tampered}", text(vector, "name"), form["form"]);
                rejected += 1;
            }
            let flipped: String = signature.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect();
            let later = format!("{}7", &timestamp[..timestamp.len() - 1]);
            assert!(verify(vector, timestamp, &flipped, body).is_err());
            if later != timestamp && !body.contains("\"timestamp\"") {
                assert!(verify(vector, &later, signature, body).is_err(), "{}", text(vector, "name"));
                rejected += 1;
            }
            rejected += 1;
        }
    }
    println!("{rejected} tampered webhooks rejected");
    assert!(rejected > 4_000);
}

/// The body with one more field, and with one letter or digit of the data changed at several places, as long as it then
/// has another meaning: fields that are null have no meaning and are not signed.
fn tampered(body: &str) -> Vec<String> {
    let Some(data) = body.find("\"data\":{") else { return Vec::new() };
    let start = data + "\"data\":{".len();
    let added = format!(
        "{}\"zz_new\":1{}{}",
        &body[..start],
        if body[start..].starts_with('}') { "" } else { "," },
        &body[start..]
    );
    let mut all = vec![added];
    let places: Vec<usize> = body[start..].char_indices().map(|(place, _)| start + place).collect();
    let changeable =
        |place: &&usize| matches!(body.as_bytes()[**place], b'2'..=b'8' | b'b'..=b'y') && !escaped(body, **place);
    let candidates: Vec<usize> = places.iter().filter(changeable).copied().collect();
    for place in candidates.iter().step_by((candidates.len() / 3).max(1)) {
        let mut bytes = body.as_bytes().to_vec();
        bytes[*place] ^= 1;
        all.extend(String::from_utf8(bytes));
    }
    let says = |body: &str| serde_json::from_str(body).ok().map(|whole: Value| without_nulls(whole["data"].clone()));
    all.retain(|tampered| says(tampered).is_some_and(|other| Some(other) != says(body)));
    all
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let there = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(there.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// Whether a letter belongs to an escape, an exponent or a literal: changing it may change nothing, or break the JSON.
fn escaped(body: &str, place: usize) -> bool {
    let before = &body[..place];
    before.rfind('\\').is_some_and(|slash| place - slash <= 5)
}

#[test]
fn a_text_that_java_cut_inside_a_character_is_accepted_and_typed() {
    let mut escaped = 0;
    for vector in vectors("built.json").iter().filter(|vector| vector["senders"].to_string().contains("that were cut"))
    {
        let body = text(vector, "body");
        // A body that writes its nested texts in another way than the signed text looks like a changed one.
        if vector["reached_by"].as_array().unwrap().is_empty() {
            continue;
        }
        verify(vector, text(vector, "timestamp"), text(vector, "signature"), body).unwrap();
        escaped += usize::from(body.to_ascii_lowercase().contains("\\ud83d"));
        // The text is kept except for the half character: fastjson sends it as an escape or as a question mark.
        let of_action = body.replace("\"detail\"", "\"status\":\"Fail\",\"detail\"");
        let keysecure::Event::Consumption { data } = WebhookVerifier::parse_unverified(of_action.as_bytes()).unwrap()
        else {
            panic!("{body}")
        };
        let shop = data.merchant_info.unwrap();
        let half = if body.contains('?') { "?" } else { "\u{fffd}" };
        assert_eq!(data.detail.unwrap(), format!("Café {half}"));
        assert_eq!(data.remark.unwrap(), format!("{half} x"));
        assert_eq!((shop.merchant_name.unwrap(), shop.city.unwrap()), (format!("Café {half}"), format!("{half}😀")));
    }
    assert!(escaped > 1, "{escaped}");
}
