//! The shape of JSON: names of keys and kinds of values, never a value. What a report may hold of a response.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The shape of a value. Rows of a list are merged into one shape.
pub(super) fn shape(value: &Value) -> Value {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "boolean".into(),
        Value::Number(number) => if number.is_f64() { "number" } else { "integer" }.into(),
        Value::String(text) => kind(text).into(),
        Value::Array(items) => {
            let merged = items.iter().map(shape).reduce(merged).unwrap_or_else(|| "nothing".into());
            json!({"rows": items.len(), "of": merged})
        }
        Value::Object(fields) => object(fields),
    }
}

fn object(fields: &Map<String, Value>) -> Value {
    let mut shapes: BTreeMap<String, Value> = BTreeMap::new();
    for (name, value) in fields {
        let of = shape(value);
        let entry = shapes.remove(key(name)).map_or_else(|| of.clone(), |before| merged(before, of.clone()));
        shapes.insert(key(name).to_owned(), entry);
    }
    Value::Object(shapes.into_iter().collect())
}

/// The name of a key. One that does not look like a name of the platform may be a value: it is left out.
pub(super) fn key(name: &str) -> &str {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let is_name = (1..=40).contains(&name.len())
        && name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_alphanumeric())
        && digits <= 2;
    if is_name { name } else { "(a name that is left out)" }
}

/// The kind of a text, which says nothing about its content.
fn kind(text: &str) -> &'static str {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_decimal = text.parse::<rust_decimal::Decimal>().is_ok();
    match text {
        "" => "empty text",
        _ if digits == text.len() => "text of digits",
        _ if is_decimal => "text of a decimal",
        _ => "text",
    }
}

/// One shape for two values: the fields of both, and the kinds of both.
fn merged(one: Value, other: Value) -> Value {
    match (one, other) {
        (one, other) if one == other => one,
        (Value::Object(mut one), Value::Object(other)) => {
            for (name, of) in other {
                let of = one.remove(&name).map_or(of.clone(), |before| merged(before, of));
                one.insert(name, of);
            }
            Value::Object(one)
        }
        (one, other) => {
            let mut kinds: Vec<Value> = Vec::new();
            for part in [one, other] {
                match part {
                    Value::Array(parts) => kinds.extend(parts),
                    part => kinds.push(part),
                }
            }
            kinds.sort_by_key(ToString::to_string);
            kinds.dedup();
            if kinds.len() == 1 { kinds.remove(0) } else { Value::Array(kinds) }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{key, shape};

    #[test]
    fn a_shape_has_names_and_kinds_but_no_value() {
        let value = json!({
            "pan": "4111111111111111", "email": "ann@example.com", "amount": "12.50", "time": 1_763_800_000_123_i64,
            "rate": 1.5, "none": null, "on": true, "empty": "",
            "list": [{"card_no": "42", "status": "Activated"}, {"card_no": "43", "remark": null}, {"card_no": 7}],
        });
        let expected = json!({
            "pan": "text of digits", "email": "text", "amount": "text of a decimal", "time": "integer",
            "rate": "number", "none": "null", "on": "boolean", "empty": "empty text",
            "list": {"rows": 3, "of": {"card_no": ["integer", "text of digits"], "status": "text", "remark": "null"}},
        });
        assert_eq!(shape(&value), expected);
        assert_eq!(shape(&json!([])), json!({"rows": 0, "of": "nothing"}));
    }

    #[test]
    fn a_key_that_may_be_a_value_is_left_out() {
        for name in ["card_no", "address_line1", "cardNo", "_x"] {
            assert_eq!(key(name), name);
        }
        for name in ["4111111111111111", "Ann Lee", "Ann", "ann@example.com", "a1b2c3d4", "é", "", &"a".repeat(41)] {
            assert_ne!(key(name), name);
        }
        let shape = shape(&json!({"4111111111111111": 1, "5500000000000004": "x"}));
        assert_eq!(shape, json!({"(a name that is left out)": ["integer", "text"]}));
    }

    #[test]
    fn a_deep_value_has_a_shape() {
        let deep: Value = (0..100).fold(json!(1), |inner, _| json!([inner]));
        assert!(shape(&deep).to_string().contains("integer"));
    }
}
