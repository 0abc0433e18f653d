//! Authorization mode: a purchase asks the merchant, who has 800 ms.

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

/// Authorization mode: what one purchase became, how long it took, and what the merchant received.
fn asked(receiver: &WebhookReceiver) -> (TestEnv, Value, Duration) {
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(receiver.url()));
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
    let receiver = WebhookReceiver::accepting();
    let (env, row, _) = asked(&receiver);
    assert_eq!("Pending", row["status"]);
    assert_eq!(vec!["Auth", "Consumption"], receiver.actions());
    let [question, told] = receiver.received().try_into().unwrap();
    assert!(question.is_signed_by(env.sandbox.api_key(), env.sandbox.api_secret()));
    let names: Vec<_> = question.data().as_object().unwrap().keys().cloned().collect();
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
        assert_eq!(question.data()[name], told.data()[name], "{name}");
    }
    let time = |data: Value| data["time"].as_i64().unwrap();
    assert!(time(question.data()) < time(told.data()), "the Consumption is newer than the Auth");
    assert_eq!("Pending", question.data()["status"]);
    assert!(question.body.contains(r#""amount":10.50"#));
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
fn anything_but_a_timely_yes_declines_the_purchase() {
    for (says, remark, at_least) in [
        (Reply::Response(200, r#"{"code":51,"message":"no money"}"#), "declined by the merchant", 0),
        (Reply::Response(200, "yes"), "the merchant's answer could not be read", 0),
        (Reply::Response(503, r#"{"code":0}"#), "the merchant's answer could not be read", 0),
        (Reply::Bytes(""), "the merchant did not answer", 0),
        (Reply::Late(Duration::from_secs(5)), "the merchant did not answer", 800),
    ] {
        let late = says.clone();
        let receiver = WebhookReceiver::new(
            move |received| if received.action() == "Auth" { late.clone() } else { Reply::Accept },
        );
        let (env, row, took) = asked(&receiver);
        assert_eq!((json!("Fail"), json!(remark)), (row["status"].clone(), row["remark"].clone()), "{says:?}");
        assert!((at_least..at_least + 3000).contains(&took.as_millis()), "{took:?} {says:?}");
        assert_eq!(vec!["Auth", "Consumption"], receiver.actions());
        let told = receiver.last().data();
        assert_eq!((json!("Fail"), json!(remark)), (told["status"].clone(), told["remark"].clone()));
        env.sandbox.advance(Duration::from_secs(100_000));
        settle(&env);
        assert_eq!(2, receiver.received().len(), "nobody is asked twice");
        assert_eq!(1, env.sandbox.ledger().postings().len(), "no money moved");
    }
}

#[test]
fn an_answer_just_in_time_counts() {
    let receiver = WebhookReceiver::new(|received| {
        if received.action() == "Auth" { Reply::Late(Duration::from_millis(300)) } else { Reply::Accept }
    });
    let (_, row, took) = asked(&receiver);
    assert_eq!("Pending", row["status"]);
    assert!(took >= Duration::from_millis(300));
}

#[test]
fn a_merchant_that_is_not_there_declines() {
    let gone = WebhookReceiver::accepting();
    let url = gone.url();
    drop(gone);
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(url));
    let card_no = env.virtual_card();
    purchase(&env, &card_no);
    assert_eq!("the merchant did not answer", env.sandbox.consumptions()[0].remark);
    env.sandbox.set_webhook_url(None).unwrap();
    purchase(&env, &card_no);
    assert_eq!("Pending", env.sandbox.consumptions()[1].status.as_str(), "nobody to ask");
}

#[test]
fn questions_can_go_wrong_on_demand_too() {
    let receiver = WebhookReceiver::accepting();
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(receiver.url()));
    env.sandbox.freeze();
    let card_no = env.virtual_card();
    for (fault, status, questions) in [
        (WebhookFault::Drop, "Fail", 0),
        (WebhookFault::Delay(Duration::from_secs(5)), "Fail", 0),
        (WebhookFault::Duplicate, "Pending", 2),
        (WebhookFault::TamperBody, "Pending", 1),
    ] {
        receiver.forget();
        env.sandbox.webhook_fault_on(WebhookAction::Auth, fault).unwrap();
        purchase(&env, &card_no);
        settle(&env);
        assert_eq!(status, env.sandbox.consumptions().pop().unwrap().status.as_str(), "{fault:?}");
        assert_eq!(questions, receiver.actions().iter().filter(|action| *action == "Auth").count(), "{fault:?}");
    }
    receiver.forget();
    env.sandbox.advance(Duration::from_secs(5));
    settle(&env);
    assert_eq!(vec!["Auth"], receiver.actions(), "long decided");
}

#[test]
fn purchases_at_once_are_asked_about_at_once() {
    let receiver = WebhookReceiver::new(|received| {
        if received.action() == "Auth" { Reply::Late(Duration::from_millis(300)) } else { Reply::Accept }
    });
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(receiver.url()));
    let card_no = env.virtual_card();
    let started = Instant::now();
    let mut numbers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| purchase(&env, &card_no))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // One after another they would take 4.8 s.
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    numbers.sort();
    numbers.dedup();
    assert_eq!(16, numbers.len());
    settle(&env);
    assert_eq!(32, receiver.received().len());
}

#[test]
fn a_merchant_may_call_the_platform_while_it_is_called() {
    let sandbox: Arc<Mutex<Option<common::Caller>>> = Arc::default();
    let caller = Arc::clone(&sandbox);
    let receiver = WebhookReceiver::new(move |received| {
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
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(receiver.url()));
    *sandbox.lock().unwrap() = Some(env.caller.clone());
    let card_no = env.virtual_card();
    purchase(&env, &card_no);
    settle(&env);
    assert_eq!("Pending", env.sandbox.consumptions()[0].status.as_str());
    // The merchant freezes the card and says yes: the card is looked at once more.
    simulate(&env, "auth", json!({"card_no": card_no, "amount": 7}));
    let row = env.sandbox.consumptions().pop().unwrap();
    assert_eq!(("Fail", "the card is not active"), (row.status.as_str(), row.remark.as_str()));
}

#[test]
fn a_purchase_that_is_executed_late_asks_late() {
    let receiver = WebhookReceiver::accepting();
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(receiver.url()));
    let card_no = env.virtual_card();
    env.sandbox.fault(Fault::on("simulation.auth", FaultKind::LateCommit(Duration::from_millis(200))));
    let body = json!({"card_no": card_no, "amount": 1}).to_string();
    assert!(env.caller.try_post("/v1/simulate/auth", body.as_bytes()).is_err());
    assert!(receiver.received().is_empty());
    let deadline = Instant::now() + SOON;
    while receiver.received().len() < 2 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(vec!["Auth", "Consumption"], receiver.actions());
}
