//! Lists: caps of pages, fields beside the rows, fields of rows, ends of windows, filters.

use serde_json::{Map, Value, json};

use super::inference::Inference;
use super::report::Verdict;
use super::session::Session;
use super::shape::key;
use crate::engine::operation::{self, Operation};
use crate::pager::MAX_PAGE_SIZE;

/// A list over a window, and what is inferred about its rows.
struct List {
    operation: &'static Operation,
    inference: Inference,
    /// The fields that a row is inferred to have.
    fields: &'static [&'static str],
    /// The field with the merchant reference, which is also a filter.
    reference: Option<&'static str>,
}

const LISTS: [List; 4] = [
    List {
        operation: operation::CARDHOLDERS_LIST,
        inference: Inference::CardholderRow,
        fields: &["cardholder_no", "cardholder_unique_no", "email", "fail_reason", "status", "time"],
        reference: Some("cardholder_unique_no"),
    },
    List {
        operation: operation::CARDS_LIST,
        inference: Inference::CardRow,
        fields: &[
            "card_no",
            "card_unique_no",
            "cardholder_no",
            "card_type",
            "card_last_no",
            "organization",
            "status",
            "time",
        ],
        reference: Some("card_unique_no"),
    },
    List {
        operation: operation::CONSUMPTIONS_LIST,
        inference: Inference::ConsumptionRow,
        fields: &["consume_no", "card_no", "type", "amount", "status", "time"],
        reference: None,
    },
    List {
        operation: operation::ACCOUNTS_TRANSFERS,
        inference: Inference::TransferRow,
        fields: &[
            "transfer_no",
            "transfer_unique_no",
            "cardholder_no",
            "type",
            "balance",
            "before_balance",
            "after_balance",
            "status",
            "time",
        ],
        reference: Some("transfer_unique_no"),
    },
];

/// The fields of the `Consumption` webhook that a consumption is inferred to have.
const CONSUMPTION_FIELDS: [&str; 3] = ["merchant_info", "remark", "detail"];
/// The lists without a window; the merchant's mode allows one of them.
const CATALOGS: [&Operation; 2] = [operation::CARDS_PACKAGES, operation::CARDS_BINS];
/// The length of the windows, in seconds: as long as the platform allows.
const SPAN: i64 = 90 * 86_400;

pub(super) fn examine(session: &mut Session<'_>) {
    for operation in CATALOGS {
        pages(session, operation, &json!({}));
    }
    for list in &LISTS {
        let now = session.caller.engine.server_now().div_euclid(1000);
        let newest = pages(session, list.operation, &window(session, now - SPAN, now));
        let Some(newest) = newest else { continue };
        row(session, list, &newest);
        ends(session, list.operation, &newest);
        if let Some(field) = list.reference {
            filter(session, list.operation, field, now);
        }
        match list.inference {
            Inference::CardholderRow => cardholder(session, &newest),
            Inference::ConsumptionRow => consumption(session, &newest),
            _ => {}
        }
    }
}

/// The fields of a window in a body, in the client's time zone.
fn window(session: &Session<'_>, from: i64, to: i64) -> Value {
    let zone = session.caller.engine.settings.timezone;
    json!({"start_time": zone.civil(from), "end_time": zone.civil(to)})
}

/// Reads two pages of a list and returns its newest row.
fn pages(session: &mut Session<'_>, operation: &'static Operation, filter: &Value) -> Option<Map<String, Value>> {
    let first = session.read(operation, "the first page", &page(filter, 0))?;
    let data = first.data()?;
    let rows = data.get("list")?.as_array()?;
    let extra: Vec<&str> = fields(data).filter(|name| *name != "list").map(key).collect();
    if extra.is_empty() {
        session.confirm(Inference::ListTotal, "lists have no field beside the rows");
    } else {
        session.refute(Inference::ListTotal, format!("{} has {}", operation.name, extra.join(", ")));
    }
    let newest = rows.first()?.as_object()?.clone();
    let asked = usize::try_from(MAX_PAGE_SIZE).unwrap_or_default();
    let second = session.read(operation, "the second page", &page(filter, 1))?;
    let more = second.data()?.get("list")?.as_array()?.len();
    if rows.len() < asked && more > 0 {
        let found =
            format!("{} gives {} rows of {asked}, and more follow; the pager handles it", operation.name, rows.len());
        session.refute(Inference::PageCap, found);
    } else if rows.len() >= asked {
        session.confirm(Inference::PageCap, format!("{} gives all {asked} rows", operation.name));
    } else if !session.has_found(Inference::PageCap) {
        let found = format!("no list has {asked} rows: a cap above their number does not show");
        session.record(Inference::PageCap, Verdict::NotSeen, found, None);
    }
    Some(newest)
}

fn page(filter: &Value, page: u32) -> Value {
    let mut body = filter.clone();
    body["page"] = page.into();
    body["size"] = MAX_PAGE_SIZE.into();
    body
}

fn fields(value: &Value) -> impl Iterator<Item = &str> {
    value.as_object().into_iter().flat_map(Map::keys).map(String::as_str)
}

/// Compares the fields of a row with those that are inferred.
fn row(session: &mut Session<'_>, list: &List, newest: &Map<String, Value>) {
    let missing: Vec<&str> = list.fields.iter().copied().filter(|name| !newest.contains_key(*name)).collect();
    let other: Vec<&str> =
        newest.keys().map(String::as_str).filter(|name| !list.fields.contains(name)).map(key).collect();
    let others = if other.is_empty() { String::new() } else { format!("; also {}", other.join(", ")) };
    if missing.is_empty() {
        session.confirm(list.inference, format!("has all of them{others}"));
    } else {
        session.refute(list.inference, format!("has no {}{others}", missing.join(", ")));
    }
}

/// Lists the second of a row as the first and as the last one of a window.
fn ends(session: &mut Session<'_>, operation: &'static Operation, newest: &Map<String, Value>) {
    let Some(time) = newest.get("time").and_then(Value::as_i64) else { return };
    let second = time.div_euclid(1000);
    let holds = |session: &mut Session<'_>, case: &str, from, to| {
        let response = session.read(operation, case, &page(&window(session, from, to), 0))?;
        let rows = response.data()?.get("list")?.as_array()?;
        Some(rows.iter().any(|row| row.as_object() == Some(newest)))
    };
    let as_start = holds(session, "a window that starts with the second of a row", second, second + 60);
    let as_end = holds(session, "a window that ends with the second of a row", second - 60, second);
    match (as_start, as_end) {
        (Some(true), Some(true)) => session.confirm(Inference::WindowEnds, "both ends are included"),
        (Some(start), Some(end)) => {
            let word = |included| if included { "included" } else { "not included" };
            let found = format!("{}: the start is {}, the end is {}", operation.name, word(start), word(end));
            session.refute(Inference::WindowEnds, found);
        }
        _ => {}
    }
}

/// Lists with a reference that no row has.
fn filter(session: &mut Session<'_>, operation: &'static Operation, field: &str, now: i64) {
    let mut body = page(&window(session, now - SPAN, now), 0);
    body[field] = format!("probe-{:016x}", getrandom::u64().unwrap_or_default()).into();
    let response = session.read(operation, "a reference that no row has", &body);
    let rows = response.as_ref().and_then(|response| response.data()?.get("list")?.as_array());
    match rows.map(Vec::len) {
        Some(0) => session.confirm(Inference::Filter, "a reference that no row has finds none"),
        Some(_) => session.refute(Inference::Filter, format!("{} ignores {field}", operation.name)),
        None => {}
    }
}

/// The cards of a cardholder.
fn cardholder(session: &mut Session<'_>, newest: &Map<String, Value>) {
    let Some(number) = number(newest, "cardholder_no") else { return };
    let response = session.get(operation::CARDHOLDERS_GET, "the newest cardholder", &number);
    let card = response.as_ref().and_then(|response| response.data()?.get("card_list")?.get(0));
    if let Some(card) = card {
        let names: Vec<&str> = fields(card).map(key).collect();
        let found = format!("a card has {}", names.join(", "));
        let verdict = if names.contains(&"status") { Verdict::Confirmed } else { Verdict::Refuted };
        session.record(Inference::CardholderCards, verdict, found, None);
    }
}

/// The further fields of a consumption.
fn consumption(session: &mut Session<'_>, newest: &Map<String, Value>) {
    let Some(number) = number(newest, "consume_no") else { return };
    let response = session.get(operation::CONSUMPTIONS_GET, "the newest consumption", &number);
    let Some(data) = response.as_ref().and_then(|response| response.data()) else { return };
    let missing: Vec<&str> = CONSUMPTION_FIELDS.into_iter().filter(|name| data.get(name).is_none()).collect();
    let fee = data.get("fee_list").and_then(|fees| fees.get(0));
    let lacks = fee.is_some_and(|fee| fee.get("fee_type").is_none() || fee.get("amount").is_none());
    let fees = match (fee.is_some(), lacks) {
        (false, _) => "it has no fee",
        (true, false) => "a fee has fee_type and amount",
        (true, true) => "a fee lacks fee_type or amount",
    };
    if missing.is_empty() && !lacks {
        session.confirm(Inference::ConsumptionFields, format!("has all of them; {fees}"));
    } else {
        session.refute(Inference::ConsumptionFields, format!("has no {}; {fees}", missing.join(", ")));
    }
}

/// A number of a row that may stand in a path.
fn number(row: &Map<String, Value>, field: &str) -> Option<String> {
    let number = match row.get(field)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    crate::validate::path_number(field, &number).is_ok().then_some(number)
}
