//! The record of requests.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::fault::FaultKind;

/// Bodies longer than this are not kept.
const LONGEST_BODY: usize = 8 * 1024;
/// Body fields whose values are hidden in records.
pub(crate) const SECRET_FIELDS: [&str; 5] = ["cvv", "pin", "pan", "sumsub_share_token", "client_access_token"];

/// One request as it reached the sandbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RequestRecord {
    /// Such as `cards.get`; `unknown` for a path that is no call.
    pub operation: String,
    /// HTTP method.
    pub method: String,
    /// The path with `{}` for its variable part, or the path itself if it is no call.
    pub path: String,
    /// Ordinal of the connection since the sandbox started, from 1.
    pub connection: u64,
    /// Names of the headers in the order they came, values left out.
    pub headers: Vec<String>,
    /// The JSON body with secret values hidden, or a note on its length.
    pub body: String,
    /// Virtual time in Unix milliseconds.
    pub time_ms: i64,
    /// The code of the answer; `None` if no whole envelope was sent.
    pub code: Option<i64>,
    /// The fault that hit the request.
    pub fault: Option<FaultKind>,
    /// Whether the request changed the state.
    pub committed: bool,
}

/// A record as the request path keeps it: cheap to make, worked out only when somebody asks.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) operation: &'static str,
    pub(crate) method: Cow<'static, str>,
    pub(crate) path: Cow<'static, str>,
    pub(crate) connection: u64,
    /// One name per line. Most requests have the same ones as the request before, and share them.
    pub(crate) header_names: Arc<str>,
    pub(crate) body: Box<[u8]>,
    pub(crate) time_ms: i64,
    pub(crate) code: Option<i64>,
    pub(crate) fault: Option<FaultKind>,
    pub(crate) committed: bool,
}

/// The last requests.
#[derive(Debug)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    most: usize,
    /// How many were ever pushed: the name of the last one.
    pushed: usize,
}

impl Log {
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: VecDeque::new(), most, pushed: 0 }
    }

    /// Adds an entry and gives its name.
    pub(crate) fn push(&mut self, mut entry: Entry) -> usize {
        if let Some(last) = self.entries.back().filter(|last| last.header_names == entry.header_names) {
            entry.header_names = Arc::clone(&last.header_names);
        }
        if self.entries.len() >= self.most {
            self.entries.pop_front();
        }
        if self.most > 0 {
            self.entries.push_back(entry);
        }
        self.pushed += 1;
        self.pushed
    }

    /// The call of that entry was committed after all.
    pub(crate) fn committed_late(&mut self, name: usize) {
        let from_the_end = self.pushed - name;
        let at = self.entries.len().checked_sub(from_the_end + 1);
        if let Some(entry) = at.and_then(|at| self.entries.get_mut(at)) {
            entry.committed = true;
        }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}

impl Entry {
    pub(crate) fn body_to_keep(body: &[u8]) -> Box<[u8]> {
        if body.len() > LONGEST_BODY { format!("\"{} bytes\"", body.len()).into_bytes().into() } else { body.into() }
    }

    pub(crate) fn record(&self) -> RequestRecord {
        RequestRecord {
            operation: self.operation.to_owned(),
            method: self.method.to_string(),
            path: self.path.to_string(),
            connection: self.connection,
            headers: self.header_names.lines().map(str::to_owned).collect(),
            body: masked(&self.body),
            time_ms: self.time_ms,
            code: self.code,
            fault: self.fault,
            committed: self.committed,
        }
    }
}

fn masked(body: &[u8]) -> String {
    if body.is_empty() {
        return String::new();
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            mask(&mut value);
            value.to_string()
        }
        // It may be anything, a secret included.
        Err(_) => format!("{} bytes that are not JSON", body.len()),
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if SECRET_FIELDS.contains(&name.as_str()) {
                    *value = Value::from("***");
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let text = masked(br#"{"pin":"135791","card_no":"1","deep":[{"cvv":"123"}]}"#);
        assert!(!text.contains("135791") && !text.contains("123"), "{text}");
        assert!(text.contains(r#""card_no":"1""#), "{text}");
    }

    #[test]
    fn a_body_that_is_not_json_is_not_shown() {
        assert_eq!("10 bytes that are not JSON", masked(b"pin=135791"));
    }

    #[test]
    fn the_log_keeps_the_last_ones() {
        let entry = |connection| Entry {
            operation: "token",
            method: Cow::Borrowed(""),
            path: Cow::Borrowed(""),
            connection,
            header_names: Arc::from(""),
            body: Box::default(),
            time_ms: 0,
            code: None,
            fault: None,
            committed: false,
        };
        let mut log = Log::new(2);
        let names: Vec<_> = (1..=3).map(|connection| log.push(entry(connection))).collect();
        assert_eq!(vec![2, 3], log.entries().map(|entry| entry.connection).collect::<Vec<_>>());
        log.committed_late(names[0]);
        log.committed_late(names[1]);
        assert_eq!(vec![true, false], log.entries().map(|entry| entry.committed).collect::<Vec<_>>());
    }
}
