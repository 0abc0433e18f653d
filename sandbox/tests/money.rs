//! Transfers, purchases and the ledger.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;

use common::{ApiResponse, Caller, TestEnv};
use keysecure_sandbox::{Account, ConsumptionType, Sandbox, Status};
use serde_json::{Value, json};

fn simulate(env: &TestEnv, call: &str, body: Value) -> ApiResponse {
    // Simulation calls have none of the standard headers.
    let bare = Caller::new(&env.sandbox).without("Api-Key").without("Timestamp").without("Content-Type");
    bare.post(&format!("/v1/simulate/{call}"), body)
}

fn auth(env: &TestEnv, card_no: &str, amount: Value) -> String {
    simulate(env, "auth", json!({"card_no": card_no, "amount": amount})).text("consume_no")
}

fn info(env: &TestEnv, consume_no: &str) -> Value {
    env.caller.get(&format!("/v1/card/consume/{consume_no}/info")).data().clone()
}

fn status(env: &TestEnv, consume_no: &str) -> String {
    info(env, consume_no)["status"].as_str().unwrap().to_owned()
}

/// An environment whose cardholder has 100.00, and the number of an active card.
fn funded_env() -> (TestEnv, String) {
    let env = TestEnv::credit();
    env.fund("100");
    let card_no = env.virtual_card();
    (env, card_no)
}

#[test]
fn a_transfer_moves_money_and_reports_both_balances() {
    let env = TestEnv::credit();
    env.fund("100.50");
    let out = env.transfer("t2", "Out", "0.5");
    assert_eq!("t2", out.text("transfer_unique_no"));
    assert_eq!(("100.50", "100.00"), (&*out.text("before_balance"), &*out.text("after_balance")));
    let account = env.caller.get(&format!("/v1/account/{}/info", env.holder));
    assert_eq!("100.00", account.list()[0]["balance"]);
    assert_eq!("TUSDT", account.list()[0]["symbol"]);
    let ledger = env.sandbox.ledger();
    assert_eq!("999900.00", ledger.balance(&Account::MerchantReserve).to_string());
    assert!(ledger.total().is_zero());
    assert_eq!(3, ledger.postings().len());
}

#[test]
fn a_transfer_never_overdraws_an_account() {
    let env = TestEnv::new(Sandbox::builder().merchant_reserve("10".parse().unwrap()));
    assert_eq!(3001, env.transfer("a", "In", "10.01").code());
    env.transfer("b", "In", "10").data();
    assert_eq!(3001, env.transfer("c", "In", "0.01").code());
    assert_eq!(3001, env.transfer("d", "Out", "10.01").code());
    assert_eq!(1, env.sandbox.transfers().len());
    assert_eq!("10.00", env.balance());
}

#[test]
fn invalid_transfers_are_refused_with_the_field() {
    let env = TestEnv::credit();
    let base = json!({"cardholder_no": env.holder, "transfer_unique_no": "t", "type": "In", "balance": "1"});
    for (field, value) in [
        ("balance", json!("1.001")),
        ("balance", json!("0")),
        ("balance", json!("-1")),
        ("balance", json!(1)),
        ("balance", json!("1e400")),
        ("balance", json!("NaN")),
        ("balance", json!("")),
        ("type", json!("inn")),
        ("type", Value::Null),
        ("transfer_unique_no", json!("x".repeat(65))),
        ("transfer_unique_no", json!(7)),
        ("cardholder_no", json!("")),
    ] {
        let mut body = base.clone();
        body[field] = value.clone();
        let response = env.caller.post("/v1/account/transfer", body);
        assert_eq!(1004, response.code(), "{field} {value}");
        assert!(response.msg().starts_with(&format!("{field} ")), "{field} {value}: {}", response.msg());
    }
    let mut body = base;
    body["cardholder_no"] = json!("17");
    assert_eq!(2002, env.caller.post("/v1/account/transfer", body).code());
    assert!(env.sandbox.transfers().is_empty());
}

#[test]
fn a_purchase_holds_money_and_its_settlement_pays_it() {
    let (env, card_no) = funded_env();
    let no = auth(&env, &card_no, json!(30.25));
    assert_eq!(("Pending", "69.75"), (&*status(&env, &no), &*env.balance()));
    assert_eq!("30.25", env.sandbox.ledger().holds_total().to_string());
    let fees = json!([{"fee_type": "Consume_fee", "amount": 0.10}, {"fee_type": "Exchange_fee", "amount": "0.2"}]);
    let cleared = simulate(&env, "consumption_clear", json!({"consume_no": no, "fee_detail": fees}));
    assert_eq!(no, cleared.text("consume_no"));
    let info = info(&env, &no);
    assert_eq!(
        ("Success", "30.25", "0.30"),
        (info["status"].as_str().unwrap(), info["amount"].as_str().unwrap(), info["fee"].as_str().unwrap())
    );
    assert_eq!(json!({"fee_type": "Consume_fee", "amount": "0.10"}), info["fee_list"][0]);
    assert_eq!("69.45", env.balance());
    let ledger = env.sandbox.ledger();
    assert_eq!("30.25", ledger.balance(&Account::Shops).to_string());
    assert_eq!("0.30", ledger.balance(&Account::Fees).to_string());
    assert!(ledger.holds_total().is_zero() && ledger.total().is_zero());
    assert_eq!(4006, simulate(&env, "consumption_clear", json!({"consume_no": no})).code(), "only once");
}

#[test]
fn the_final_amount_may_differ_from_the_held_amount() {
    for (amount, left) in [("20.00", "80.00"), ("45.50", "54.50"), ("130.00", "-30.00")] {
        let (env, card_no) = funded_env();
        let no = auth(&env, &card_no, json!(30));
        simulate(&env, "consumption_clear", json!({"consume_no": no, "amount": amount})).data();
        assert_eq!(left, env.balance(), "{amount}");
        assert!(env.sandbox.ledger().holds_total().is_zero());
        assert_eq!(amount, env.sandbox.ledger().balance(&Account::Shops).to_string());
    }
}

#[test]
fn a_purchase_without_sufficient_balance_fails_at_once() {
    let (env, card_no) = funded_env();
    let no = auth(&env, &card_no, json!("100.01"));
    assert_eq!("Fail", status(&env, &no));
    assert_eq!("insufficient balance", env.sandbox.consumptions()[0].remark);
    let frozen = env.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": "Frozen"}));
    frozen.data();
    assert_eq!("Fail", status(&env, &auth(&env, &card_no, json!(1))));
    assert_eq!("100.00", env.balance());
}

#[test]
fn a_failed_purchase_releases_the_money() {
    let (env, card_no) = funded_env();
    let no = auth(&env, &card_no, json!(30));
    simulate(&env, "consumption_fail", json!({"consume_no": no})).data();
    assert_eq!(("Fail", "100.00"), (&*status(&env, &no), &*env.balance()));
    assert_eq!(4006, simulate(&env, "consumption_fail", json!({"consume_no": no})).code());
}

#[test]
fn a_pending_purchase_is_reversed_as_a_whole() {
    let (env, card_no) = funded_env();
    let no = auth(&env, &card_no, json!(30));
    assert!(simulate(&env, "reversal", json!({"consume_relate_no": no, "amount": 10})).msg().starts_with("amount "));
    let back = simulate(&env, "reversal", json!({"consume_relate_no": no})).text("consume_no");
    assert_ne!(no, back);
    let info = info(&env, &back);
    assert_eq!(
        json!(["Reversal", "Success", no, "30.00"]),
        json!([info["type"], info["status"], info["consume_relate_no"], info["amount"]])
    );
    assert_eq!(("Fail", "100.00"), (&*status(&env, &no), &*env.balance()));
    assert_eq!(4006, simulate(&env, "reversal", json!({"consume_relate_no": no})).code());
    assert_eq!(4006, simulate(&env, "reversal", json!({"consume_relate_no": back})).code(), "a return is no purchase");
}

#[test]
fn refunds_and_reversals_never_exceed_the_amount_paid() {
    let (env, card_no) = funded_env();
    let no = auth(&env, &card_no, json!(30));
    let refund = |amount: Value| simulate(&env, "refund", json!({"consume_relate_no": no, "amount": amount}));
    assert_eq!(4006, refund(json!(1)).code(), "nothing is settled yet");
    simulate(&env, "consumption_clear", json!({"consume_no": no})).data();
    assert!(refund(json!("30.01")).msg().starts_with("amount "));
    refund(json!("12.50")).data();
    simulate(&env, "reversal", json!({"consume_relate_no": no, "amount": "7.50"})).data();
    assert_eq!("90.00", env.balance());
    assert!(refund(json!("10.01")).msg().starts_with("amount "));
    refund(Value::Null).data();
    assert_eq!("100.00", env.balance());
    assert_eq!(1004, refund(Value::Null).code(), "nothing is left");
    let kinds: Vec<_> = env.sandbox.consumptions().iter().map(|row| row.kind).collect();
    assert_eq!(
        ["Consumption", "Refund", "Reversal", "Refund"][..],
        kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()
    );
    assert!(env.sandbox.ledger().balance(&Account::Shops).is_zero());
}

#[test]
fn a_purchase_has_the_fields_of_its_request() {
    let (env, card_no) = funded_env();
    let body = json!({
        "card_no": card_no, "cardholder_no": env.holder, "consume_no": "12345", "type": "Atm", "amount": 10,
        "local_amount": "78.40", "local_currency": "HKD", "time": 1_772_323_200_000_i64,
        "merchant_info": {"merchant_name": "ATM 7", "merchant_mcc": "6011", "city": "Hong Kong", "country": "HK"},
    });
    assert_eq!("12345", simulate(&env, "auth", body.clone()).text("consume_no"));
    assert_eq!(
        json!({
            "consume_no": "12345", "consume_relate_no": "", "card_no": card_no, "cardholder_no": env.holder,
            "type": "Atm", "amount": "10.00", "local_amount": "78.40", "local_currency": "HKD", "fee": "0.00",
            "fee_list": [], "merchant_info": body["merchant_info"], "status": "Pending", "remark": "",
            "detail": "ATM 7", "time": "1772323200000",
        }),
        info(&env, "12345")
    );
    assert!(simulate(&env, "auth", body.clone()).msg().starts_with("consume_no "), "a number is used once");
    for (field, value) in [
        ("card_no", json!("17")),
        ("cardholder_no", json!("17")),
        ("amount", json!(0)),
        ("amount", json!(1.001)),
        ("amount", json!(true)),
        ("amount", Value::Null),
        ("type", json!("Refund")),
        ("consume_no", json!("a")),
        ("time", json!("yesterday")),
        ("merchant_info", json!([])),
    ] {
        let mut invalid = body.clone();
        invalid["consume_no"] = json!("777");
        invalid[field] = value.clone();
        let response = simulate(&env, "auth", invalid);
        assert!(
            response.code() == 1004 && response.msg().starts_with(&format!("{field} ")),
            "{value}: {}",
            response.body
        );
    }
    for call in ["consumption_clear", "consumption_fail"] {
        assert!(simulate(&env, call, json!({"consume_no": "17"})).msg().starts_with("consume_no "));
    }
    for call in ["reversal", "refund"] {
        assert!(simulate(&env, call, json!({"consume_relate_no": "17"})).msg().starts_with("consume_relate_no "));
    }
}

#[test]
fn in_authorization_mode_the_reserve_pays() {
    let env = TestEnv::authorization();
    let card_no = env.virtual_card();
    let no = auth(&env, &card_no, json!("2000000"));
    assert_eq!("Pending", status(&env, &no), "the merchant decides, not its balance");
    assert_eq!("-1000000.00", env.sandbox.ledger().balance(&Account::MerchantReserve).to_string());
    simulate(&env, "reversal", json!({"consume_relate_no": no})).data();
    assert_eq!("1000000.00", env.sandbox.ledger().balance(&Account::MerchantReserve).to_string());
}

#[test]
fn an_opening_fee_is_a_consumption_and_needs_its_amount() {
    let env = TestEnv::credit();
    let apply = || {
        let body = json!({"cardholder_no": env.holder, "card_unique_no": "c", "card_type": "Virtual",
                          "package_no": "1600000000000000102"});
        env.caller.post("/v1/card/apply", body)
    };
    assert_eq!(3001, apply().code());
    assert!(env.sandbox.cards().is_empty());
    env.fund("2");
    let card_no = apply().text("card_no");
    assert_eq!("0.50", env.balance());
    let fee = &env.sandbox.consumptions()[0];
    assert_eq!((ConsumptionType::OpenCard, Status::Success), (fee.kind, fee.status));
    assert_eq!(card_no, fee.card_no);
    assert_eq!(4006, simulate(&env, "refund", json!({"consume_relate_no": fee.consume_no})).code());
}

#[test]
fn a_cardholder_shows_balance_and_cards() {
    let (env, card_no) = funded_env();
    auth(&env, &card_no, json!(1));
    let info = env.caller.get(&format!("/v1/cardholder/{}/info", env.holder));
    assert_eq!("99.00", info.text("total_balance"));
    assert_eq!(card_no, info.data()["card_list"][0]["card_no"]);
    assert_eq!("99.00", info.data()["account_list"][0]["balance"]);
}
