//! The calls from a new cardholder to a card.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;

use common::Caller;
use keysecure_sandbox::Sandbox;
use serde_json::json;

#[test]
fn a_cardholder_gets_money_and_a_card() {
    let sandbox = Sandbox::start().unwrap();
    let caller = Caller::with_token(&sandbox);
    let applied = caller
        .post("/v1/cardholder/apply", json!({"cardholder_unique_no": "u-1", "sumsub_share_token": "auto-approve"}));
    let cardholder_no = applied.text("cardholder_no");
    assert_eq!("u-1", applied.text("cardholder_unique_no"));

    let moved = caller.post(
        "/v1/account/transfer",
        json!({"cardholder_no": cardholder_no, "transfer_unique_no": "t-1", "type": "In", "balance": "25.50"}),
    );
    assert_eq!(("0.00", "25.50"), (&*moved.text("before_balance"), &*moved.text("after_balance")));

    let packages = caller.post("/v1/card/package/list", json!({"type": "Virtual"}));
    let package_no = packages.list()[0]["package_no"].as_str().unwrap();
    let card = caller.post(
        "/v1/card/apply",
        json!({"cardholder_no": cardholder_no, "card_unique_no": "c-1", "card_type": "Virtual", "package_no": package_no}),
    );
    let detail = caller.get(&format!("/v1/card/{}/detail", card.text("card_no")));
    assert_eq!("Activated", detail.text("status"));
    let info = caller.get(&format!("/v1/cardholder/{cardholder_no}/info"));
    assert_eq!("25.50", info.text("total_balance"));
    assert_eq!(card.data()["card_no"], info.data()["card_list"][0]["card_no"]);
}
