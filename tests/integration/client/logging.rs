//! What the `log` facade receives about calls.

use std::sync::Arc;
use std::time::Duration;

use keysecure::{
    CardStatus, Client, EnsureOptions, Request, Response, Store, Transfer, TransferType, Transport, TransportError,
    TransportFault,
};
use keysecure_sandbox::{Fault, FaultKind};
use keysecure_tests::{LogLine, TestEnv, logged};
use log::Level;

/// The records of the calls, without those of attempts.
fn calls(lines: Vec<LogLine>) -> Vec<LogLine> {
    lines.into_iter().filter(|line| line.target == "keysecure" && line.level < Level::Debug).collect()
}

/// Whether a record is of the end of a call.
fn ended(line: &LogLine) -> bool {
    line.field("attempts").is_some()
}

#[test]
fn a_failed_call_has_the_level_of_its_effect() {
    let env = TestEnv::credit().unwrap();
    let card_no = env.virtual_card().unwrap();
    let client = env.builder().max_retries(0).build().unwrap();
    client.access_token().unwrap();
    let table = [
        ("cards.get", None, Level::Info, None),
        ("cards.get", Some(FaultKind::Code(1004)), Level::Info, Some("rejected")),
        ("cards.get", Some(FaultKind::DropAfterCommit), Level::Warn, Some("unknown")),
        ("cards.update_status", Some(FaultKind::Code(4005)), Level::Warn, Some("rejected")),
        ("cards.update_status", Some(FaultKind::DropAfterCommit), Level::Error, Some("unknown")),
        ("cards.update_status", None, Level::Info, None),
    ];
    for (operation, fault, level, outcome) in table {
        // The first change is carried out, although its response is lost.
        let status = if fault.is_some() { CardStatus::Frozen } else { CardStatus::Activated };
        if let Some(kind) = fault {
            env.sandbox.fault(Fault::on(operation, kind));
        }
        let ((), lines) = logged(|| match operation {
            "cards.get" => drop(client.cards().get(&card_no)),
            _ => drop(client.cards().update_status(&card_no, status)),
        });
        let [line] = &calls(lines)[..] else { panic!("one record for {operation}") };
        assert_eq!((line.level, line.field("operation"), line.field("outcome")), (level, Some(operation), outcome));
        assert_eq!(line.field("attempts"), Some("1"));
        assert!(line.field("duration_ms").is_some_and(|millis| millis.parse::<f64>().is_ok()), "{line:?}");
        assert_eq!(line.text.starts_with("a call failed"), level < Level::Info, "{line:?}");
        assert!(!line.text.contains(&*card_no));
    }
}

/// Fetches a token over the network, and cancels every other request.
struct Cancelling(bool);

impl Transport for Cancelling {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        if request.url.ends_with("/merchant/token") {
            let body =
                br#"{"code":0,"msg":"success","data":{"access_token":"t","expired_time":4102444800000}}"#.to_vec();
            let (date, retry_after, content_type, location) = (None, None, None, None);
            return Ok(Response { status: 200, date, retry_after, content_type, location, body: body.into() });
        }
        let (cancelled, sent) = (TransportFault::Interrupted, self.0);
        Err(if sent { TransportError::maybe_sent(cancelled) } else { TransportError::not_sent(cancelled) })
    }
}

#[test]
fn a_cancelled_call_is_no_failure_unless_it_may_have_changed_something() {
    for (operation, sent, level, text) in [
        ("cards.get", true, Level::Info, "a call was cancelled: "),
        ("cards.get", false, Level::Info, "a call was cancelled: "),
        ("cards.update_status", false, Level::Info, "a call was cancelled: "),
        ("cards.update_status", true, Level::Error, "a call was cancelled, and what it did is unknown: "),
    ] {
        let client = Client::builder("key", "0123456789abcdef").transport(Arc::new(Cancelling(sent))).build().unwrap();
        client.access_token().unwrap();
        let ((), lines) = logged(|| match operation {
            "cards.get" => drop(client.cards().get("1")),
            _ => drop(client.cards().update_status("1", CardStatus::Frozen)),
        });
        let [line] = &calls(lines)[..] else { panic!("one record for {operation}") };
        assert_eq!((line.level, line.text.starts_with(text)), (level, true), "{line:?}");
    }
}

#[test]
fn a_change_that_is_refused_before_it_is_sent_is_logged() {
    let env = TestEnv::credit().unwrap();
    let client = env.builder().build().unwrap();
    client.close();
    let (_, lines) = logged(|| client.cards().update_status("1", CardStatus::Frozen));
    let [line] = &calls(lines)[..] else { panic!("one record") };
    let fields = ["operation", "outcome", "attempts"].map(|name| line.field(name).unwrap());
    assert_eq!((line.level, fields), (Level::Warn, ["cards.update_status", "not_sent", "0"]));
}

#[test]
fn a_failed_ensure_call_is_logged_once_with_its_own_name() {
    let env = TestEnv::credit().unwrap();
    let transfer = |amount: &str| Transfer {
        cardholder_no: env.cardholder_no.clone(),
        transfer_unique_no: "order-7".to_owned(),
        r#type: TransferType::In,
        amount: amount.parse().unwrap(),
    };
    let client = env.builder().store(Store::memory()).max_retries(0).build().unwrap();
    client.accounts().ensure_transfer(&transfer("25"), &EnsureOptions::first_attempt()).unwrap();
    let failed = |client: &Client, transfer: &Transfer, options: &EnsureOptions| {
        let (result, lines) = logged(|| client.accounts().ensure_transfer(transfer, options));
        result.unwrap_err();
        let ours = |line: &LogLine| ended(line) && line.field("operation") == Some("accounts.ensure_transfer");
        let [line] = &calls(lines).into_iter().filter(ours).collect::<Vec<_>>()[..] else { panic!("one record") };
        let fields = ["outcome", "error", "attempts"].map(|name| line.field(name).unwrap().to_owned());
        assert!(line.field("duration_ms").is_some_and(|millis| millis.parse::<f64>().is_ok()), "{line:?}");
        (line.level, fields.join(" "))
    };
    let conflict = failed(&client, &transfer("26"), &EnsureOptions::first_attempt());
    assert_eq!(conflict, (Level::Warn, "not_sent conflict 0".to_owned()));
    assert_eq!(
        failed(&env.client, &transfer("25"), &EnsureOptions::first_attempt()),
        (Level::Warn, "not_sent config 0".to_owned())
    );
    // The request is lost, and the deadline passes before a lookup proves that.
    env.sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropBeforeRead));
    let second = Transfer { transfer_unique_no: "order-8".to_owned(), ..transfer("25") };
    let short = EnsureOptions {
        settle: Some(Duration::from_secs(2)),
        deadline: Some(Duration::from_nanos(2_000_000_001)),
        ..EnsureOptions::first_attempt()
    };
    assert_eq!(failed(&client, &second, &short), (Level::Error, "unknown timeout 1".to_owned()));
}

#[test]
fn an_ensure_call_that_finds_a_lost_response_says_that_it_is_done() {
    let env = TestEnv::credit().unwrap();
    let transfer = Transfer {
        cardholder_no: env.cardholder_no.clone(),
        transfer_unique_no: "order-9".to_owned(),
        r#type: TransferType::In,
        amount: "25".parse().unwrap(),
    };
    let client = env.builder().store(Store::memory()).max_retries(0).build().unwrap();
    env.sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropAfterCommit));
    let (done, lines) = logged(|| client.accounts().ensure_transfer(&transfer, &EnsureOptions::first_attempt()));
    assert!(done.unwrap().created);
    let lines = calls(lines);
    let attempt = lines.iter().find(|line| line.field("operation") == Some("accounts.transfer")).unwrap();
    assert_eq!((attempt.level, attempt.field("outcome")), (Level::Error, Some("unknown")));
    let last = lines.last().unwrap();
    assert_eq!((last.level, last.field("operation")), (Level::Info, Some("accounts.ensure_transfer")), "{lines:?}");
    assert_eq!((last.field("attempts"), last.field("outcome")), (Some("1"), None));
    assert!(last.text.starts_with("a call is done, although the outcome of a request was unknown: "), "{last:?}");
    // A call without such a request has the records of its requests only.
    let (found, lines) = logged(|| client.accounts().ensure_transfer(&transfer, &EnsureOptions::first_attempt()));
    assert!(!found.unwrap().created);
    assert!(calls(lines).iter().all(|line| line.field("operation") != Some("accounts.ensure_transfer")));
}

#[test]
fn a_wait_until_an_attempt_is_settled_is_logged_once_when_it_begins() {
    let env = TestEnv::credit().unwrap();
    let transfer = |reference: &str| Transfer {
        cardholder_no: env.cardholder_no.clone(),
        transfer_unique_no: reference.to_owned(),
        r#type: TransferType::In,
        amount: "25".parse().unwrap(),
    };
    let client = env.builder().store(Store::memory()).max_retries(0).build().unwrap();
    let settle = Some(Duration::from_millis(1_200));
    let waits = |reference: &str, options: &EnsureOptions| {
        let (done, lines) = logged(|| client.accounts().ensure_transfer(&transfer(reference), options));
        assert!(done.unwrap().created);
        let lines = calls(lines);
        let place = lines.iter().position(|line| line.field("wait_ms").is_some());
        assert!(place.is_none_or(|place| place + 1 < lines.len()), "before the records of the calls that follow");
        lines.into_iter().filter(|line| line.field("wait_ms").is_some()).collect::<Vec<_>>()
    };
    // As long as a card number, and with its check digit.
    let [line] = &waits("4111111111111111", &EnsureOptions { settle, ..EnsureOptions::default() })[..] else {
        panic!("one record, although the wait has several parts")
    };
    assert_eq!(line.level, Level::Info);
    let fields = ["operation", "reference", "reason"].map(|name| line.field(name).unwrap());
    let reason = "the store cannot tell whether the reference is new";
    assert_eq!(fields, ["accounts.ensure_transfer", "411111******1111", reason]);
    assert!((600.0..=1_200.0).contains(&line.field("wait_ms").unwrap().parse::<f64>().unwrap()), "{line:?}");
    assert!(line.text.starts_with("a call waits ") && !line.text.contains("4111111111111111"), "{line:?}");
    let first = EnsureOptions { settle, ..EnsureOptions::first_attempt() };
    assert!(waits("order-10", &first).is_empty());
    env.sandbox.fault(Fault::on("accounts.transfer", FaultKind::DropBeforeRead));
    let [line] = &waits("order-11", &first)[..] else { panic!("one record") };
    assert_eq!(line.field("reason"), Some("the outcome of its request is unknown"));
}

#[test]
fn an_attempt_is_logged_at_debug_level_with_its_fields() {
    let env = TestEnv::credit().unwrap();
    let client = env.builder().build().unwrap();
    client.access_token().unwrap();
    let (_, lines) = logged(|| client.cards().get("404"));
    let attempt = lines.iter().find(|line| line.level == Level::Debug && line.target == "keysecure").unwrap();
    let fields = ["operation", "attempt", "http_status", "code", "outcome"].map(|name| attempt.field(name).unwrap());
    assert_eq!(fields, ["cards.get", "1", "200", "1004", "rejected"]);
}
