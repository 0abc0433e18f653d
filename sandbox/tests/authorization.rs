//! Authorization mode: a purchase asks the merchant, who has 800 ms.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/merchant.rs"]
mod merchant;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::Given;
use keysecure_sandbox::{CallbackAction, CallbackFault, Fault, FaultKind, Mode, Sandbox};
use merchant::{Merchant, Says};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(10);

fn settle(given: &Given) {
    assert!(given.sandbox.settle_callbacks(SOON), "{:?}", given.sandbox.callback_info());
}

fn simulate(given: &Given, call: &str, body: Value) -> String {
    given.caller.post(&format!("/v1/simulate/{call}"), body).text("consume_no")
}

fn purchase(given: &Given, card_no: &str) -> String {
    simulate(given, "auth", json!({"card_no": card_no, "amount": "10.5"}))
}

/// Authorization mode: what one purchase became, how long it took, and what the merchant heard.
fn asked(merchant: &Merchant) -> (Given, Value, Duration) {
    let given = Given::new(Sandbox::builder().mode(Mode::Authorization).callback_url(merchant.url()));
    let card_no = given.virtual_card();
    let started = Instant::now();
    let consume_no = purchase(&given, &card_no);
    let took = started.elapsed();
    settle(&given);
    let row = serde_json::to_value(&given.sandbox.consumptions()[0]).unwrap();
    assert_eq!(json!(consume_no), row["consume_no"]);
    (given, row, took)
}

#[test]
fn an_approved_purchase_is_pending_and_holds_its_money() {
    let merchant = Merchant::willing();
    let (given, row, _) = asked(&merchant);
    assert_eq!("Pending", row["status"]);
    assert_eq!(vec!["Auth", "Consumption"], merchant.actions());
    let [question, told] = merchant.heard().try_into().unwrap();
    assert!(question.is_signed_by(given.sandbox.api_key(), given.sandbox.api_secret()));
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
            given
                .sandbox
                .ledger()
                .balance(&keysecure_sandbox::Account::Hold(row["consume_no"].as_str().unwrap().to_owned()))
        )
    );
}

#[test]
fn anything_but_a_timely_yes_declines_the_purchase() {
    for (says, remark, at_least) in [
        (Says::Answer(200, r#"{"code":51,"message":"no money"}"#), "declined by the merchant", 0),
        (Says::Answer(200, "yes"), "the merchant's answer could not be read", 0),
        (Says::Answer(503, r#"{"code":0}"#), "the merchant's answer could not be read", 0),
        (Says::Bytes(""), "the merchant did not answer", 0),
        (Says::Late(Duration::from_secs(5)), "the merchant did not answer", 800),
    ] {
        let late = says.clone();
        let merchant = Merchant::new(move |heard| if heard.action() == "Auth" { late.clone() } else { Says::Yes });
        let (given, row, took) = asked(&merchant);
        assert_eq!((json!("Fail"), json!(remark)), (row["status"].clone(), row["remark"].clone()), "{says:?}");
        assert!((at_least..at_least + 3000).contains(&took.as_millis()), "{took:?} {says:?}");
        assert_eq!(vec!["Auth", "Consumption"], merchant.actions());
        let told = merchant.last().data();
        assert_eq!((json!("Fail"), json!(remark)), (told["status"].clone(), told["remark"].clone()));
        given.sandbox.advance(Duration::from_secs(100_000));
        settle(&given);
        assert_eq!(2, merchant.heard().len(), "nobody is asked twice");
        assert_eq!(1, given.sandbox.ledger().postings().len(), "no money moved");
    }
}

#[test]
fn an_answer_just_in_time_counts() {
    let merchant =
        Merchant::new(
            |heard| if heard.action() == "Auth" { Says::Late(Duration::from_millis(300)) } else { Says::Yes },
        );
    let (_, row, took) = asked(&merchant);
    assert_eq!("Pending", row["status"]);
    assert!(took >= Duration::from_millis(300));
}

#[test]
fn a_merchant_that_is_not_there_declines() {
    let gone = Merchant::willing();
    let url = gone.url();
    drop(gone);
    let given = Given::new(Sandbox::builder().mode(Mode::Authorization).callback_url(url));
    let card_no = given.virtual_card();
    purchase(&given, &card_no);
    assert_eq!("the merchant did not answer", given.sandbox.consumptions()[0].remark);
    given.sandbox.set_callback_url(None).unwrap();
    purchase(&given, &card_no);
    assert_eq!("Pending", given.sandbox.consumptions()[1].status.as_str(), "nobody to ask");
}

#[test]
fn questions_can_go_wrong_on_demand_too() {
    let merchant = Merchant::willing();
    let given = Given::new(Sandbox::builder().mode(Mode::Authorization).callback_url(merchant.url()));
    given.sandbox.freeze();
    let card_no = given.virtual_card();
    for (fault, status, questions) in [
        (CallbackFault::Drop, "Fail", 0),
        (CallbackFault::Delay(Duration::from_secs(5)), "Fail", 0),
        (CallbackFault::Duplicate, "Pending", 2),
        (CallbackFault::TamperBody, "Pending", 1),
    ] {
        merchant.forget();
        given.sandbox.callback_fault_on(CallbackAction::Auth, fault).unwrap();
        purchase(&given, &card_no);
        settle(&given);
        assert_eq!(status, given.sandbox.consumptions().pop().unwrap().status.as_str(), "{fault:?}");
        assert_eq!(questions, merchant.actions().iter().filter(|action| *action == "Auth").count(), "{fault:?}");
    }
    merchant.forget();
    given.sandbox.advance(Duration::from_secs(5));
    settle(&given);
    assert_eq!(vec!["Auth"], merchant.actions(), "long decided");
}

#[test]
fn purchases_at_once_are_asked_about_at_once() {
    let merchant =
        Merchant::new(
            |heard| if heard.action() == "Auth" { Says::Late(Duration::from_millis(300)) } else { Says::Yes },
        );
    let given = Given::new(Sandbox::builder().mode(Mode::Authorization).callback_url(merchant.url()));
    let card_no = given.virtual_card();
    let started = Instant::now();
    let mut numbers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| purchase(&given, &card_no))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // One after another they would take 4.8 s.
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    numbers.sort();
    numbers.dedup();
    assert_eq!(16, numbers.len());
    settle(&given);
    assert_eq!(32, merchant.heard().len());
}

#[test]
fn a_merchant_may_call_the_platform_while_it_is_called() {
    let sandbox: Arc<Mutex<Option<common::Caller>>> = Arc::default();
    let caller = Arc::clone(&sandbox);
    let merchant = Merchant::new(move |heard| {
        let caller = caller.lock().unwrap().clone().unwrap();
        let card_no = heard.data()["card_no"].as_str().unwrap().to_owned();
        assert_eq!("Activated", caller.get(&format!("/v1/card/{card_no}/detail")).text("status"));
        let (path, body) = if heard.action() == "Auth" && heard.data()["amount"] == json!(10.5) {
            ("/v1/card/consume/list", json!({"start_time": "2020-01-01", "end_time": "2020-01-02"}))
        } else if heard.action() == "Auth" {
            ("/v1/card/status/update", json!({"card_no": card_no, "status": "Frozen"}))
        } else {
            return Says::Yes;
        };
        caller.post(path, body).data();
        Says::Yes
    });
    let given = Given::new(Sandbox::builder().mode(Mode::Authorization).callback_url(merchant.url()));
    *sandbox.lock().unwrap() = Some(given.caller.clone());
    let card_no = given.virtual_card();
    purchase(&given, &card_no);
    settle(&given);
    assert_eq!("Pending", given.sandbox.consumptions()[0].status.as_str());
    // The merchant freezes the card and says yes: the card is looked at once more.
    simulate(&given, "auth", json!({"card_no": card_no, "amount": 7}));
    let row = given.sandbox.consumptions().pop().unwrap();
    assert_eq!(("Fail", "the card is not active"), (row.status.as_str(), row.remark.as_str()));
}

#[test]
fn a_purchase_that_is_executed_late_asks_late() {
    let merchant = Merchant::willing();
    let given = Given::new(Sandbox::builder().mode(Mode::Authorization).callback_url(merchant.url()));
    let card_no = given.virtual_card();
    given.sandbox.fault(Fault::on("simulation.auth", FaultKind::LateCommit(Duration::from_millis(200))));
    let body = json!({"card_no": card_no, "amount": 1}).to_string();
    assert!(given.caller.try_post("/v1/simulate/auth", body.as_bytes()).is_err());
    assert!(merchant.heard().is_empty());
    let patience = Instant::now() + SOON;
    while merchant.heard().len() < 2 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(vec!["Auth", "Consumption"], merchant.actions());
}
