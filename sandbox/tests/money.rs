//! Transfers, purchases and the books behind them.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;

use common::{Caller, Given, Got};
use keysecure_sandbox::{Account, ConsumptionType, Sandbox, Status};
use serde_json::{Value, json};

fn simulate(given: &Given, call: &str, body: Value) -> Got {
    // The simulation carries none of the standard headers.
    let bare = Caller::new(&given.sandbox).without("Api-Key").without("Timestamp").without("Content-Type");
    bare.post(&format!("/v1/simulate/{call}"), body)
}

fn auth(given: &Given, card_no: &str, amount: Value) -> String {
    simulate(given, "auth", json!({"card_no": card_no, "amount": amount})).text("consume_no")
}

fn info(given: &Given, consume_no: &str) -> Value {
    given.caller.get(&format!("/v1/card/consume/{consume_no}/info")).data().clone()
}

fn status(given: &Given, consume_no: &str) -> String {
    info(given, consume_no)["status"].as_str().unwrap().to_owned()
}

/// A cardholder with 100.00 and an active card.
fn shopper() -> (Given, String) {
    let given = Given::credit();
    given.fund("100");
    let card_no = given.virtual_card();
    (given, card_no)
}

#[test]
fn a_transfer_moves_money_and_says_what_it_left() {
    let given = Given::credit();
    given.fund("100.50");
    let out = given.transfer("t2", "Out", "0.5");
    assert_eq!("t2", out.text("transfer_unique_no"));
    assert_eq!(("100.50", "100.00"), (&*out.text("before_balance"), &*out.text("after_balance")));
    let account = given.caller.get(&format!("/v1/account/{}/info", given.holder));
    assert_eq!("100.00", account.list()[0]["balance"]);
    assert_eq!("TUSDT", account.list()[0]["symbol"]);
    let ledger = given.sandbox.ledger();
    assert_eq!("999900.00", ledger.balance(&Account::MerchantReserve).to_string());
    assert!(ledger.total().is_zero());
    assert_eq!(3, ledger.postings().len());
}

#[test]
fn a_transfer_never_overdraws_either_side() {
    let given = Given::new(Sandbox::builder().merchant_reserve("10".parse().unwrap()));
    assert_eq!(3001, given.transfer("a", "In", "10.01").code());
    given.transfer("b", "In", "10").data();
    assert_eq!(3001, given.transfer("c", "In", "0.01").code());
    assert_eq!(3001, given.transfer("d", "Out", "10.01").code());
    assert_eq!(1, given.sandbox.transfers().len());
    assert_eq!("10.00", given.balance());
}

#[test]
fn odd_transfers_are_refused_with_the_field() {
    let given = Given::credit();
    let base = json!({"cardholder_no": given.holder, "transfer_unique_no": "t", "type": "In", "balance": "1"});
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
        let got = given.caller.post("/v1/account/transfer", body);
        assert_eq!(1004, got.code(), "{field} {value}");
        assert!(got.msg().starts_with(&format!("{field} ")), "{field} {value}: {}", got.msg());
    }
    let mut body = base;
    body["cardholder_no"] = json!("17");
    assert_eq!(2002, given.caller.post("/v1/account/transfer", body).code());
    assert!(given.sandbox.transfers().is_empty());
}

#[test]
fn a_purchase_holds_the_money_and_a_clearing_pays_the_shop() {
    let (given, card_no) = shopper();
    let no = auth(&given, &card_no, json!(30.25));
    assert_eq!(("Pending", "69.75"), (&*status(&given, &no), &*given.balance()));
    assert_eq!("30.25", given.sandbox.ledger().holds_total().to_string());
    let fees = json!([{"fee_type": "Consume_fee", "amount": 0.10}, {"fee_type": "Exchange_fee", "amount": "0.2"}]);
    let cleared = simulate(&given, "consumption_clear", json!({"consume_no": no, "fee_detail": fees}));
    assert_eq!(no, cleared.text("consume_no"));
    let info = info(&given, &no);
    assert_eq!(
        ("Success", "30.25", "0.30"),
        (info["status"].as_str().unwrap(), info["amount"].as_str().unwrap(), info["fee"].as_str().unwrap())
    );
    assert_eq!(json!({"fee_type": "Consume_fee", "amount": "0.10"}), info["fee_list"][0]);
    assert_eq!("69.45", given.balance());
    let ledger = given.sandbox.ledger();
    assert_eq!("30.25", ledger.balance(&Account::Shops).to_string());
    assert_eq!("0.30", ledger.balance(&Account::Fees).to_string());
    assert!(ledger.holds_total().is_zero() && ledger.total().is_zero());
    assert_eq!(4006, simulate(&given, "consumption_clear", json!({"consume_no": no})).code(), "only once");
}

#[test]
fn the_final_amount_may_be_less_or_more_than_was_held() {
    for (amount, left) in [("20.00", "80.00"), ("45.50", "54.50"), ("130.00", "-30.00")] {
        let (given, card_no) = shopper();
        let no = auth(&given, &card_no, json!(30));
        simulate(&given, "consumption_clear", json!({"consume_no": no, "amount": amount})).data();
        assert_eq!(left, given.balance(), "{amount}");
        assert!(given.sandbox.ledger().holds_total().is_zero());
        assert_eq!(amount, given.sandbox.ledger().balance(&Account::Shops).to_string());
    }
}

#[test]
fn a_purchase_that_cannot_be_paid_fails_at_once() {
    let (given, card_no) = shopper();
    let no = auth(&given, &card_no, json!("100.01"));
    assert_eq!("Fail", status(&given, &no));
    assert_eq!("insufficient balance", given.sandbox.consumptions()[0].remark);
    let frozen = given.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": "Frozen"}));
    frozen.data();
    assert_eq!("Fail", status(&given, &auth(&given, &card_no, json!(1))));
    assert_eq!("100.00", given.balance());
}

#[test]
fn a_failed_purchase_gives_the_money_back() {
    let (given, card_no) = shopper();
    let no = auth(&given, &card_no, json!(30));
    simulate(&given, "consumption_fail", json!({"consume_no": no})).data();
    assert_eq!(("Fail", "100.00"), (&*status(&given, &no), &*given.balance()));
    assert_eq!(4006, simulate(&given, "consumption_fail", json!({"consume_no": no})).code());
}

#[test]
fn a_reversal_undoes_a_pending_purchase_as_a_whole() {
    let (given, card_no) = shopper();
    let no = auth(&given, &card_no, json!(30));
    assert!(simulate(&given, "reversal", json!({"consume_relate_no": no, "amount": 10})).msg().starts_with("amount "));
    let back = simulate(&given, "reversal", json!({"consume_relate_no": no})).text("consume_no");
    assert_ne!(no, back);
    let info = info(&given, &back);
    assert_eq!(
        json!(["Reversal", "Success", no, "30.00"]),
        json!([info["type"], info["status"], info["consume_relate_no"], info["amount"]])
    );
    assert_eq!(("Fail", "100.00"), (&*status(&given, &no), &*given.balance()));
    assert_eq!(4006, simulate(&given, "reversal", json!({"consume_relate_no": no})).code());
    assert_eq!(
        4006,
        simulate(&given, "reversal", json!({"consume_relate_no": back})).code(),
        "a return is no purchase"
    );
}

#[test]
fn refunds_and_reversals_never_give_back_more_than_was_paid() {
    let (given, card_no) = shopper();
    let no = auth(&given, &card_no, json!(30));
    let refund = |amount: Value| simulate(&given, "refund", json!({"consume_relate_no": no, "amount": amount}));
    assert_eq!(4006, refund(json!(1)).code(), "nothing is settled yet");
    simulate(&given, "consumption_clear", json!({"consume_no": no})).data();
    assert!(refund(json!("30.01")).msg().starts_with("amount "));
    refund(json!("12.50")).data();
    simulate(&given, "reversal", json!({"consume_relate_no": no, "amount": "7.50"})).data();
    assert_eq!("90.00", given.balance());
    assert!(refund(json!("10.01")).msg().starts_with("amount "));
    refund(Value::Null).data();
    assert_eq!("100.00", given.balance());
    assert_eq!(1004, refund(Value::Null).code(), "nothing is left");
    let kinds: Vec<_> = given.sandbox.consumptions().iter().map(|row| row.kind).collect();
    assert_eq!(
        ["Consumption", "Refund", "Reversal", "Refund"][..],
        kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()
    );
    assert!(given.sandbox.ledger().balance(&Account::Shops).is_zero());
}

#[test]
fn an_authorization_says_what_it_is_given() {
    let (given, card_no) = shopper();
    let body = json!({
        "card_no": card_no, "cardholder_no": given.holder, "consume_no": "12345", "type": "Atm", "amount": 10,
        "local_amount": "78.40", "local_currency": "HKD", "time": 1_772_323_200_000_i64,
        "merchant_info": {"merchant_name": "ATM 7", "merchant_mcc": "6011", "city": "Hong Kong", "country": "HK"},
    });
    assert_eq!("12345", simulate(&given, "auth", body.clone()).text("consume_no"));
    assert_eq!(
        json!({
            "consume_no": "12345", "consume_relate_no": "", "card_no": card_no, "cardholder_no": given.holder,
            "type": "Atm", "amount": "10.00", "local_amount": "78.40", "local_currency": "HKD", "fee": "0.00",
            "fee_list": [], "merchant_info": body["merchant_info"], "status": "Pending", "remark": "",
            "detail": "ATM 7", "time": "1772323200000",
        }),
        info(&given, "12345")
    );
    assert!(simulate(&given, "auth", body.clone()).msg().starts_with("consume_no "), "a number is used once");
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
        let mut odd = body.clone();
        odd["consume_no"] = json!("777");
        odd[field] = value.clone();
        let got = simulate(&given, "auth", odd);
        assert!(got.code() == 1004 && got.msg().starts_with(&format!("{field} ")), "{value}: {}", got.body);
    }
    for call in ["consumption_clear", "consumption_fail"] {
        assert!(simulate(&given, call, json!({"consume_no": "17"})).msg().starts_with("consume_no "));
    }
    for call in ["reversal", "refund"] {
        assert!(simulate(&given, call, json!({"consume_relate_no": "17"})).msg().starts_with("consume_relate_no "));
    }
}

#[test]
fn in_authorization_mode_the_merchants_reserve_pays() {
    let given = Given::authorization();
    let card_no = given.virtual_card();
    let no = auth(&given, &card_no, json!("2000000"));
    assert_eq!("Pending", status(&given, &no), "the merchant decides, not its balance");
    assert_eq!("-1000000.00", given.sandbox.ledger().balance(&Account::MerchantReserve).to_string());
    simulate(&given, "reversal", json!({"consume_relate_no": no})).data();
    assert_eq!("1000000.00", given.sandbox.ledger().balance(&Account::MerchantReserve).to_string());
}

#[test]
fn an_opening_fee_is_a_consumption_and_needs_the_money() {
    let given = Given::credit();
    let apply = || {
        let body = json!({"cardholder_no": given.holder, "card_unique_no": "c", "card_type": "Virtual",
                          "package_no": "1600000000000000102"});
        given.caller.post("/v1/card/apply", body)
    };
    assert_eq!(3001, apply().code());
    assert!(given.sandbox.cards().is_empty());
    given.fund("2");
    let card_no = apply().text("card_no");
    assert_eq!("0.50", given.balance());
    let fee = &given.sandbox.consumptions()[0];
    assert_eq!((ConsumptionType::OpenCard, Status::Success), (fee.kind, fee.status));
    assert_eq!(card_no, fee.card_no);
    assert_eq!(4006, simulate(&given, "refund", json!({"consume_relate_no": fee.consume_no})).code());
}

#[test]
fn a_cardholder_sees_its_money_and_its_cards() {
    let (given, card_no) = shopper();
    auth(&given, &card_no, json!(1));
    let info = given.caller.get(&format!("/v1/cardholder/{}/info", given.holder));
    assert_eq!("99.00", info.text("total_balance"));
    assert_eq!(card_no, info.data()["card_list"][0]["card_no"]);
    assert_eq!("99.00", info.data()["account_list"][0]["balance"]);
}
