//! JSON that is kept as it came: accepted exactly when it is JSON, given back unchanged, printed without card numbers.

use keysecure::{Extra, Json};

use super::json::Meaning;
use super::pan::pans;

pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let json = Json::new(text);
    assert_eq!(json.is_ok(), serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(), "JSON or not: {text}");
    let Ok(json) = json else { return };
    assert_eq!(json.as_str(), text.trim_matches([' ', '\n', '\r', '\t']));
    let meaning = Meaning::of(text);
    let no_pan_in = |printed: String| {
        let Some(meaning) = &meaning else { return };
        meaning.each_text(&mut |text| {
            for pan in pans(text) {
                assert!(!printed.contains(pan), "{printed}");
            }
        });
    };
    no_pan_in(format!("{json:?}"));
    if let Ok(extra) = Extra::from_json(text) {
        no_pan_in(format!("{extra:?}"));
        let written = extra.to_json();
        assert_eq!(Extra::from_json(&written).as_ref(), Ok(&extra), "written as {written}");
    }
}
