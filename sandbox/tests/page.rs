//! The hosted card page and its one-time tokens.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;

use std::time::Duration;

use common::{Caller, Given};
use serde_json::{Value, json};

fn token(given: &Given, card_no: &str) -> String {
    let got = given.caller.get(&format!("/v1/merchant/client/{card_no}/token"));
    assert_eq!(300, got.data()["expires_in"]);
    got.text("client_access_token")
}

/// The page as a browser loads the card: no Api-Key, no token of the merchant's.
fn browser(given: &Given) -> Caller {
    Caller::new(&given.sandbox)
        .without("Api-Key")
        .without("Timestamp")
        .with("Origin", given.sandbox.hosted_origin())
        .with("Sec-Fetch-Site", "same-origin")
        .with("Sec-Fetch-Mode", "cors")
        .with("Sec-Fetch-Dest", "empty")
}

fn body(given: &Given, token: &str, nonce: &str) -> Value {
    json!({"client_access_token": token, "nonce": nonce, "parent_origin": given.sandbox.parent_origin()})
}

const DETAIL: &str = "/v1/merchant/pci/card/detail";

#[test]
fn the_page_shows_the_card_once() {
    let given = Given::credit();
    let card_no = given.virtual_card();
    let token = token(&given, &card_no);
    let shown = browser(&given).post(DETAIL, body(&given, &token, "n1"));
    assert_eq!(given.sandbox.pan_for_tests(&card_no).unwrap(), shown.text("pan"));
    assert_eq!(given.sandbox.cvv_for_tests(&card_no).unwrap(), shown.text("cvv"));
    assert_eq!(1014, browser(&given).post(DETAIL, body(&given, &token, "n2")).code());
}

#[test]
fn a_refused_look_spends_neither_token_nor_nonce() {
    let given = Given::credit();
    let token = token(&given, &given.virtual_card());
    for header in ["Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"] {
        let mut odd = browser(&given);
        odd.extra.retain(|(name, _)| *name != header);
        assert_eq!(1018, odd.post(DETAIL, body(&given, &token, "n")).code(), "{header}");
    }
    assert_eq!(1018, Caller::new(&given.sandbox).post(DETAIL, body(&given, &token, "n")).code());
    let mut odd = body(&given, &token, "n");
    odd["parent_origin"] = json!("https://elsewhere.example");
    assert_eq!(1015, browser(&given).post(DETAIL, odd).code());
    assert_eq!(1004, browser(&given).post(DETAIL, json!({"client_access_token": token})).code());
    assert_eq!(0, browser(&given).post(DETAIL, body(&given, &token, "n")).code());
}

#[test]
fn a_client_token_expires() {
    let given = Given::credit();
    given.sandbox.freeze();
    let card_no = given.virtual_card();
    let (first, second) = (token(&given, &card_no), token(&given, &card_no));
    given.sandbox.advance(Duration::from_millis(299_999));
    assert_eq!(0, browser(&given).post(DETAIL, body(&given, &first, "n1")).code());
    given.sandbox.advance(Duration::from_millis(1));
    assert_eq!(1014, browser(&given).post(DETAIL, body(&given, &second, "n2")).code());
}

#[test]
fn only_an_active_card_of_a_merchant_with_pci_is_shown() {
    let given = Given::credit();
    let card_no = given.virtual_card();
    let path = format!("/v1/merchant/client/{card_no}/token");
    let before = token(&given, &card_no);
    given.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": "Frozen"})).data();
    assert_eq!(4005, given.caller.get(&path).code());
    assert_eq!(4005, browser(&given).post(DETAIL, body(&given, &before, "n1")).code());
    given.sandbox.set_pci_enabled(false);
    assert_eq!(1013, given.caller.get(&path).code());
    assert_eq!(1013, browser(&given).post(DETAIL, body(&given, &before, "n2")).code());
}
