//! Fees and limits of packages and card BINs, and the management fee.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use std::time::Duration;

use common::{ApiResponse, TestEnv};
use keysecure_sandbox::{Mode, Sandbox};
use serde_json::{Value, json};
use webhook_receiver::WebhookReceiver;

fn simulate(env: &TestEnv, call: &str, body: Value) -> ApiResponse {
    env.caller.post(&format!("/v1/simulate/{call}"), body)
}

fn info(env: &TestEnv, consume_no: &str) -> Value {
    env.caller.get(&format!("/v1/card/consume/{consume_no}/info")).data().clone()
}

/// Fee types and amounts of a consumption.
fn fees(env: &TestEnv, consume_no: &str) -> Vec<(String, String)> {
    let info = info(env, consume_no);
    let text = |fee: &Value, name: &str| fee[name].as_str().unwrap().to_owned();
    let list = info["fee_list"].as_array().unwrap();
    list.iter().map(|fee| (text(fee, "fee_type"), text(fee, "amount"))).collect()
}

fn expected(fees: &[(&str, &str)]) -> Vec<(String, String)> {
    fees.iter().map(|(kind, amount)| ((*kind).to_owned(), (*amount).to_owned())).collect()
}

/// An environment whose cardholder has money and a card of that package, with a frozen clock.
fn funded_env(package_no: &str) -> (TestEnv, String) {
    let env = TestEnv::new(Sandbox::builder().token_lifetime(Duration::from_secs(365 * 86_400)));
    env.sandbox.freeze();
    env.fund("100000");
    let body = json!({"cardholder_no": env.holder, "card_unique_no": "c", "card_type": "Virtual",
                      "package_no": package_no});
    let card_no = env.caller.post("/v1/card/apply", body).text("card_no");
    apply_tariffs(&env);
    (env, card_no)
}

fn apply_tariffs(env: &TestEnv) {
    env.sandbox.control("POST", "/settings", r#"{"tariffs": true}"#).unwrap();
}

const BASIC: &str = "1600000000000000101";
const PLUS: &str = "1600000000000000102";

#[test]
fn a_settled_purchase_costs_the_fees_of_its_schedule() {
    for (package_no, body, cost) in [
        (BASIC, json!({"amount": "150.50"}), &[("Consume_fee", "1.51")][..]),
        (PLUS, json!({"amount": "150.50"}), &[("Consume_fee", "0.75")]),
        (BASIC, json!({"amount": "100", "local_amount": "780", "local_currency": "HKD"}), &[("Exchange_fee", "1.50")]),
        (BASIC, json!({"amount": "50", "type": "Atm"}), &[("Atm_fee", "2.00")]),
        (BASIC, json!({"amount": "500", "type": "Atm"}), &[("Atm_fee", "10.00")]),
        (
            BASIC,
            json!({"amount": "500", "type": "Atm", "local_amount": "3900", "local_currency": "HKD"}),
            &[("Exchange_fee", "7.50"), ("Atm_fee", "10.00")],
        ),
    ] {
        let (env, card_no) = funded_env(package_no);
        let mut body = body;
        body["card_no"] = json!(card_no);
        let no = simulate(&env, "auth", body.clone()).text("consume_no");
        assert_eq!(expected(&[]), fees(&env, &no), "nothing is charged yet");
        simulate(&env, "consumption_clear", json!({"consume_no": no})).data();
        assert_eq!(expected(cost), fees(&env, &no), "{body}");
        assert!(env.sandbox.ledger().total().is_zero());
        // Fees in the body replace those of the schedule, and no fee is charged while tariffs are off.
        let no = simulate(&env, "auth", body.clone()).text("consume_no");
        let own = json!([{"fee_type": "Auth_fee", "amount": "0.10"}]);
        simulate(&env, "consumption_clear", json!({"consume_no": no, "fee_detail": own})).data();
        assert_eq!(expected(&[("Auth_fee", "0.10")]), fees(&env, &no));
        env.sandbox.control("POST", "/settings", r#"{"tariffs": false}"#).unwrap();
        let no = simulate(&env, "auth", body).text("consume_no");
        simulate(&env, "consumption_clear", json!({"consume_no": no})).data();
        assert_eq!(expected(&[]), fees(&env, &no));
    }
}

#[test]
fn the_fourth_small_purchase_in_thirty_days_has_a_fee() {
    let (env, card_no) = funded_env(BASIC);
    let small = || {
        let no = simulate(&env, "auth", json!({"card_no": card_no, "amount": "0.90"})).text("consume_no");
        simulate(&env, "consumption_clear", json!({"consume_no": no})).data();
        fees(&env, &no)
    };
    for _ in 0..3 {
        assert_eq!(expected(&[("Consume_fee", "0.01")]), small());
    }
    assert_eq!(expected(&[("Consume_fee", "0.01"), ("Small_fee", "0.10")]), small());
    env.sandbox.advance(Duration::from_secs(31 * 86_400));
    assert_eq!(expected(&[("Consume_fee", "0.01")]), small());
}

#[test]
fn declines_refunds_and_reversals_have_their_fees() {
    let (env, card_no) = funded_env(PLUS);
    let auth = |amount: &str| simulate(&env, "auth", json!({"card_no": card_no, "amount": amount})).text("consume_no");
    assert_eq!("99998.50", env.balance());
    let no = auth("10000.01");
    let declined = info(&env, &no);
    assert_eq!([&json!("Fail"), &json!("limit_balance is exceeded")], [&declined["status"], &declined["remark"]]);
    assert_eq!(expected(&[("Decline_fee", "0.50")]), fees(&env, &no));
    assert_eq!("99998.00", env.balance());
    let no = auth("100");
    simulate(&env, "consumption_clear", json!({"consume_no": no})).data();
    let refund = simulate(&env, "refund", json!({"consume_relate_no": no, "amount": "40"})).text("consume_no");
    assert_eq!(expected(&[("Refund_fee", "0.20")]), fees(&env, &refund));
    let reversal = simulate(&env, "reversal", json!({"consume_relate_no": no, "amount": "60"})).text("consume_no");
    assert_eq!(expected(&[("Cancel_fee", "0.30")]), fees(&env, &reversal));
    let small = auth("4.99");
    let reversal = simulate(&env, "reversal", json!({"consume_relate_no": small})).text("consume_no");
    assert_eq!(expected(&[]), fees(&env, &reversal), "below the threshold");
    assert!(env.sandbox.ledger().total().is_zero());
}

#[test]
fn limits_decline_a_purchase() {
    let (env, card_no) = funded_env(BASIC);
    let auth = |amount: &str, kind: &str| {
        let no = simulate(&env, "auth", json!({"card_no": card_no, "amount": amount, "type": kind})).text("consume_no");
        info(&env, &no)["remark"].as_str().unwrap().to_owned()
    };
    assert_eq!("", auth("1000", "Atm"));
    assert_eq!("limit_atm_day_balance is exceeded", auth("0.01", "Atm"));
    for _ in 0..4 {
        assert_eq!("", auth("10000", "Consumption"));
    }
    assert_eq!("", auth("9000", "Consumption"));
    assert_eq!("limit_week_balance is exceeded", auth("0.01", "Consumption"));
    assert_eq!("limit_balance is exceeded", auth("10000.01", "Consumption"));
    env.sandbox.advance(Duration::from_secs(8 * 86_400));
    assert_eq!("", auth("10000", "Consumption"));
}

#[test]
fn cash_has_a_limit_for_the_month() {
    let (env, card_no) = funded_env(BASIC);
    let auth = || {
        env.sandbox.advance(Duration::from_secs(2 * 86_400));
        let body = json!({"card_no": card_no, "amount": "1000", "type": "Atm"});
        info(&env, &simulate(&env, "auth", body).text("consume_no"))["remark"].as_str().unwrap().to_owned()
    };
    for _ in 0..10 {
        assert_eq!("", auth());
    }
    assert_eq!("limit_atm_month_balance is exceeded", auth());
}

#[test]
fn in_authorization_mode_limits_decline_without_auth_webhook() {
    let merchant = WebhookReceiver::accepting();
    let env = TestEnv::new(Sandbox::builder().mode(Mode::Authorization).webhook_url(merchant.url()));
    let card_no = env.virtual_card();
    apply_tariffs(&env);
    simulate(&env, "auth", json!({"card_no": card_no, "amount": 200_000})).data();
    env.sandbox.settle_webhooks(Duration::from_secs(10));
    assert_eq!(vec!["Consumption"], merchant.actions());
    let data = merchant.last().data();
    assert_eq!([&json!("Fail"), &json!("limit_balance is exceeded")], [&data["status"], &data["remark"]]);
}

#[test]
fn a_fee_of_zero_is_reported_in_authorization_mode_only() {
    for (mode, sent) in [(Mode::Authorization, 2), (Mode::Credit, 1)] {
        let merchant = WebhookReceiver::accepting();
        let env = TestEnv::new(Sandbox::builder().mode(mode).webhook_url(merchant.url()));
        if mode == Mode::Credit {
            env.fund("100");
        }
        let no = simulate(&env, "auth", json!({"card_no": env.virtual_card(), "amount": 10})).text("consume_no");
        let list = json!([{"fee_type": "Auth_fee", "amount": 0}, {"fee_type": "Consume_fee", "amount": "0.10"}]);
        simulate(&env, "consumption_clear", json!({"consume_no": no, "fee_detail": list})).data();
        env.sandbox.settle_webhooks(Duration::from_secs(10));
        assert_eq!(sent, merchant.last().data()["fee_detail"].as_array().unwrap().len(), "{mode:?}");
        // Amounts may be numbers or texts, as in the simulation calls.
        let body = json!({"consume_no": no, "fee_detail": [{"fee_type": "Small_fee", "amount": 0.0}]}).to_string();
        env.sandbox.control("POST", "/consumptions/complete_fees", &body).unwrap();
        assert_eq!(if sent == 2 { 3 } else { 1 }, fees(&env, &no).len());
        assert!(
            simulate(&env, "consumption_clear", json!({"consume_no": no, "fee_detail": [{"fee_type": "x"}]})).code()
                != 0
        );
    }
}

#[test]
fn two_unpaid_management_fees_delete_the_card() {
    let merchant = WebhookReceiver::accepting();
    let env = TestEnv::new(Sandbox::builder().webhook_url(merchant.url()));
    let card_no = env.virtual_card();
    let charge = |amount: &str| {
        let body = json!({"card_no": card_no, "amount": amount}).to_string();
        let response = env.sandbox.control("POST", "/cards/manage_fee", &body);
        response.map(|text| serde_json::from_str::<Value>(&text).unwrap()["consume_no"].as_str().unwrap().to_owned())
    };
    let status = || env.caller.get(&format!("/v1/card/{card_no}/detail")).text("status");
    let failed = info(&env, &charge("1.00").unwrap());
    assert_eq!((json!("Manage_fee"), json!("Fail")), (failed["type"].clone(), failed["status"].clone()));
    env.fund("1.50");
    let paid = info(&env, &charge("1.00").unwrap());
    assert_eq!((json!("Success"), "0.50"), (paid["status"].clone(), &*env.balance()));
    charge("1.00").unwrap();
    assert_eq!("Activated", status(), "one failure after a fee that was paid");
    env.sandbox.settle_webhooks(Duration::from_secs(10));
    merchant.clear();
    charge("1.00").unwrap();
    assert_eq!("Delete", status());
    env.sandbox.settle_webhooks(Duration::from_secs(10));
    assert_eq!(vec!["Consumption", "Card_update"], merchant.actions());
    let data = merchant.last().data();
    assert_eq!((json!("Activated"), json!("Delete")), (data["before_status"].clone(), data["after_status"].clone()));
    assert_eq!(409, charge("1.00").unwrap_err().status(), "the card is deleted");
    assert_eq!("0.50", env.balance());
}

#[test]
fn a_fee_schedule_can_have_a_management_fee() {
    let env = TestEnv::credit();
    env.fund("100");
    let apply = |package_no: &str| {
        let body = json!({"cardholder_no": env.holder, "card_unique_no": "c", "card_type": "Virtual",
                          "package_no": package_no});
        env.caller.post("/v1/card/apply", body).text("card_no")
    };
    let charge =
        |card_no: String| env.sandbox.control("POST", "/cards/manage_fee", &json!({"card_no": card_no}).to_string());
    let refused = charge(apply(BASIC)).unwrap_err();
    assert_eq!(409, refused.status());
    assert!(
        refused.to_string().contains("this card's fee schedule has no management fee: pass an amount"),
        "{refused}"
    );
    charge(apply(PLUS)).unwrap();
    assert_eq!("97.50", env.balance(), "1.50 for opening, 1.00 for keeping");
}
