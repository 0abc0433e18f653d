//! Names that steps save, and texts that are replaced by other values.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

#[derive(Default)]
pub struct Names(BTreeMap<String, Value>);

impl Names {
    pub fn save(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    pub fn text(&self, name: &str) -> String {
        match &self.0.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => panic!("nothing was saved as {name}"),
        }
    }

    /// The cardholder of the app's session: the one that was saved as `holder`.
    pub fn holder(&self) -> String {
        if self.0.contains_key("holder") { self.text("holder") } else { "nobody".to_owned() }
    }

    /// Replaces every `${name}` and, if a time is given, every `@` time by milliseconds.
    pub fn fill(&self, value: &Value, now_ms: Option<i64>) -> Value {
        match value {
            Value::String(text) => self.fill_text(text, now_ms),
            Value::Array(items) => items.iter().map(|item| self.fill(item, now_ms)).collect(),
            Value::Object(fields) => match (fields.get("$times"), now_ms) {
                (Some(times), Some(now)) => spread(times.as_array().unwrap(), now),
                _ => Value::Object(
                    fields.iter().map(|(name, value)| (name.clone(), self.fill(value, now_ms))).collect::<Map<_, _>>(),
                ),
            },
            other => other.clone(),
        }
    }

    fn fill_text(&self, text: &str, now_ms: Option<i64>) -> Value {
        if let (Some(seconds), Some(now)) = (seconds(text), now_ms) {
            return Value::from(now + seconds * 1000);
        }
        let mut parts = text.split("${");
        let mut filled = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap();
            if text.len() == name.len() + 3 {
                return self.0.get(name).unwrap_or_else(|| panic!("nothing was saved as {name}")).clone();
            }
            filled.push_str(&self.text(name));
            filled.push_str(rest);
        }
        filled.into()
    }
}

/// The seconds of `@-3600`.
pub fn seconds(text: &str) -> Option<i64> {
    text.strip_prefix('@')?.parse().ok()
}

/// `[count, from, step in seconds]` as milliseconds.
fn spread(times: &[Value], now: i64) -> Value {
    let (count, step) = (times[0].as_i64().unwrap(), times[2].as_i64().unwrap());
    let from = now + seconds(times[1].as_str().unwrap()).unwrap() * 1000;
    (0..count).map(|place| from + place * step * 1000).collect()
}

/// The value behind `path.to.0.value`.
pub fn at_path(value: &Value, path: &str) -> Option<Value> {
    let mut here = value;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        here = match step.parse::<usize>() {
            Ok(place) => here.get(place)?,
            Err(_) => here.get(step)?,
        };
    }
    Some(here.clone())
}
