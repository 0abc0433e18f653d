//! No secret is printed: known secrets, everything that can be printed, and a search for them.

mod calls;
mod hostile;

use std::fmt::Debug;

use keysecure::{Cvv, Error, ErrorKind, Outcome, Pin, Secret};
use keysecure_tests::LogLine;

const API_KEY: &str = "canary-api-key-7Q";

const API_SECRET: &str = "canarySECRETcanarySECRET01234567";

const SHARE_TOKEN: &str = "auto-approve-canary-share-93";

const PIN: &str = "739251";

/// Everything that was printed, each text with its source.
#[derive(Default)]
struct Printed(Vec<(String, String)>);

impl Printed {
    fn add(&mut self, what: impl Into<String>, text: String) {
        self.0.push((what.into(), text));
    }

    fn value(&mut self, what: &str, value: &impl Debug) {
        self.add(what, format!("{value:?}\n{value:#?}"));
    }

    fn error(&mut self, what: &str, error: &Error) {
        self.add(what, format!("{error}\n{error:?}\n{error:#?}\n{:?}\n{:?}", error.msg(), error.field()));
        let source = std::error::Error::source(error);
        self.add(what, format!("{source:?}"));
    }

    /// The texts that contain a secret, with their sources.
    fn leaks(&self, secrets: &[(&str, String)]) -> Vec<String> {
        let mut leaks = Vec::new();
        for (what, text) in &self.0 {
            for (name, secret) in secrets {
                if contains_secret(text, secret) {
                    leaks.push(format!("{name} in {what}: {text}"));
                }
            }
        }
        leaks
    }
}

/// Whether the text contains the secret. A short secret of digits counts only as a whole group of digits.
fn contains_secret(text: &str, secret: &str) -> bool {
    if secret.len() > 8 {
        return text.contains(secret);
    }
    let bytes = text.as_bytes();
    text.match_indices(secret).any(|(start, _)| {
        let (before, after) = (start.checked_sub(1).map(|at| bytes[at]), bytes.get(start + secret.len()).copied());
        let joins = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit() || byte == b'.');
        let is_duration = text[..start].ends_with("ms=") || matches!(after, Some(b'm' | 0xc2 | b'n' | b's'));
        !joins(before) && !joins(after) && !is_duration
    })
}

#[test]
fn the_search_finds_what_it_should() {
    assert!(
        contains_secret(r#""cvv":"417""#, "417") && contains_secret("417", "417") && contains_secret("x 417 y", "417")
    );
    assert!(
        !contains_secret("http_status=4170", "417")
            && !contains_secret("ms=417 x", "417")
            && !contains_secret("1.417ms", "417")
    );
    assert!(contains_secret("a canary-api-key-7Q b", API_KEY));
    let mut printed = Printed::default();
    printed.value("a string", &"pin 739251");
    assert_eq!(printed.leaks(&[("pin", PIN.to_owned())]).len(), 1);
}

/// The logs of the SDK at every level, and those of its libraries at debug level and above.
fn add_logs(printed: &mut Printed, lines: Vec<LogLine>) {
    for line in lines {
        if line.target.starts_with("keysecure") || line.level <= log::Level::Debug {
            printed.add(format!("the log of {} at {}", line.target, line.level), line.text);
        }
    }
}

fn check(printed: &Printed, secrets: &[(&str, String)]) {
    let leaks = printed.leaks(secrets);
    assert!(leaks.is_empty(), "{} leaks, the first: {:#?}", leaks.len(), &leaks[..leaks.len().min(5)]);
}

#[test]
fn secrets_are_equal_by_value_and_print_as_stars() {
    assert_eq!(Secret::from(API_SECRET), Secret::from(API_SECRET.to_owned()));
    assert_eq!(format!("{:?}", Secret::from(API_SECRET)), "***");
    assert_eq!(format!("{:?} {:?}", Pin::new(PIN).unwrap(), Cvv::new("417").unwrap()), "Pin(***) Cvv(***)");
    let error = Pin::new("123456").unwrap_err();
    assert_eq!((error.outcome(), error.kind()), (Outcome::NotSent, ErrorKind::InvalidInput));
}
