//! Tests of the amount of work that a hostile body can cause, without measuring time.

use super::*;

/// Default of `WebhookVerifier::max_body`.
const LARGEST: usize = 64 * 1024;

/// A body of the largest size whose data is `{"a":[item,item,...]}`.
fn array_of(item: &str) -> String {
    let (head, tail) = (r#"{"id":"1","action":"x","data":{"a":["#, "]}}");
    let count = (LARGEST - head.len() - tail.len() + 1) / (item.len() + 1);
    format!("{head}{}{tail}", vec![item; count].join(","))
}

/// A body of the largest size whose data has one text.
fn text_of(piece: &str) -> String {
    let (head, tail) = (r#"{"id":"1","action":"x","data":{"a":{"t":""#, "\"}}}");
    format!("{head}{}{tail}", piece.repeat((LARGEST - head.len() - tail.len()) / piece.len()))
}

/// Names with the same Java hash: any sequence of these two pieces.
fn twin(number: usize) -> String {
    (0..16).map(|bit| if number >> bit & 1 == 0 { "Aa" } else { "BB" }).collect()
}

fn object_of(names: impl Iterator<Item = String>) -> String {
    let fields: Vec<String> = names.map(|name| format!("\"{name}\":null")).collect();
    format!(r#"{{"id":"1","action":"x","data":{{"a":{{{}}}}}}}"#, fields.join(","))
}

fn nested(depth: usize) -> String {
    array_of(&format!("{}1e9{}", "[".repeat(depth), "]".repeat(depth)))
}

fn hostile_bodies() -> Vec<String> {
    let texts = ["\u{7f}", "\\u0001", "\u{2028}", "\\/", "\\ud83d", "\u{80}"].map(text_of);
    let items = ["1e9", "1e99", "1E-99", "0e0", "-0.0", "9.3E-4", "\"\\/\"", "{\"b\":0,\"a\":null}", "0"].map(array_of);
    let numbers = (0..9_000).map(|number| format!("1e{number}")).collect::<Vec<_>>().join(",");
    let mut bodies = vec![
        nested(28),
        nested(1),
        object_of((0..1_500).map(twin)),
        object_of((0..4_000).map(|number| format!("k{number}"))),
        object_of((0..60).map(|number| format!("{}{number}", "k".repeat(1_000)))),
        format!(r#"{{"id":"1","action":"x","data":{{"a":[{numbers}]}}}}"#),
        format!(r#"{{"id":"1","action":"x","data":{{"a":{}.5e1}}}}"#, "9".repeat(LARGEST - 60)),
    ];
    bodies.extend(texts.into_iter().chain(items));
    bodies
}

/// All forms of a body: how many bytes they have together, and how many numbers were converted. `None`: refused at once.
fn work(body: &str, largest: usize) -> Option<(usize, usize)> {
    let envelope = Envelope::read(body.as_bytes(), largest).ok()?;
    let signed = envelope.signed("app", "1763812800500");
    let lengths = CanonicalForm::ALL.iter().filter_map(|form| signed.text(*form)).map(|text| text.len());
    Some((lengths.sum(), signed.memory.conversions()))
}

#[test]
fn the_work_for_a_body_is_bounded_by_its_size() {
    let mut examined = 0;
    for body in hostile_bodies() {
        let shown: String = body.chars().take(80).collect();
        assert!(body.len() <= LARGEST && body.len() > LARGEST / 4, "{} {shown}", body.len());
        examined += usize::from(Envelope::read(body.as_bytes(), LARGEST).is_ok());
        // A body with too many values is refused at once, unless the verifier accepts larger bodies.
        for largest in [LARGEST, 1 << 20] {
            if let Some((bytes, conversions)) = work(&body, largest) {
                assert!(bytes <= CanonicalForm::ALL.len() * (body.len() + ROOM), "{bytes} {shown}");
                assert!(conversions <= 3 * largest / MIN_BYTES_PER_VALUE, "{conversions} {shown}");
                break;
            }
        }
    }
    assert!(examined > 5, "{examined}");
}

#[test]
fn a_form_that_grows_without_end_is_left_where_its_bound_is() {
    let body = text_of("\u{7f}");
    let envelope = Envelope::read(body.as_bytes(), LARGEST).unwrap();
    let signed = envelope.signed("app", "1763812800500");
    let mut draft = Draft::new(CanonicalForm::ALL[0], signed.longest, &signed.memory);
    let Value::Other(value) = &signed.given.iter().find(|(name, _)| *name == "a").unwrap().1 else { panic!() };
    assert_eq!(draft.write(value), None);
    assert!(draft.text.len() <= signed.longest + 8, "{}", draft.text.len());
}

#[test]
fn more_values_than_a_webhook_has_are_refused() {
    let body = |count: usize| format!(r#"{{"id":"1","action":"x","data":{{"a":[{}]}}}}"#, vec!["0"; count].join(","));
    let most = LARGEST / MIN_BYTES_PER_VALUE - 2;
    assert!(Envelope::read(body(most).as_bytes(), LARGEST).is_ok());
    assert_eq!(Envelope::read(body(most + 1).as_bytes(), LARGEST).err(), Some(Rejection::TooLarge));
}
