//! Authorization mode: the merchant decides on each purchase within 800 ms.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::TestEnv;
use keysecure_sandbox::{Fault, FaultKind, Mode, Sandbox, WebhookAction, WebhookFault};
use serde_json::{Value, json};
use webhook_receiver::{Reply, WebhookReceiver};

const SOON: Duration = Duration::from_secs(10);

fn settle(env: &TestEnv) {
    assert!(env.sandbox.settle_webhooks(SOON), "{:?}", env.sandbox.webhook_info());
}

fn simulate(env: &TestEnv, call: &str, body: Value) -> String {
    env.caller.post(&format!("/v1/simulate/{call}"), body).text("consume_no")
}

fn purchase(env: &TestEnv, card_no: &str) -> String {
    simulate(env, "auth", json!({"card_no": card_no, "amount": "10.5"}))
}

/// Makes a purchase in authorization mode. Returns its row, and how long the call took.
fn authorized_purchase(merchant: &WebhookReceiver) -> (TestEnv, Value, Duration) {
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(merchant.url()));
    let card_no = env.virtual_card();
    let started = Instant::now();
    let consume_no = purchase(&env, &card_no);
    let took = started.elapsed();
    settle(&env);
    let row = serde_json::to_value(&env.sandbox.consumptions()[0]).unwrap();
    assert_eq!(json!(consume_no), row["consume_no"]);
    (env, row, took)
}

#[test]
fn an_approved_purchase_is_pending_and_holds_its_money() {
    let merchant = WebhookReceiver::accepting();
    let (env, row, _) = authorized_purchase(&merchant);
    assert_eq!("Pending", row["status"]);
    assert_eq!(vec!["Auth", "Consumption"], merchant.actions());
    let [auth, consumption] = merchant.received().try_into().unwrap();
    assert!(auth.is_signed_by(env.sandbox.api_key(), env.sandbox.api_secret()));
    let names: Vec<_> = auth.data().as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        vec![
            "amount",
            "card_no",
            "cardholder_no",
            "consume_no",
            "local_amount",
            "local_currency",
            "merchant_info",
            "status",
            "time",
            "type"
        ],
        names
    );
    for name in names.iter().filter(|name| *name != "time") {
        assert_eq!(auth.data()[name], consumption.data()[name], "{name}");
    }
    let time = |data: Value| data["time"].as_i64().unwrap();
    assert!(time(auth.data()) < time(consumption.data()), "the Consumption is newer than the Auth");
    assert_eq!("Pending", auth.data()["status"]);
    assert!(auth.body.contains(r#""amount":10.50"#));
    assert_eq!(
        "10.50",
        format!(
            "{:.2}",
            env.sandbox
                .ledger()
                .balance(&keysecure_sandbox::Account::Hold(row["consume_no"].as_str().unwrap().to_owned()))
        )
    );
}

#[test]
fn anything_but_a_timely_approval_declines_a_purchase() {
    for (reply, remark, at_least) in [
        (Reply::Response(200, r#"{"code":51,"message":"no money"}"#), "declined by the merchant", 0),
        (Reply::Response(200, "yes"), "the merchant's reply could not be read", 0),
        (Reply::Response(503, r#"{"code":0}"#), "the merchant's reply could not be read", 0),
        (Reply::Bytes(""), "the merchant did not reply", 0),
        (Reply::Late(Duration::from_secs(5)), "the merchant did not reply", 800),
    ] {
        let auth_reply = reply.clone();
        let merchant =
            WebhookReceiver::new(
                move |received| if received.action() == "Auth" { auth_reply.clone() } else { Reply::Accept },
            );
        let (env, row, took) = authorized_purchase(&merchant);
        assert_eq!((json!("Fail"), json!(remark)), (row["status"].clone(), row["remark"].clone()), "{reply:?}");
        assert!((at_least..at_least + 3000).contains(&took.as_millis()), "{took:?} {reply:?}");
        assert_eq!(vec!["Auth", "Consumption"], merchant.actions());
        let data = merchant.last().data();
        assert_eq!((json!("Fail"), json!(remark)), (data["status"].clone(), data["remark"].clone()));
        env.sandbox.advance(Duration::from_secs(100_000));
        settle(&env);
        assert_eq!(2, merchant.received().len(), "an Auth webhook is not retried");
        assert_eq!(1, env.sandbox.ledger().postings().len(), "no money moved");
    }
}

#[test]
fn a_reply_just_in_time_counts() {
    let merchant = WebhookReceiver::new(|received| {
        if received.action() == "Auth" { Reply::Late(Duration::from_millis(300)) } else { Reply::Accept }
    });
    let (_, row, took) = authorized_purchase(&merchant);
    assert_eq!("Pending", row["status"]);
    assert!(took >= Duration::from_millis(300));
}

#[test]
fn an_unreachable_merchant_declines() {
    let closed = WebhookReceiver::accepting();
    let url = closed.url();
    drop(closed);
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(url));
    let card_no = env.virtual_card();
    purchase(&env, &card_no);
    assert_eq!("the merchant did not reply", env.sandbox.consumptions()[0].remark);
    env.sandbox.set_webhook_url(None).unwrap();
    purchase(&env, &card_no);
    assert_eq!("Pending", env.sandbox.consumptions()[1].status.as_str(), "without a URL it is approved");
}

#[test]
fn auth_webhooks_can_have_faults() {
    let merchant = WebhookReceiver::accepting();
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(merchant.url()));
    env.sandbox.freeze();
    let card_no = env.virtual_card();
    for (fault, status, requests) in [
        (WebhookFault::Drop, "Fail", 0),
        (WebhookFault::Delay(Duration::from_secs(5)), "Fail", 0),
        (WebhookFault::Duplicate, "Pending", 2),
        (WebhookFault::TamperBody, "Pending", 1),
    ] {
        merchant.clear();
        env.sandbox.webhook_fault_on(WebhookAction::Auth, fault).unwrap();
        purchase(&env, &card_no);
        settle(&env);
        assert_eq!(status, env.sandbox.consumptions().pop().unwrap().status.as_str(), "{fault:?}");
        assert_eq!(requests, merchant.actions().iter().filter(|action| *action == "Auth").count(), "{fault:?}");
    }
    merchant.clear();
    env.sandbox.advance(Duration::from_secs(5));
    settle(&env);
    assert_eq!(vec!["Auth"], merchant.actions(), "sent after the decision");
}

#[test]
fn concurrent_purchases_are_decided_concurrently() {
    let merchant = WebhookReceiver::new(|received| {
        if received.action() == "Auth" { Reply::Late(Duration::from_millis(300)) } else { Reply::Accept }
    });
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(merchant.url()));
    let card_no = env.virtual_card();
    let started = Instant::now();
    let mut numbers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| purchase(&env, &card_no))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // One after the other they would take 4.8 s.
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    numbers.sort();
    numbers.dedup();
    assert_eq!(16, numbers.len());
    settle(&env);
    assert_eq!(32, merchant.received().len());
}

#[test]
fn a_merchant_may_call_the_platform_while_it_decides() {
    let sandbox: Arc<Mutex<Option<common::Caller>>> = Arc::default();
    let caller = Arc::clone(&sandbox);
    let merchant = WebhookReceiver::new(move |received| {
        let caller = caller.lock().unwrap().clone().unwrap();
        let card_no = received.data()["card_no"].as_str().unwrap().to_owned();
        assert_eq!("Activated", caller.get(&format!("/v1/card/{card_no}/detail")).text("status"));
        let (path, body) = if received.action() == "Auth" && received.data()["amount"] == json!(10.5) {
            ("/v1/card/consume/list", json!({"start_time": "2020-01-01", "end_time": "2020-01-02"}))
        } else if received.action() == "Auth" {
            ("/v1/card/status/update", json!({"card_no": card_no, "status": "Frozen"}))
        } else {
            return Reply::Accept;
        };
        caller.post(path, body).data();
        Reply::Accept
    });
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(merchant.url()));
    *sandbox.lock().unwrap() = Some(env.caller.clone());
    let card_no = env.virtual_card();
    purchase(&env, &card_no);
    settle(&env);
    assert_eq!("Pending", env.sandbox.consumptions()[0].status.as_str());
    // The merchant freezes the card and approves the purchase: the card is checked again.
    simulate(&env, "auth", json!({"card_no": card_no, "amount": 7}));
    let row = env.sandbox.consumptions().pop().unwrap();
    assert_eq!(("Fail", "the card is not active"), (row.status.as_str(), row.remark.as_str()));
}

#[test]
fn a_purchase_executed_late_is_decided_late() {
    let merchant = WebhookReceiver::accepting();
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(merchant.url()));
    let card_no = env.virtual_card();
    env.sandbox.fault(Fault::on("simulation.auth", FaultKind::LateCommit(Duration::from_millis(200))));
    let body = json!({"card_no": card_no, "amount": 1}).to_string();
    assert!(env.caller.try_post("/v1/simulate/auth", body.as_bytes()).is_err());
    assert!(merchant.received().is_empty());
    let deadline = Instant::now() + SOON;
    while merchant.received().len() < 2 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(vec!["Auth", "Consumption"], merchant.actions());
}
