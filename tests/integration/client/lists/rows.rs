//! Rows that are not as documented: no row is lost, and one that cannot be identified is named.

use keysecure::{Consumption, Error, ErrorKind, ListConsumptions, ListPackages};
use keysecure_tests::{logged, millis};

use super::servers::{cut, list, rows, server};

/// All consumptions of a server with these rows.
fn consumptions(rows: &str) -> Vec<Result<Consumption, Error>> {
    let data = format!(r#"{{"list":[{rows}]}}"#);
    let (_server, client) = server(move |page, _| if page == 0 { data.clone() } else { r#"{"list":[]}"#.to_owned() });
    let query = ListConsumptions::between(millis(1_700_000_000_000), millis(1_700_000_100_000));
    client.consumptions().list(&query).unwrap().take(1_000).collect()
}

#[test]
fn a_field_of_another_type_loses_no_row() {
    for (field, value) in [
        ("detail", "7"),
        ("time", r#""2026-01-05 10:00:00""#),
        ("time", "1e400"),
        ("merchant_info", r#""""#),
        ("amount", r#""1,000.00""#),
        ("amount", "[]"),
        ("fee_list", r#""none""#),
        ("fee_list", "[7]"),
        ("status", "1"),
        ("type", "{}"),
        ("local_currency", "840"),
    ] {
        let row = |number: u32| format!(r#"{{"consume_no":"{number}","card_no":"c","{field}":{value}}}"#);
        let text = format!(r#"{},{{"consume_no":"2","amount":"3.50"}},{}"#, row(1), row(3));
        let listed: Vec<_> = consumptions(&text).into_iter().map(Result::unwrap).collect();
        assert_eq!(listed.iter().map(|row| row.consume_no.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
        let row = &listed[0];
        assert_eq!((row.extra.len(), row.extra.get(field).unwrap().as_str()), (1, value), "{field}");
        assert_eq!((row.time, row.amount, &row.detail, &row.merchant_info), (None, None, &None, &None), "{field}");
        assert_eq!((&row.status, &row.r#type, &row.fee_list.len()), (&None, &None, &0), "{field}");
        assert_eq!(row.card_no.as_deref(), Some("c"));
        assert_eq!(listed[1].amount.unwrap().to_string(), "3.50");
    }
}

#[test]
fn an_identifier_sent_as_a_number_becomes_text() {
    let listed = consumptions(
        r#"{"consume_no":1763800000000000001,"card_no":1234},{"consume_no":"1763800000000000001"},{"consume_no":7}"#,
    );
    let rows: Vec<_> = listed.into_iter().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2, "a number and its text are one row");
    assert_eq!((rows[0].consume_no.as_str(), rows[0].card_no.as_deref()), ("1763800000000000001", Some("1234")));
    assert!(rows[0].extra.is_empty());
}

#[test]
fn a_field_of_another_type_is_logged_once_and_without_its_value() {
    // No other test sends `remark` of a consumption with an unexpected type.
    let text = r#"{"consume_no":"1","remark":{"secret":"4556737586899855"}},{"consume_no":"2","remark":[]}"#;
    let (rows, lines) = logged(|| consumptions(text));
    assert!(rows.iter().all(Result::is_ok) && rows.len() == 2);
    let warnings: Vec<_> =
        lines.iter().filter(|line| line.level == log::Level::Warn).map(|line| line.text.as_str()).collect();
    assert_eq!(
        warnings,
        ["Consumption.remark: the platform sends a value of an unexpected type; `extra` keeps it (logged once)"]
    );
}

#[test]
fn a_row_without_its_number_is_an_error_and_the_list_continues() {
    for (bad, wrong) in [
        ("{}", "consume_no is missing"),
        (r#"{"consume_no":null,"amount":"1"}"#, "consume_no is missing"),
        (r#"{"consume_no":""}"#, "consume_no is empty"),
        (r#"{"consume_no":" "}"#, "consume_no is empty"),
        (r#"{"consume_no":[1]}"#, "consume_no: expected text, found an array"),
        (r#"{"consume_no":1.5}"#, "consume_no: expected text, found a number"),
        ("7", "expected an object, found a number"),
        ("null", "expected an object, found null"),
        ("true", "expected an object, found a boolean"),
        (r#""4556737586899855""#, "expected an object, found text"),
        (r#"[{"consume_no":"9"}]"#, "expected an object, found an array"),
    ] {
        let listed = consumptions(&format!(r#"{{"consume_no":"1"}},{bad},{{"consume_no":"2"}},{bad}"#));
        let shown: Vec<_> = listed
            .iter()
            .map(|row| row.as_ref().map_or_else(ToString::to_string, |row| row.consume_no.clone()))
            .collect();
        let error =
            |index: usize| format!("consumptions.list: list[{index}] on page 0: {wrong} (unknown, attempts: 1)");
        assert_eq!(shown, ["1".to_owned(), error(1), "2".to_owned(), error(3)], "{bad}");
        assert!(
            listed.iter().filter_map(|row| row.as_ref().err()).all(|error| error.kind() == ErrorKind::InvalidResponse)
        );
    }
}

#[test]
fn a_row_without_its_number_is_named_by_page_and_index() {
    let (_server, client) = server(|page, size| {
        let text = rows(cut(page * size, size, 330), "");
        text.replace(r#"{"package_no":"p237"}"#, r#"{"package_en_name":"Gold"}"#)
    });
    let listed = list(&client);
    assert_eq!(listed.len(), 330);
    let error = listed[237].as_ref().unwrap_err();
    assert!(error.to_string().contains("list[37] on page 2: package_no is missing"), "{error}");
    assert_eq!(listed.iter().filter(|row| row.is_ok()).count(), 329);
    // The rows before the error need no request: a caller that takes a page at once loses none of them.
    let mut lazy = client.cards().packages(&ListPackages::default()).skip(200);
    lazy.next().unwrap().unwrap();
    assert_eq!(lazy.size_hint().0, 36);
    // A single page with a bad row is an error.
    let error = client.cards().packages_page(&ListPackages::default(), 2, 100).unwrap_err();
    assert!(error.to_string().contains("list[37] on page 2: package_no is missing"), "{error}");
}

#[test]
fn half_a_surrogate_pair_in_any_text_loses_nothing() {
    let listed = consumptions(
        r#"{"consume_no":"1","detail":"Caf\u00e9 \ud83d","merchant_info":{"merchant_name":"\ude00"},"new\ud83d":"\ud83d"},{"consume_no":"\ud83d","detail":"\ud83d\ude00"}"#,
    );
    let rows: Vec<_> = listed.into_iter().map(Result::unwrap).collect();
    assert_eq!(rows[0].detail.as_deref(), Some("Café \u{fffd}"));
    assert_eq!(rows[0].merchant_info.as_ref().unwrap().merchant_name.as_deref(), Some("\u{fffd}"));
    assert_eq!(rows[0].extra.get("new\u{fffd}").unwrap().parse::<String>().unwrap(), "\u{fffd}");
    assert_eq!((rows[1].consume_no.as_str(), rows[1].detail.as_deref()), ("\u{fffd}", Some("😀")));
}

#[test]
fn a_page_keeps_the_fields_next_to_its_rows() {
    let (_server, client) = server(|_, _| rows(0..2, r#","total":120,"has_more":true"#));
    let page = client.cards().packages_page(&ListPackages::default(), 0, 2).unwrap();
    assert_eq!(page.extra.get("total").unwrap().as_str(), "120");
    assert_eq!((page.list.len(), page.extra.len()), (2, 2));
}
