//! Compares a result with the expectation of a step, which names only some fields.

use serde_json::Value;

/// Panics unless `found` matches `expected`. `place` names the step in the message.
pub fn assert_matches(expected: &Value, found: &Value, place: &str) {
    if let Err(difference) = matches(expected, found, "") {
        panic!("{place}\n{difference}\nin {found}");
    }
}

fn matches(expected: &Value, found: &Value, path: &str) -> Result<(), String> {
    match expected {
        Value::String(any) if any == "*" => {
            if found.is_null() {
                Err(format!("{path} is missing"))
            } else {
                Ok(())
            }
        }
        Value::Object(fields) if fields.contains_key("$count") => {
            let count = found.as_array().map(Vec::len);
            let wanted = fields["$count"].as_u64().and_then(|count| usize::try_from(count).ok());
            if count == wanted { Ok(()) } else { Err(format!("{path} has {count:?} items, not {wanted:?}")) }
        }
        Value::Object(fields) if fields.contains_key("$first") => {
            matches(&fields["$first"], found.get(0).unwrap_or(&Value::Null), &join(path, "0"))
        }
        Value::Object(fields) if fields.contains_key("$like") => {
            let (pattern, text) = (fields["$like"].as_str().unwrap_or_default(), found.as_str().unwrap_or_default());
            let alike = match (pattern.strip_suffix("****"), pattern.strip_prefix("****")) {
                (Some(start), _) => text.starts_with(start),
                (_, Some(end)) => text.ends_with(end),
                _ => false,
            };
            if alike { Ok(()) } else { Err(format!("{path} is not like {pattern}")) }
        }
        Value::Object(fields) => fields
            .iter()
            .try_for_each(|(name, value)| matches(value, found.get(name).unwrap_or(&Value::Null), &join(path, name))),
        Value::Array(items) => {
            let count = found.as_array().map(Vec::len);
            if count != Some(items.len()) {
                return Err(format!("{path} has {count:?} items, not {}", items.len()));
            }
            items
                .iter()
                .enumerate()
                .try_for_each(|(place, item)| matches(item, &found[place], &join(path, &place.to_string())))
        }
        other if other == found => Ok(()),
        other => Err(format!("{path} is {found}, not {other}")),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[test]
fn differences_are_found() {
    use serde_json::json;
    let found = json!({"a": [1, {"b": "text"}], "c": null});
    for same in [
        json!({}),
        json!({"a": {"$count": 2}}),
        json!({"a": [1, {"b": "*"}]}),
        json!({"a": [1, {"b": {"$like": "te****"}}]}),
    ] {
        assert!(matches(&same, &found, "").is_ok(), "{same}");
    }
    for other in [
        json!({"a": {"$count": 3}}),
        json!({"a": {"$first": 2}}),
        json!({"a": [1]}),
        json!({"a": [2, {}]}),
        json!({"c": "*"}),
        json!({"d": 1}),
        json!({"a": [1, {"b": {"$like": "****te"}}]}),
        json!([]),
    ] {
        assert!(matches(&other, &found, "").is_err(), "{other}");
    }
}
