//! Statements of the platform's documentation, checked from outside.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use std::time::Duration;

use common::{ApiResponse, TestEnv, today};
use keysecure_sandbox::{Mode, Sandbox};
use serde_json::{Value, json};
use webhook_receiver::WebhookReceiver;

fn simulate(env: &TestEnv, call: &str, body: Value) -> ApiResponse {
    env.caller.post(&format!("/v1/simulate/{call}"), body)
}

fn settle(env: &TestEnv) {
    assert!(env.sandbox.settle_webhooks(Duration::from_secs(10)), "{:?}", env.sandbox.webhook_info());
}

fn apply(env: &TestEnv, holder: &str, address: Value) -> ApiResponse {
    env.caller.post(
        "/v1/card/apply",
        json!({"cardholder_no": holder, "card_unique_no": "c", "card_type": "Virtual",
               "package_no": "1600000000000000101", "address_info": address}),
    )
}

#[test]
fn a_consumption_webhook_has_the_time_of_its_change() {
    for mode in [Mode::Credit, Mode::Authorization] {
        let merchant = WebhookReceiver::accepting();
        let env = TestEnv::new(Sandbox::builder().mode(mode).webhook_url(merchant.url()));
        if mode == Mode::Credit {
            env.fund("100");
        }
        env.sandbox.freeze();
        let (card_no, made_ms) = (env.virtual_card(), env.sandbox.now_ms());
        let no = simulate(&env, "auth", json!({"card_no": card_no, "amount": 10})).text("consume_no");
        simulate(&env, "consumption_clear", json!({"consume_no": no})).data();
        env.sandbox.advance(Duration::from_secs(7));
        let fee = json!([{"fee_type": "Auth_fee", "amount": "0.10"}]);
        for _ in 0..2 {
            let body = json!({"consume_no": no, "fee_detail": fee}).to_string();
            env.sandbox.control("POST", "/consumptions/complete_fees", &body).unwrap();
        }
        // A webhook that was not sent yet would wait until its time comes again.
        settle(&env);
        env.sandbox.rewind(Duration::from_secs(3600));
        let body = json!({"consume_no": no, "fee_detail": fee}).to_string();
        env.sandbox.control("POST", "/consumptions/complete_fees", &body).unwrap();
        settle(&env);
        // The Auth webhook, too, names the purchase and its time.
        let sent: Vec<Value> = merchant.received().iter().map(webhook_receiver::ReceivedWebhook::data).collect();
        let times: Vec<i64> = sent
            .iter()
            .filter(|data| data["consume_no"] == json!(no))
            .map(|data| data["time"].as_i64().unwrap() - made_ms)
            .collect();
        let wanted = match mode {
            Mode::Credit => vec![0, 1, 7000, 7001, 7002],
            Mode::Authorization => vec![0, 1, 2, 7000, 7001, 7002],
        };
        assert_eq!(wanted, times, "{mode:?}");
    }
}

#[test]
fn a_consumption_webhook_does_not_have_the_purchase_time() {
    let merchant = WebhookReceiver::accepting();
    let env = TestEnv::new(Sandbox::builder().webhook_url(merchant.url()));
    env.fund("100");
    env.sandbox.freeze();
    let card_no = env.virtual_card();
    let old_ms = env.sandbox.now_ms() - 86_400_000;
    let body = json!({"card_no": card_no, "amount": 10, "time": old_ms});
    let no = simulate(&env, "auth", body).text("consume_no");
    settle(&env);
    let data = merchant.last().data();
    assert_eq!((json!(no), json!(env.sandbox.now_ms())), (data["consume_no"].clone(), data["time"].clone()));
    let info = env.caller.get(&format!("/v1/card/consume/{no}/info"));
    assert_eq!(old_ms.to_string(), info.text("time"), "the row keeps its creation time");
}

#[test]
fn the_address_of_a_virtual_card_has_five_fields() {
    let env = TestEnv::credit();
    let five = json!({"postal_code": "10001", "country": "US", "state": "NY", "city": "New York",
                      "address_line1": "1 Main St"});
    apply(&env, &env.holder, five.clone()).data();
    for (field, value, code) in [
        ("city", "", 1004),
        ("postal_code", "1", 2010),
        ("country", "ZZ", 2009),
        ("city", "北京", 2008),
        ("address_line1", "<br>", 2007),
        ("phone", "x", 1004),
    ] {
        let mut invalid = five.clone();
        invalid[field] = json!(value);
        assert_eq!(code, apply(&env, &env.holder, invalid).code(), "{field} {value}");
    }
}

#[test]
fn a_cardholder_who_is_not_approved_gets_no_card() {
    let env = TestEnv::credit();
    let holder = |unique_no: &str, token: &str| {
        let body = json!({"cardholder_unique_no": unique_no, "sumsub_share_token": token});
        env.caller.post("/v1/cardholder/apply", body).text("cardholder_no")
    };
    let (waiting, in_review, rejected) = (holder("a", "wait"), holder("b", "wait"), holder("c", "auto-reject"));
    env.sandbox.start_review(&in_review).unwrap();
    for no in [waiting, in_review, rejected] {
        assert_eq!(2005, apply(&env, &no, Value::Null).code());
    }
    assert_eq!(2002, apply(&env, "17", Value::Null).code());
}

#[test]
fn the_type_of_a_transfer_is_read_in_any_case() {
    let env = TestEnv::credit();
    for (kind, written) in [("in", "In"), ("IN", "In"), ("oUt", "Out")] {
        env.transfer(kind, kind, "1.00").data();
        let row = env.sandbox.transfers().pop().unwrap();
        assert_eq!(written, row.kind.as_str());
        let mut body = today(&env.sandbox);
        body["transfer_no"] = json!(row.transfer_no);
        let listed = env.caller.post("/v1/account/transfer/list", body);
        assert_eq!(json!(written), listed.list()[0]["type"]);
    }
    assert!(env.transfer("t", "Inn", "1.00").msg().starts_with("type "));
}

#[test]
fn documented_messages_are_used() {
    let env = TestEnv::credit();
    let city = |city: &str| {
        let address = json!({"postal_code": "10001", "country": "US", "state": "NY", "city": city,
                             "address_line1": "1 Main St"});
        apply(&env, &env.holder, address).msg().to_owned()
    };
    assert!(city("").starts_with("address_info.city invalid parameter"), "{}", city(""));
    assert_eq!("city only supports English input", city("北京"));
    env.sandbox.set_ip_whitelist(vec!["192.0.2.1".parse().unwrap()]);
    assert_eq!("IP address not allowed", env.caller.get("/v1/merchant/token").msg());
}

#[test]
fn a_finished_consumption_refuses_calls_with_4006() {
    let env = TestEnv::credit();
    env.fund("100");
    let card_no = env.virtual_card();
    let auth = || simulate(&env, "auth", json!({"card_no": card_no, "amount": 10})).text("consume_no");
    let (cleared, pending) = (auth(), auth());
    simulate(&env, "consumption_clear", json!({"consume_no": cleared})).data();
    for response in [
        simulate(&env, "consumption_clear", json!({"consume_no": cleared})),
        simulate(&env, "consumption_fail", json!({"consume_no": cleared})),
        simulate(&env, "refund", json!({"consume_relate_no": pending})),
    ] {
        assert_eq!((4006, "the consumption's status does not allow this"), (response.code(), response.msg()));
    }
}
