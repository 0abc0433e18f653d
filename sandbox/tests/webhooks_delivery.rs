//! Callbacks as a merchant gets them: what they say, when they come, and when they come again.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/merchant.rs"]
mod merchant;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::Given;
use keysecure_sandbox::{
    CallbackAction, CallbackFault, CallbackNulls, DeliveryRecord, Sandbox, SandboxError, SignStyle,
};
use merchant::{Merchant, Says};
use rust_decimal::Decimal;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(10);

/// A sandbox in credit mode whose merchant is told, with a funded cardholder and a card. The clock stands still.
fn told(merchant: &Merchant) -> (Given, String) {
    let given = Given::new(Sandbox::builder().callback_url(merchant.url()));
    given.sandbox.freeze();
    let card_no = given.virtual_card();
    given.fund("600");
    (given, card_no)
}

fn settle(given: &Given) {
    assert!(given.sandbox.settle_callbacks(SOON), "{:?}", given.sandbox.callback_info());
}

fn simulate(given: &Given, call: &str, body: Value) -> String {
    given.caller.post(&format!("/v1/simulate/{call}"), body).text("consume_no")
}

fn purchase(given: &Given, card_no: &str) -> String {
    simulate(given, "auth", json!({"card_no": card_no, "amount": "10.5"}))
}

fn set_status(given: &Given, card_no: &str, status: &str) {
    given.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": status})).data();
}

/// Does something that brings about one callback.
fn freeze(given: &Given, card_no: &str) {
    set_status(given, card_no, "Frozen");
}

fn last_delivery(given: &Given) -> DeliveryRecord {
    given.sandbox.deliveries().pop().unwrap()
}

#[test]
fn a_card_tells_each_change_of_its_status() {
    let merchant = Merchant::willing();
    let (given, _) = told(&merchant);
    let body = json!({"cardholder_no": given.holder, "card_unique_no": "c", "card_type": "Virtual",
                      "package_no": "1600000000000000102"});
    let card_no = given.caller.post("/v1/card/apply", body).text("card_no");
    set_status(&given, &card_no, "Frozen");
    set_status(&given, &card_no, "Activated");
    set_status(&given, &card_no, "Delete");
    settle(&given);
    let heard = merchant.heard();
    let cards: Vec<_> = heard.iter().filter(|heard| heard.action() == "Card_update").collect();
    let steps: Vec<_> =
        cards.iter().map(|card| (card.data()["before_status"].clone(), card.data()["after_status"].clone())).collect();
    let step = |before: &str, after: &str| (json!(before), json!(after));
    assert_eq!(
        vec![
            step("Pending", "Activated"),
            step("Activated", "Frozen"),
            step("Frozen", "Activated"),
            step("Activated", "Delete")
        ],
        steps
    );
    for card in &cards {
        let data = card.data();
        assert_eq!((json!(card_no), json!(given.sandbox.now_ms())), (data["card_no"].clone(), data["time"].clone()));
        assert!(data.get("reason").is_none(), "nothing to say: {data}");
    }
    assert_eq!("Open_card", heard[0].data()["type"], "the opening fee is a consumption");
    assert!(heard[0].data().get("merchant_info").is_none());
    assert_eq!("", heard[0].data()["detail"], "empty text stays in");
}

#[test]
fn a_refused_card_tells_why() {
    let merchant = Merchant::willing();
    let given = Given::new(Sandbox::builder().manual_cards().callback_url(merchant.url()));
    let body = json!({"cardholder_no": given.holder, "card_unique_no": "c", "card_type": "Virtual",
                      "package_no": "1600000000000000101"});
    given.fund("500");
    let card_no = given.caller.post("/v1/card/apply", body).text("card_no");
    settle(&given);
    assert_eq!(0, merchant.actions().iter().filter(|action| *action == "Card_update").count(), "still Pending");
    given.sandbox.fail_card(&card_no, "no stock").unwrap();
    settle(&given);
    assert_eq!((json!("Fail"), json!("no stock")), {
        let data = merchant.last().data();
        (data["after_status"].clone(), data["reason"].clone())
    });
}

#[test]
fn a_purchase_is_told_when_it_is_made_when_it_is_settled_and_when_its_fees_are_known() {
    let merchant = Merchant::willing();
    let (given, card_no) = told(&merchant);
    let shop = json!({"merchant_name": "SHOP \"A\"", "merchant_mcc": "5734", "city": "Köln", "country": "DE"});
    let body = json!({"card_no": card_no, "amount": "10.5", "local_amount": "9.9", "local_currency": "EUR",
                      "merchant_info": shop});
    let consume_no = simulate(&given, "auth", body);
    let fees = json!([{"fee_type": "Consume_fee", "amount": "0.30"}, {"fee_type": "Auth_fee", "amount": "0.2"}]);
    simulate(&given, "consumption_clear", json!({"consume_no": consume_no, "amount": "11", "fee_detail": fees}));
    let late = keysecure_sandbox::Fee { fee_type: "Exchange_fee".to_owned(), amount: Decimal::new(15, 2) };
    given.sandbox.complete_fees(&consume_no, vec![late]).unwrap();
    settle(&given);
    let heard = merchant.heard();
    assert_eq!(3, heard.len());
    let time = given.sandbox.now_ms();
    assert_eq!(
        json!({
            "consume_no": consume_no, "card_no": card_no, "cardholder_no": given.holder, "type": "Consumption",
            "amount": 10.5, "local_amount": 9.9, "local_currency": "EUR", "merchant_info": shop, "status": "Pending",
            "time": time, "fee": 0.0, "detail": "SHOP \"A\"", "fee_detail": [],
        }),
        heard[0].data()
    );
    for text in [r#""amount":10.50,"local_amount":9.90,"#, r#""fee":0.00,"#] {
        assert!(heard[0].body.contains(text), "exact numbers: {}", heard[0].body);
    }
    let settled = heard[1].data();
    assert_eq!(
        (json!("Success"), json!(11.0), json!(0.5)),
        (settled["status"].clone(), settled["amount"].clone(), settled["fee"].clone())
    );
    let list = r#""fee_detail":[{"fee_type":"Consume_fee","amount":0.30},{"fee_type":"Auth_fee","amount":0.20}]"#;
    assert!(heard[1].body.contains(list), "{}", heard[1].body);
    assert_eq!(
        (3, json!(0.65)),
        (heard[2].data()["fee_detail"].as_array().unwrap().len(), heard[2].data()["fee"].clone())
    );
    assert!(given.sandbox.ledger().total().is_zero());
    assert_eq!("588.35", given.balance());
    let pending = purchase(&given, &card_no);
    assert!(given.sandbox.complete_fees(&pending, Vec::new()).is_err());
}

#[test]
fn money_that_comes_back_is_told() {
    let merchant = Merchant::willing();
    let (given, card_no) = told(&merchant);
    let (failed, reversed, refunded) =
        (purchase(&given, &card_no), purchase(&given, &card_no), purchase(&given, &card_no));
    simulate(&given, "consumption_clear", json!({"consume_no": refunded}));
    settle(&given);
    merchant.forget();
    simulate(&given, "consumption_fail", json!({"consume_no": failed, "remark": "no stock"}));
    let reversal = simulate(&given, "reversal", json!({"consume_relate_no": reversed}));
    let refund = simulate(&given, "refund", json!({"consume_relate_no": refunded, "amount": "4"}));
    settle(&given);
    let said: Vec<_> = merchant
        .heard()
        .iter()
        .map(|heard| {
            ["consume_no", "type", "status", "remark", "consume_relate_no"]
                .map(|name| heard.data()[name].as_str().unwrap_or("-").to_owned())
        })
        .collect();
    assert_eq!(
        vec![
            [failed.as_str(), "Consumption", "Fail", "no stock", "-"],
            [&reversed, "Consumption", "Fail", "reversed", "-"],
            [&reversal, "Reversal", "Success", "-", &reversed],
            [&refund, "Refund", "Success", "-", &refunded],
        ],
        said.iter().map(|fields| fields.each_ref().map(String::as_str)).collect::<Vec<_>>()
    );
}

#[test]
fn a_callback_is_a_signed_post() {
    let merchant = Merchant::willing();
    let (given, card_no) = told(&merchant);
    purchase(&given, &card_no);
    settle(&given);
    let heard = merchant.last();
    assert_eq!("POST /hook?from=sandbox HTTP/1.1", heard.line);
    assert_eq!(merchant.address.to_string(), heard.headers["host"]);
    for (name, value) in [("sign-version", "V1"), ("timezone", "UTC+8"), ("content-type", "application/json")] {
        assert_eq!(value, heard.headers[name]);
    }
    assert_eq!(given.sandbox.now_ms().to_string(), heard.headers["timestamp"]);
    assert!(heard.is_signed_by(given.sandbox.api_key(), given.sandbox.api_secret()));
    assert!(!heard.is_signed_by(given.sandbox.api_key(), "other"));
    let record = last_delivery(&given);
    assert_eq!((heard.id(), CallbackAction::Consumption, 1), (record.id, record.action, record.attempt));
    assert_eq!((Some(200), Some(0), None), (record.http_status, record.code, record.error));
    assert_eq!((heard.body, heard.headers["signature"].clone()), (record.body, record.signature));
}

#[test]
fn the_signature_follows_its_settings() {
    let merchant = Merchant::willing();
    let builder = Sandbox::builder().callback_url(merchant.url()).callback_secret("s1").callback_app_id("app");
    let given = Given::new(builder.callback_nulls(CallbackNulls::Sent));
    given.fund("500");
    let card_no = given.virtual_card();
    let consume_no = purchase(&given, &card_no);
    let fees = json!([{"fee_type": "Consume_fee", "amount": "0.30"}]);
    simulate(&given, "consumption_clear", json!({"consume_no": consume_no, "fee_detail": fees}));
    settle(&given);
    let heard = merchant.last();
    assert!(heard.body.contains(r#""remark":null"#) && heard.body.contains(r#""consume_relate_no":null"#));
    let shop = r#"{"merchant_name":"SANDBOX SHOP","merchant_mcc":"5999","city":"New York","country":"US"}"#;
    assert!(heard.body.contains(shop), "the body keeps its order");
    let as_sent = |_: &str, raw: &str| raw.to_owned();
    assert!(heard.is_signed_by("app", "s1") && !heard.is_signed("app", "s1", as_sent));

    given.sandbox.set_sign_style(SignStyle::AsSent);
    given.sandbox.rotate_callback_secret("s2");
    given.sandbox.set_callback_app_id("other");
    purchase(&given, &card_no);
    settle(&given);
    assert!(merchant.last().is_signed("other", "s2", as_sent));
    given.sandbox.set_callback_secret("s3");
    given.sandbox.set_sign_style(SignStyle::JavaHashMap);
    purchase(&given, &card_no);
    settle(&given);
    assert!(merchant.last().is_signed_by("other", "s3"));
    let shown = format!("{:?}{:?}", given.sandbox.callback_info(), given.sandbox.deliveries());
    assert!(!shown.contains("s3") && !shown.contains(given.sandbox.api_secret()));
}

#[test]
fn a_callback_that_is_not_taken_comes_again_in_virtual_time() {
    let open = Arc::new(AtomicBool::new(false));
    let takes = Arc::clone(&open);
    let merchant = Merchant::new(move |heard| {
        let later = heard.data()["after_status"] == "Activated";
        if later || takes.load(Ordering::Acquire) {
            Says::Yes
        } else {
            Says::Answer(200, r#"{"code":7,"message":"no"}"#)
        }
    });
    let (given, card_no) = told(&merchant);
    freeze(&given, &card_no);
    set_status(&given, &card_no, "Activated");
    settle(&given);
    assert_eq!(2, merchant.heard().len(), "the next one does not wait");
    let refused = &given.sandbox.deliveries()[0];
    assert_eq!((Some(200), Some(7), Some("code 7: no")), (refused.http_status, refused.code, refused.error.as_deref()));
    assert_eq!(1, given.sandbox.callback_info().waiting);
    for (at, seconds) in [10, 30, 120, 600, 3600].into_iter().enumerate() {
        given.sandbox.advance(Duration::from_millis(seconds * 1000 - 1));
        settle(&given);
        assert_eq!(at + 2, merchant.heard().len(), "not before its time");
        given.sandbox.advance(Duration::from_millis(1));
        settle(&given);
        assert_eq!(at + 3, merchant.heard().len());
        let again = merchant.last();
        assert_eq!(merchant.heard()[0].body, again.body);
        assert_eq!(given.sandbox.now_ms().to_string(), again.headers["timestamp"], "a new signature each time");
        assert!(again.is_signed_by(given.sandbox.api_key(), given.sandbox.api_secret()));
        assert_eq!(u32::try_from(at).unwrap() + 2, last_delivery(&given).attempt);
    }
    given.sandbox.advance(Duration::from_secs(1_000_000));
    settle(&given);
    assert_eq!((7, 0), (merchant.heard().len(), given.sandbox.callback_info().waiting), "given up");

    open.store(true, Ordering::Release);
    given.sandbox.redeliver(&refused.id).unwrap();
    settle(&given);
    let done = last_delivery(&given);
    assert_eq!((&refused.id, 7, None), (&done.id, done.attempt, done.error));
    assert!(given.sandbox.redeliver("nobody").is_err());
}

#[test]
fn a_clock_that_runs_makes_retries_due_by_itself() {
    let first = AtomicBool::new(true);
    let merchant =
        Merchant::new(move |_| if first.swap(false, Ordering::AcqRel) { Says::Answer(500, "") } else { Says::Yes });
    let (given, card_no) = told(&merchant);
    freeze(&given, &card_no);
    settle(&given);
    given.sandbox.unfreeze();
    given.sandbox.advance(Duration::from_millis(9_800));
    let patience = Instant::now() + SOON;
    while merchant.heard().len() < 2 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(2, merchant.heard().len());
}

#[test]
fn only_a_clear_yes_is_a_yes() {
    let next = Arc::new(Mutex::new(Says::Yes));
    let says = Arc::clone(&next);
    let merchant = Merchant::new(move |_| says.lock().unwrap().clone());
    let (given, card_no) = told(&merchant);
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"cod\r\n4;x=y\r\ne\":0\r\n1\r\n}\r\n0\r\n\r\n";
    let unmeasured = "HTTP/1.0 200 OK\r\n\r\n{\"code\":0}";
    let continued = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 OK\r\nContent-Length: 10\r\n\r\n{\"code\":0}";
    for yes in [
        Says::Answer(204, ""),
        Says::Answer(201, r#"{"code":0}"#),
        Says::Bytes(chunked),
        Says::Bytes(unmeasured),
        Says::Bytes(continued),
    ] {
        let wanted = if matches!(yes, Says::Answer(204, _)) { Some("the answer has no code") } else { None };
        *next.lock().unwrap() = yes.clone();
        purchase(&given, &card_no);
        settle(&given);
        assert_eq!(wanted, last_delivery(&given).error.as_deref(), "{yes:?}");
    }
    for (no, status, error) in [
        (Says::Answer(500, r#"{"code":0}"#), Some(500), "HTTP status 500"),
        (Says::Answer(302, ""), Some(302), "HTTP status 302"),
        (Says::Answer(200, ""), Some(200), "the answer has no code"),
        (Says::Answer(200, "OK"), Some(200), "the answer has no code"),
        (Says::Answer(200, r#"{"code":"0"}"#), Some(200), "the answer has no code"),
        (Says::Answer(200, r#"{"code":1}"#), Some(200), "code 1: no message, which is required"),
        (Says::Bytes(""), None, "unexpected end of file"),
        (Says::Bytes("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"code\":0}"), None, "unexpected end of file"),
        (Says::Bytes("SMTP ready\r\n\r\n"), None, "the answer is not HTTP"),
    ] {
        *next.lock().unwrap() = no.clone();
        purchase(&given, &card_no);
        settle(&given);
        let record = last_delivery(&given);
        assert_eq!((status, Some(error)), (record.http_status, record.error.as_deref()), "{no:?}");
    }
    drop(merchant);
    purchase(&given, &card_no);
    settle(&given);
    assert!(last_delivery(&given).error.unwrap().contains("refused"));
}

#[test]
fn a_merchant_that_says_nothing_is_waited_for_five_seconds() {
    let merchant = Merchant::new(|_| Says::Late(Duration::from_secs(20)));
    let (given, card_no) = told(&merchant);
    let started = Instant::now();
    freeze(&given, &card_no);
    assert!(!given.sandbox.settle_callbacks(Duration::from_millis(100)));
    settle(&given);
    assert!((5..8).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    assert_eq!(Some("no answer in 5000 ms"), last_delivery(&given).error.as_deref());
}

#[test]
fn callbacks_can_go_wrong_on_demand() {
    let merchant = Merchant::willing();
    let (given, card_no) = told(&merchant);
    let (app_id, secret) = (given.sandbox.api_key().to_owned(), given.sandbox.api_secret().to_owned());
    let heard_under = |fault: CallbackFault| {
        merchant.forget();
        given.sandbox.callback_fault(fault).unwrap();
        purchase(&given, &card_no);
        settle(&given);
        merchant.heard()
    };

    let twice = heard_under(CallbackFault::Duplicate);
    assert_eq!(2, twice.len());
    assert_eq!((&twice[0].body, &twice[0].headers), (&twice[1].body, &twice[1].headers));
    assert_eq!([1, 1], [0, 1].map(|at| given.sandbox.deliveries()[at].attempt));

    assert!(!heard_under(CallbackFault::WrongSignature)[0].is_signed_by(&app_id, &secret));

    for by_ms in [400_000, -400_000] {
        let stale = &heard_under(CallbackFault::StaleTimestamp(by_ms))[0];
        assert_eq!((given.sandbox.now_ms() - by_ms).to_string(), stale.headers["timestamp"]);
        assert!(stale.is_signed_by(&app_id, &secret));
    }

    let tampered = &heard_under(CallbackFault::TamperBody)[0];
    assert!(!tampered.is_signed_by(&app_id, &secret));
    assert_eq!(json!(910.5), tampered.data()["amount"]);

    assert!(heard_under(CallbackFault::Drop).is_empty());
    let dropped = last_delivery(&given);
    assert_eq!((None, Some(CallbackFault::Drop)), (dropped.http_status, dropped.fault));
    assert_eq!(0, given.sandbox.callback_info().waiting, "lost");
    given.sandbox.redeliver(&dropped.id).unwrap();
    settle(&given);
    assert_eq!(dropped.id, merchant.last().id());

    assert!(heard_under(CallbackFault::Delay(Duration::from_secs(60))).is_empty());
    given.sandbox.advance(Duration::from_millis(59_999));
    settle(&given);
    assert!(merchant.heard().is_empty());
    given.sandbox.advance(Duration::from_millis(1));
    settle(&given);
    assert_eq!(1, merchant.heard().len());

    let early = given.sandbox.callback_fault(CallbackFault::OldSecret);
    assert!(matches!(early, Err(SandboxError::WrongState { .. })), "there is none yet");
    given.sandbox.rotate_callback_secret("new");
    let old = &heard_under(CallbackFault::OldSecret)[0];
    assert!(old.is_signed_by(&app_id, &secret) && !old.is_signed_by(&app_id, "new"));

    let plain = heard_under(CallbackFault::Duplicate).len() + 1;
    purchase(&given, &card_no);
    settle(&given);
    assert_eq!(plain, merchant.heard().len(), "a fault hits once");
}

#[test]
fn callbacks_can_come_in_the_wrong_order() {
    let merchant = Merchant::willing();
    let (given, card_no) = told(&merchant);
    given.sandbox.callback_fault(CallbackFault::Reorder).unwrap();
    let first = purchase(&given, &card_no);
    settle(&given);
    assert!(merchant.heard().is_empty());
    let second = purchase(&given, &card_no);
    let third = purchase(&given, &card_no);
    settle(&given);
    let mut order: Vec<_> =
        merchant.heard().iter().map(|heard| heard.data()["consume_no"].as_str().unwrap().to_owned()).collect();
    assert_eq!(second, order.remove(0));
    order.sort();
    assert_eq!(vec![first, third], order);
}

#[test]
fn a_fault_can_wait_for_its_action_and_spares_the_retry() {
    let merchant = Merchant::new(|_| Says::Answer(200, r#"{"code":1,"message":"x"}"#));
    let (given, card_no) = told(&merchant);
    given.sandbox.callback_fault_on(CallbackAction::CardUpdate, CallbackFault::WrongSignature).unwrap();
    purchase(&given, &card_no);
    freeze(&given, &card_no);
    settle(&given);
    given.sandbox.advance(Duration::from_secs(10));
    settle(&given);
    let faults: Vec<_> = given.sandbox.deliveries().iter().map(|record| (record.action, record.fault)).collect();
    let plain = |action| (action, None);
    assert_eq!(
        vec![
            plain(CallbackAction::Consumption),
            (CallbackAction::CardUpdate, Some(CallbackFault::WrongSignature)),
            plain(CallbackAction::Consumption),
            plain(CallbackAction::CardUpdate),
        ],
        faults
    );
    assert!(merchant.last().is_signed_by(given.sandbox.api_key(), given.sandbox.api_secret()));
}

#[test]
fn fifty_in_a_burst_come_once_each_and_in_order() {
    let merchant = Merchant::willing();
    let (given, card_no) = told(&merchant);
    let started = Instant::now();
    let made: Vec<_> = (0..50).map(|_| purchase(&given, &card_no)).collect();
    let called = started.elapsed();
    settle(&given);
    println!("50 purchases: calls {called:?}, all told after {:?}", started.elapsed());
    let heard: Vec<_> =
        merchant.heard().iter().map(|heard| heard.data()["consume_no"].as_str().unwrap().to_owned()).collect();
    assert_eq!(made, heard);
    let ids: std::collections::HashSet<_> = given.sandbox.deliveries().into_iter().map(|record| record.id).collect();
    assert_eq!(50, ids.len());
}

#[test]
fn a_stop_does_not_wait_for_a_merchant_that_hangs() {
    let merchant = Merchant::new(|_| Says::Late(Duration::from_secs(30)));
    let (given, card_no) = told(&merchant);
    freeze(&given, &card_no);
    purchase(&given, &card_no);
    let patience = Instant::now() + SOON;
    while merchant.heard().is_empty() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    let platform = given.sandbox.platform();
    let waiter = std::thread::spawn({
        let platform = platform.clone();
        move || platform.settle_callbacks(Duration::from_secs(60))
    });
    let started = Instant::now();
    drop(given);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(!waiter.join().unwrap());
    platform.set_callback_url(Some("http://127.0.0.1:9/")).unwrap();
    assert_eq!(1, platform.deliveries().len(), "the attempt that was cut");
}

#[test]
fn a_snapshot_holds_the_settings_and_restoring_forgets_what_waits() {
    let merchant = Merchant::new(|_| Says::Answer(500, ""));
    let (given, card_no) = told(&merchant);
    let snapshot = given.sandbox.snapshot();
    freeze(&given, &card_no);
    settle(&given);
    given.sandbox.set_callback_url(None).unwrap();
    given.sandbox.set_callback_app_id("other");
    purchase(&given, &card_no);
    settle(&given);
    assert_eq!((1, 1), (merchant.heard().len(), given.sandbox.callback_info().waiting), "nobody to tell");
    given.sandbox.restore(&snapshot);
    let info = given.sandbox.callback_info();
    assert_eq!((Some(merchant.url()), given.sandbox.api_key(), 0), (info.url, info.app_id.as_str(), info.waiting));
    given.sandbox.advance(Duration::from_secs(100));
    settle(&given);
    assert_eq!(1, merchant.heard().len());
    freeze(&given, &card_no);
    settle(&given);
    assert_eq!((2, 2), (merchant.heard().len(), given.sandbox.deliveries().len()));
}

#[test]
fn restoring_forgets_what_is_on_its_way_too() {
    let merchant = Merchant::new(|_| {
        std::thread::sleep(Duration::from_millis(300));
        Says::Answer(500, "")
    });
    let (given, card_no) = told(&merchant);
    let snapshot = given.sandbox.snapshot();
    freeze(&given, &card_no);
    let patience = Instant::now() + SOON;
    while merchant.heard().is_empty() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    given.sandbox.restore(&snapshot);
    settle(&given);
    assert_eq!((1, 0), (given.sandbox.deliveries().len(), given.sandbox.callback_info().waiting));
}

#[test]
fn callbacks_do_not_change_the_numbers() {
    let merchant = Merchant::willing();
    let numbers = |given: Given| {
        let card_no = given.virtual_card();
        given.fund("100");
        (0..3).map(|_| purchase(&given, &card_no)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(Given::credit()), numbers(Given::new(Sandbox::builder().callback_url(merchant.url()))));
}

#[test]
fn callbacks_go_to_this_machine_only() {
    for url in ["https://127.0.0.1/", "http://example.com/", "http://10.0.0.1/", "nonsense"] {
        assert!(Sandbox::builder().callback_url(url).start().is_err(), "{url}");
        let sandbox = Sandbox::start().unwrap();
        assert!(matches!(sandbox.set_callback_url(Some(url)), Err(SandboxError::CallbackUrl { .. })));
    }
}

#[test]
fn seeded_rows_are_not_told() {
    let merchant = Merchant::willing();
    let (given, card_no) = told(&merchant);
    given.sandbox.seed_consumptions(&card_no, &[1_772_323_200_000]).unwrap();
    given.physical_card();
    settle(&given);
    assert!(merchant.heard().is_empty());
}

#[test]
fn callback_faults_have_a_json_form() {
    for (fault, text) in [
        (CallbackFault::TamperBody, json!("tamper_body")),
        (CallbackFault::Delay(Duration::from_secs(5)), json!({"delay": 5000})),
        (CallbackFault::StaleTimestamp(-7), json!({"stale_timestamp": -7})),
    ] {
        assert_eq!(text, serde_json::to_value(fault).unwrap());
        assert_eq!(fault, serde_json::from_value(text).unwrap());
    }
}
