//! JSON that is kept as it came: accepted exactly when it is JSON, given back unchanged, printed without card numbers.

use std::collections::HashSet;

use keysecure::{Extra, Json};

use super::json::Meaning;
use super::pan::{digits, pans};

pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let json = Json::new(text);
    assert_eq!(json.is_ok(), serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(), "JSON or not: {text}");
    let Ok(json) = json else { return };
    assert_eq!(json.as_str(), text.trim_matches([' ', '\n', '\r', '\t']));
    let mut texts = Vec::new();
    if let Some(meaning) = Meaning::of(text) {
        meaning.each_text(&mut |text| texts.push(text.to_owned()));
    }
    let pans: Vec<&str> = texts.iter().flat_map(|text| pans(text)).collect();
    // Digits that are part of a longer row elsewhere, a number for instance, may be printed there.
    let plain = without_escapes(text);
    let rows: HashSet<&str> = digits(&plain).collect();
    let no_pan_in = |printed: String| {
        let printed = without_escapes(&printed);
        for pan in pans.iter().filter(|pan| printed.contains(**pan)) {
            assert!(rows.iter().any(|row| row.len() > pan.len() && row.contains(pan)), "{printed}");
        }
    };
    no_pan_in(format!("{json:?}"));
    if let Ok(extra) = Extra::from_json(text) {
        no_pan_in(format!("{extra:?}"));
        let written = extra.to_json();
        assert_eq!(Extra::from_json(&written).as_ref(), Ok(&extra), "written as {written}");
    }
}

/// JSON with a space in the place of each `\uXXXX`, whose digits belong to no row.
fn without_escapes(json: &str) -> String {
    let pieces = json.split("\\u").enumerate();
    pieces
        .map(|(place, piece)| if place == 0 { piece } else { piece.get(4..).unwrap_or_default() })
        .collect::<Vec<_>>()
        .join(" ")
}
