//! Callbacks as a merchant gets them: what they say, when they come, and when they come again.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::TestEnv;
use keysecure_sandbox::{DeliveryRecord, NullFields, Sandbox, SandboxError, SignStyle, WebhookAction, WebhookFault};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use webhook_receiver::{Reply, WebhookReceiver};

const SOON: Duration = Duration::from_secs(10);

/// A sandbox in credit mode whose merchant is told, with a funded cardholder and a card. The clock stands still.
fn told(receiver: &WebhookReceiver) -> (TestEnv, String) {
    let env = TestEnv::new(Sandbox::builder().webhook_url(receiver.url()));
    env.sandbox.freeze();
    let card_no = env.virtual_card();
    env.fund("600");
    (env, card_no)
}

fn settle(env: &TestEnv) {
    assert!(env.sandbox.settle_webhooks(SOON), "{:?}", env.sandbox.webhook_info());
}

fn simulate(env: &TestEnv, call: &str, body: Value) -> String {
    env.caller.post(&format!("/v1/simulate/{call}"), body).text("consume_no")
}

fn purchase(env: &TestEnv, card_no: &str) -> String {
    simulate(env, "auth", json!({"card_no": card_no, "amount": "10.5"}))
}

fn set_status(env: &TestEnv, card_no: &str, status: &str) {
    env.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": status})).data();
}

/// Does something that brings about one callback.
fn freeze(env: &TestEnv, card_no: &str) {
    set_status(env, card_no, "Frozen");
}

fn last_delivery(env: &TestEnv) -> DeliveryRecord {
    env.sandbox.deliveries().pop().unwrap()
}

#[test]
fn a_card_tells_each_change_of_its_status() {
    let receiver = WebhookReceiver::accepting();
    let (env, _) = told(&receiver);
    let body = json!({"cardholder_no": env.holder, "card_unique_no": "c", "card_type": "Virtual",
                      "package_no": "1600000000000000102"});
    let card_no = env.caller.post("/v1/card/apply", body).text("card_no");
    set_status(&env, &card_no, "Frozen");
    set_status(&env, &card_no, "Activated");
    set_status(&env, &card_no, "Delete");
    settle(&env);
    let received = receiver.received();
    let cards: Vec<_> = received.iter().filter(|received| received.action() == "Card_update").collect();
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
        assert_eq!((json!(card_no), json!(env.sandbox.now_ms())), (data["card_no"].clone(), data["time"].clone()));
        assert!(data.get("reason").is_none(), "nothing to say: {data}");
    }
    assert_eq!("Open_card", received[0].data()["type"], "the opening fee is a consumption");
    assert!(received[0].data().get("merchant_info").is_none());
    assert_eq!("", received[0].data()["detail"], "empty text stays in");
}

#[test]
fn a_refused_card_tells_why() {
    let receiver = WebhookReceiver::accepting();
    let env = TestEnv::new(Sandbox::builder().manual_cards().webhook_url(receiver.url()));
    let body = json!({"cardholder_no": env.holder, "card_unique_no": "c", "card_type": "Virtual",
                      "package_no": "1600000000000000101"});
    env.fund("500");
    let card_no = env.caller.post("/v1/card/apply", body).text("card_no");
    settle(&env);
    assert_eq!(0, receiver.actions().iter().filter(|action| *action == "Card_update").count(), "still Pending");
    env.sandbox.fail_card(&card_no, "no stock").unwrap();
    settle(&env);
    assert_eq!((json!("Fail"), json!("no stock")), {
        let data = receiver.last().data();
        (data["after_status"].clone(), data["reason"].clone())
    });
}

#[test]
fn a_purchase_is_told_when_it_is_made_when_it_is_settled_and_when_its_fees_are_known() {
    let receiver = WebhookReceiver::accepting();
    let (env, card_no) = told(&receiver);
    let shop = json!({"merchant_name": "SHOP \"A\"", "merchant_mcc": "5734", "city": "Köln", "country": "DE"});
    let body = json!({"card_no": card_no, "amount": "10.5", "local_amount": "9.9", "local_currency": "EUR",
                      "merchant_info": shop});
    let consume_no = simulate(&env, "auth", body);
    let fees = json!([{"fee_type": "Consume_fee", "amount": "0.30"}, {"fee_type": "Auth_fee", "amount": "0.2"}]);
    simulate(&env, "consumption_clear", json!({"consume_no": consume_no, "amount": "11", "fee_detail": fees}));
    let late = keysecure_sandbox::Fee { fee_type: "Exchange_fee".to_owned(), amount: Decimal::new(15, 2) };
    env.sandbox.complete_fees(&consume_no, vec![late]).unwrap();
    settle(&env);
    let received = receiver.received();
    assert_eq!(3, received.len());
    let time = env.sandbox.now_ms();
    assert_eq!(
        json!({
            "consume_no": consume_no, "card_no": card_no, "cardholder_no": env.holder, "type": "Consumption",
            "amount": 10.5, "local_amount": 9.9, "local_currency": "EUR", "merchant_info": shop, "status": "Pending",
            "time": time, "fee": 0.0, "detail": "SHOP \"A\"", "fee_detail": [],
        }),
        received[0].data()
    );
    for text in [r#""amount":10.50,"local_amount":9.90,"#, r#""fee":0.00,"#] {
        assert!(received[0].body.contains(text), "exact numbers: {}", received[0].body);
    }
    let settled = received[1].data();
    assert_eq!(
        (json!("Success"), json!(11.0), json!(0.5)),
        (settled["status"].clone(), settled["amount"].clone(), settled["fee"].clone())
    );
    let list = r#""fee_detail":[{"fee_type":"Consume_fee","amount":0.30},{"fee_type":"Auth_fee","amount":0.20}]"#;
    assert!(received[1].body.contains(list), "{}", received[1].body);
    assert_eq!(
        (3, json!(0.65)),
        (received[2].data()["fee_detail"].as_array().unwrap().len(), received[2].data()["fee"].clone())
    );
    assert!(env.sandbox.ledger().total().is_zero());
    assert_eq!("588.35", env.balance());
    let pending = purchase(&env, &card_no);
    assert!(env.sandbox.complete_fees(&pending, Vec::new()).is_err());
}

#[test]
fn money_that_comes_back_is_told() {
    let receiver = WebhookReceiver::accepting();
    let (env, card_no) = told(&receiver);
    let (failed, reversed, refunded) = (purchase(&env, &card_no), purchase(&env, &card_no), purchase(&env, &card_no));
    simulate(&env, "consumption_clear", json!({"consume_no": refunded}));
    settle(&env);
    receiver.forget();
    simulate(&env, "consumption_fail", json!({"consume_no": failed, "remark": "no stock"}));
    let reversal = simulate(&env, "reversal", json!({"consume_relate_no": reversed}));
    let refund = simulate(&env, "refund", json!({"consume_relate_no": refunded, "amount": "4"}));
    settle(&env);
    let said: Vec<_> = merchant
        .received()
        .iter()
        .map(|received| {
            ["consume_no", "type", "status", "remark", "consume_relate_no"]
                .map(|name| received.data()[name].as_str().unwrap_or("-").to_owned())
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
    let receiver = WebhookReceiver::accepting();
    let (env, card_no) = told(&receiver);
    purchase(&env, &card_no);
    settle(&env);
    let received = receiver.last();
    assert_eq!("POST /hook?from=sandbox HTTP/1.1", received.line);
    assert_eq!(receiver.address.to_string(), received.headers["host"]);
    for (name, value) in [("sign-version", "V1"), ("timezone", "UTC+8"), ("content-type", "application/json")] {
        assert_eq!(value, received.headers[name]);
    }
    assert_eq!(env.sandbox.now_ms().to_string(), received.headers["timestamp"]);
    assert!(received.is_signed_by(env.sandbox.api_key(), env.sandbox.api_secret()));
    assert!(!received.is_signed_by(env.sandbox.api_key(), "other"));
    let record = last_delivery(&env);
    assert_eq!((received.id(), WebhookAction::Consumption, 1), (record.id, record.action, record.attempt));
    assert_eq!((Some(200), Some(0), None), (record.http_status, record.code, record.error));
    assert_eq!((received.body, received.headers["signature"].clone()), (record.body, record.signature));
}

#[test]
fn the_signature_follows_its_settings() {
    let receiver = WebhookReceiver::accepting();
    let builder = Sandbox::builder().webhook_url(receiver.url()).webhook_secret("s1").webhook_app_id("app");
    let env = TestEnv::new(builder.null_fields(NullFields::Include));
    env.fund("500");
    let card_no = env.virtual_card();
    let consume_no = purchase(&env, &card_no);
    let fees = json!([{"fee_type": "Consume_fee", "amount": "0.30"}]);
    simulate(&env, "consumption_clear", json!({"consume_no": consume_no, "fee_detail": fees}));
    settle(&env);
    let received = receiver.last();
    assert!(received.body.contains(r#""remark":null"#) && received.body.contains(r#""consume_relate_no":null"#));
    let shop = r#"{"merchant_name":"SANDBOX SHOP","merchant_mcc":"5999","city":"New York","country":"US"}"#;
    assert!(received.body.contains(shop), "the body keeps its order");
    let as_sent = |_: &str, raw: &str| raw.to_owned();
    assert!(received.is_signed_by("app", "s1") && !received.is_signed("app", "s1", as_sent));

    env.sandbox.set_sign_style(SignStyle::AsSent);
    env.sandbox.rotate_webhook_secret("s2");
    env.sandbox.set_webhook_app_id("other");
    purchase(&env, &card_no);
    settle(&env);
    assert!(receiver.last().is_signed("other", "s2", as_sent));
    env.sandbox.set_webhook_secret("s3");
    env.sandbox.set_sign_style(SignStyle::JavaHashMap);
    purchase(&env, &card_no);
    settle(&env);
    assert!(receiver.last().is_signed_by("other", "s3"));
    let shown = format!("{:?}{:?}", env.sandbox.webhook_info(), env.sandbox.deliveries());
    assert!(!shown.contains("s3") && !shown.contains(env.sandbox.api_secret()));
}

#[test]
fn a_callback_that_is_not_taken_comes_again_in_virtual_time() {
    let open = Arc::new(AtomicBool::new(false));
    let takes = Arc::clone(&open);
    let receiver = WebhookReceiver::new(move |received| {
        let later = received.data()["after_status"] == "Activated";
        if later || takes.load(Ordering::Acquire) {
            Reply::Accept
        } else {
            Reply::Response(200, r#"{"code":7,"message":"no"}"#)
        }
    });
    let (env, card_no) = told(&receiver);
    freeze(&env, &card_no);
    set_status(&env, &card_no, "Activated");
    settle(&env);
    assert_eq!(2, receiver.received().len(), "the next one does not wait");
    let refused = &env.sandbox.deliveries()[0];
    assert_eq!((Some(200), Some(7), Some("code 7: no")), (refused.http_status, refused.code, refused.error.as_deref()));
    assert_eq!(1, env.sandbox.webhook_info().waiting);
    for (at, seconds) in [10, 30, 120, 600, 3600].into_iter().enumerate() {
        env.sandbox.advance(Duration::from_millis(seconds * 1000 - 1));
        settle(&env);
        assert_eq!(at + 2, receiver.received().len(), "not before its time");
        env.sandbox.advance(Duration::from_millis(1));
        settle(&env);
        assert_eq!(at + 3, receiver.received().len());
        let again = receiver.last();
        assert_eq!(receiver.received()[0].body, again.body);
        assert_eq!(env.sandbox.now_ms().to_string(), again.headers["timestamp"], "a new signature each time");
        assert!(again.is_signed_by(env.sandbox.api_key(), env.sandbox.api_secret()));
        assert_eq!(u32::try_from(at).unwrap() + 2, last_delivery(&env).attempt);
    }
    env.sandbox.advance(Duration::from_secs(1_000_000));
    settle(&env);
    assert_eq!((7, 0), (receiver.received().len(), env.sandbox.webhook_info().waiting), "env up");

    open.store(true, Ordering::Release);
    env.sandbox.redeliver(&refused.id).unwrap();
    settle(&env);
    let done = last_delivery(&env);
    assert_eq!((&refused.id, 7, None), (&done.id, done.attempt, done.error));
    assert!(env.sandbox.redeliver("nobody").is_err());
}

#[test]
fn a_clock_that_runs_makes_retries_due_by_itself() {
    let first = AtomicBool::new(true);
    let receiver = WebhookReceiver::new(move |_| {
        if first.swap(false, Ordering::AcqRel) { Reply::Response(500, "") } else { Reply::Accept }
    });
    let (env, card_no) = told(&receiver);
    freeze(&env, &card_no);
    settle(&env);
    env.sandbox.unfreeze();
    env.sandbox.advance(Duration::from_millis(9_800));
    let deadline = Instant::now() + SOON;
    while receiver.received().len() < 2 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(2, receiver.received().len());
}

#[test]
fn only_a_clear_yes_is_a_yes() {
    let next = Arc::new(Mutex::new(Reply::Accept));
    let says = Arc::clone(&next);
    let receiver = WebhookReceiver::new(move |_| says.lock().unwrap().clone());
    let (env, card_no) = told(&receiver);
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"cod\r\n4;x=y\r\ne\":0\r\n1\r\n}\r\n0\r\n\r\n";
    let unmeasured = "HTTP/1.0 200 OK\r\n\r\n{\"code\":0}";
    let continued = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 OK\r\nContent-Length: 10\r\n\r\n{\"code\":0}";
    for yes in [
        Reply::Response(204, ""),
        Reply::Response(201, r#"{"code":0}"#),
        Reply::Bytes(chunked),
        Reply::Bytes(unmeasured),
        Reply::Bytes(continued),
    ] {
        let wanted = if matches!(yes, Reply::Response(204, _)) { Some("the answer has no code") } else { None };
        *next.lock().unwrap() = yes.clone();
        purchase(&env, &card_no);
        settle(&env);
        assert_eq!(wanted, last_delivery(&env).error.as_deref(), "{yes:?}");
    }
    for (no, status, error) in [
        (Reply::Response(500, r#"{"code":0}"#), Some(500), "HTTP status 500"),
        (Reply::Response(302, ""), Some(302), "HTTP status 302"),
        (Reply::Response(200, ""), Some(200), "the answer has no code"),
        (Reply::Response(200, "OK"), Some(200), "the answer has no code"),
        (Reply::Response(200, r#"{"code":"0"}"#), Some(200), "the answer has no code"),
        (Reply::Response(200, r#"{"code":1}"#), Some(200), "code 1: no message, which is required"),
        (Reply::Bytes(""), None, "unexpected end of file"),
        (Reply::Bytes("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"code\":0}"), None, "unexpected end of file"),
        (Reply::Bytes("SMTP ready\r\n\r\n"), None, "the answer is not HTTP"),
    ] {
        *next.lock().unwrap() = no.clone();
        purchase(&env, &card_no);
        settle(&env);
        let record = last_delivery(&env);
        assert_eq!((status, Some(error)), (record.http_status, record.error.as_deref()), "{no:?}");
    }
    drop(receiver);
    purchase(&env, &card_no);
    settle(&env);
    assert!(last_delivery(&env).error.unwrap().contains("refused"));
}

#[test]
fn a_merchant_that_says_nothing_is_waited_for_five_seconds() {
    let receiver = WebhookReceiver::new(|_| Reply::Late(Duration::from_secs(20)));
    let (env, card_no) = told(&receiver);
    let started = Instant::now();
    freeze(&env, &card_no);
    assert!(!env.sandbox.settle_webhooks(Duration::from_millis(100)));
    settle(&env);
    assert!((5..8).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    assert_eq!(Some("no answer in 5000 ms"), last_delivery(&env).error.as_deref());
}

#[test]
fn callbacks_can_go_wrong_on_demand() {
    let receiver = WebhookReceiver::accepting();
    let (env, card_no) = told(&receiver);
    let (app_id, secret) = (env.sandbox.api_key().to_owned(), env.sandbox.api_secret().to_owned());
    let received_under = |fault: WebhookFault| {
        receiver.forget();
        env.sandbox.webhook_fault(fault).unwrap();
        purchase(&env, &card_no);
        settle(&env);
        receiver.received()
    };

    let twice = received_under(WebhookFault::Duplicate);
    assert_eq!(2, twice.len());
    assert_eq!((&twice[0].body, &twice[0].headers), (&twice[1].body, &twice[1].headers));
    assert_eq!([1, 1], [0, 1].map(|at| env.sandbox.deliveries()[at].attempt));

    assert!(!received_under(WebhookFault::WrongSignature)[0].is_signed_by(&app_id, &secret));

    for by_ms in [400_000, -400_000] {
        let stale = &received_under(WebhookFault::StaleTimestamp(by_ms))[0];
        assert_eq!((env.sandbox.now_ms() - by_ms).to_string(), stale.headers["timestamp"]);
        assert!(stale.is_signed_by(&app_id, &secret));
    }

    let tampered = &received_under(WebhookFault::TamperBody)[0];
    assert!(!tampered.is_signed_by(&app_id, &secret));
    assert_eq!(json!(910.5), tampered.data()["amount"]);

    assert!(received_under(WebhookFault::Drop).is_empty());
    let dropped = last_delivery(&env);
    assert_eq!((None, Some(WebhookFault::Drop)), (dropped.http_status, dropped.fault));
    assert_eq!(0, env.sandbox.webhook_info().waiting, "lost");
    env.sandbox.redeliver(&dropped.id).unwrap();
    settle(&env);
    assert_eq!(dropped.id, receiver.last().id());

    assert!(received_under(WebhookFault::Delay(Duration::from_secs(60))).is_empty());
    env.sandbox.advance(Duration::from_millis(59_999));
    settle(&env);
    assert!(receiver.received().is_empty());
    env.sandbox.advance(Duration::from_millis(1));
    settle(&env);
    assert_eq!(1, receiver.received().len());

    let early = env.sandbox.webhook_fault(WebhookFault::OldSecret);
    assert!(matches!(early, Err(SandboxError::WrongState { .. })), "there is none yet");
    env.sandbox.rotate_webhook_secret("new");
    let old = &received_under(WebhookFault::OldSecret)[0];
    assert!(old.is_signed_by(&app_id, &secret) && !old.is_signed_by(&app_id, "new"));

    let plain = received_under(WebhookFault::Duplicate).len() + 1;
    purchase(&env, &card_no);
    settle(&env);
    assert_eq!(plain, receiver.received().len(), "a fault hits once");
}

#[test]
fn callbacks_can_come_in_the_wrong_order() {
    let receiver = WebhookReceiver::accepting();
    let (env, card_no) = told(&receiver);
    env.sandbox.webhook_fault(WebhookFault::Reorder).unwrap();
    let first = purchase(&env, &card_no);
    settle(&env);
    assert!(receiver.received().is_empty());
    let second = purchase(&env, &card_no);
    let third = purchase(&env, &card_no);
    settle(&env);
    let mut order: Vec<_> =
        receiver.received().iter().map(|received| received.data()["consume_no"].as_str().unwrap().to_owned()).collect();
    assert_eq!(second, order.remove(0));
    order.sort();
    assert_eq!(vec![first, third], order);
}

#[test]
fn a_fault_can_wait_for_its_action_and_spares_the_retry() {
    let receiver = WebhookReceiver::new(|_| Reply::Response(200, r#"{"code":1,"message":"x"}"#));
    let (env, card_no) = told(&receiver);
    env.sandbox.webhook_fault_on(WebhookAction::CardUpdate, WebhookFault::WrongSignature).unwrap();
    purchase(&env, &card_no);
    freeze(&env, &card_no);
    settle(&env);
    env.sandbox.advance(Duration::from_secs(10));
    settle(&env);
    let faults: Vec<_> = env.sandbox.deliveries().iter().map(|record| (record.action, record.fault)).collect();
    let plain = |action| (action, None);
    assert_eq!(
        vec![
            plain(WebhookAction::Consumption),
            (WebhookAction::CardUpdate, Some(WebhookFault::WrongSignature)),
            plain(WebhookAction::Consumption),
            plain(WebhookAction::CardUpdate),
        ],
        faults
    );
    assert!(receiver.last().is_signed_by(env.sandbox.api_key(), env.sandbox.api_secret()));
}

#[test]
fn fifty_in_a_burst_come_once_each_and_in_order() {
    let receiver = WebhookReceiver::accepting();
    let (env, card_no) = told(&receiver);
    let started = Instant::now();
    let made: Vec<_> = (0..50).map(|_| purchase(&env, &card_no)).collect();
    let called = started.elapsed();
    settle(&env);
    println!("50 purchases: calls {called:?}, all told after {:?}", started.elapsed());
    let received: Vec<_> =
        receiver.received().iter().map(|received| received.data()["consume_no"].as_str().unwrap().to_owned()).collect();
    assert_eq!(made, received);
    let ids: std::collections::HashSet<_> = env.sandbox.deliveries().into_iter().map(|record| record.id).collect();
    assert_eq!(50, ids.len());
}

#[test]
fn a_stop_does_not_wait_for_a_merchant_that_hangs() {
    let receiver = WebhookReceiver::new(|_| Reply::Late(Duration::from_secs(30)));
    let (env, card_no) = told(&receiver);
    freeze(&env, &card_no);
    purchase(&env, &card_no);
    let deadline = Instant::now() + SOON;
    while receiver.received().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    let platform = env.sandbox.platform();
    let waiter = std::thread::spawn({
        let platform = platform.clone();
        move || platform.settle_webhooks(Duration::from_secs(60))
    });
    let started = Instant::now();
    drop(env);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(!waiter.join().unwrap());
    platform.set_webhook_url(Some("http://127.0.0.1:9/")).unwrap();
    assert_eq!(1, platform.deliveries().len(), "the attempt that was cut");
}

#[test]
fn a_snapshot_holds_the_settings_and_restoring_forgets_what_waits() {
    let receiver = WebhookReceiver::new(|_| Reply::Response(500, ""));
    let (env, card_no) = told(&receiver);
    let snapshot = env.sandbox.snapshot();
    freeze(&env, &card_no);
    settle(&env);
    env.sandbox.set_webhook_url(None).unwrap();
    env.sandbox.set_webhook_app_id("other");
    purchase(&env, &card_no);
    settle(&env);
    assert_eq!((1, 1), (receiver.received().len(), env.sandbox.webhook_info().waiting), "nobody to tell");
    env.sandbox.restore(&snapshot);
    let info = env.sandbox.webhook_info();
    assert_eq!((Some(receiver.url()), env.sandbox.api_key(), 0), (info.url, info.app_id.as_str(), info.waiting));
    env.sandbox.advance(Duration::from_secs(100));
    settle(&env);
    assert_eq!(1, receiver.received().len());
    freeze(&env, &card_no);
    settle(&env);
    assert_eq!((2, 2), (receiver.received().len(), env.sandbox.deliveries().len()));
}

#[test]
fn restoring_forgets_what_is_on_its_way_too() {
    let receiver = WebhookReceiver::new(|_| {
        std::thread::sleep(Duration::from_millis(300));
        Reply::Response(500, "")
    });
    let (env, card_no) = told(&receiver);
    let snapshot = env.sandbox.snapshot();
    freeze(&env, &card_no);
    let deadline = Instant::now() + SOON;
    while receiver.received().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    env.sandbox.restore(&snapshot);
    settle(&env);
    assert_eq!((1, 0), (env.sandbox.deliveries().len(), env.sandbox.webhook_info().waiting));
}

#[test]
fn callbacks_do_not_change_the_numbers() {
    let receiver = WebhookReceiver::accepting();
    let numbers = |env: TestEnv| {
        let card_no = env.virtual_card();
        env.fund("100");
        (0..3).map(|_| purchase(&env, &card_no)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(TestEnv::credit()), numbers(TestEnv::new(Sandbox::builder().webhook_url(receiver.url()))));
}

#[test]
fn callbacks_go_to_this_machine_only() {
    for url in ["https://127.0.0.1/", "http://example.com/", "http://10.0.0.1/", "nonsense"] {
        assert!(Sandbox::builder().webhook_url(url).start().is_err(), "{url}");
        let sandbox = Sandbox::start().unwrap();
        assert!(matches!(sandbox.set_webhook_url(Some(url)), Err(SandboxError::WebhookUrl { .. })));
    }
}

#[test]
fn seeded_rows_are_not_told() {
    let receiver = WebhookReceiver::accepting();
    let (env, card_no) = told(&receiver);
    env.sandbox.seed_consumptions(&card_no, &[1_772_323_200_000]).unwrap();
    env.physical_card();
    settle(&env);
    assert!(receiver.received().is_empty());
}

#[test]
fn callback_faults_have_a_json_form() {
    for (fault, text) in [
        (WebhookFault::TamperBody, json!("tamper_body")),
        (WebhookFault::Delay(Duration::from_secs(5)), json!({"delay": 5000})),
        (WebhookFault::StaleTimestamp(-7), json!({"stale_timestamp": -7})),
    ] {
        assert_eq!(text, serde_json::to_value(fault).unwrap());
        assert_eq!(fault, serde_json::from_value(text).unwrap());
    }
}
