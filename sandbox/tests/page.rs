//! The hosted card page and its one-time tokens.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;

use std::time::Duration;

use common::{Caller, TestEnv};
use serde_json::{Value, json};

fn token(env: &TestEnv, card_no: &str) -> String {
    let response = env.caller.get(&format!("/v1/merchant/client/{card_no}/token"));
    assert_eq!(300, response.data()["expires_in"]);
    response.text("client_access_token")
}

/// A caller with the headers of a browser on the hosted page: neither an Api-Key nor the merchant's token.
fn browser(env: &TestEnv) -> Caller {
    Caller::new(&env.sandbox)
        .without("Api-Key")
        .without("Timestamp")
        .with("Origin", env.sandbox.hosted_origin())
        .with("Sec-Fetch-Site", "same-origin")
        .with("Sec-Fetch-Mode", "cors")
        .with("Sec-Fetch-Dest", "empty")
}

fn body(env: &TestEnv, token: &str, nonce: &str) -> Value {
    json!({"client_access_token": token, "nonce": nonce, "parent_origin": env.sandbox.parent_origin()})
}

const DETAIL: &str = "/v1/merchant/pci/card/detail";

#[test]
fn the_page_shows_the_card_once() {
    let env = TestEnv::credit();
    let card_no = env.virtual_card();
    let token = token(&env, &card_no);
    let shown = browser(&env).post(DETAIL, body(&env, &token, "n1"));
    assert_eq!(env.sandbox.pan_for_tests(&card_no).unwrap(), shown.text("pan"));
    assert_eq!(env.sandbox.cvv_for_tests(&card_no).unwrap(), shown.text("cvv"));
    assert_eq!(1014, browser(&env).post(DETAIL, body(&env, &token, "n2")).code());
}

#[test]
fn a_refused_call_spends_neither_token_nor_nonce() {
    let env = TestEnv::credit();
    let token = token(&env, &env.virtual_card());
    for header in ["Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"] {
        let mut invalid = browser(&env);
        invalid.extra.retain(|(name, _)| *name != header);
        assert_eq!(1018, invalid.post(DETAIL, body(&env, &token, "n")).code(), "{header}");
    }
    assert_eq!(1018, Caller::new(&env.sandbox).post(DETAIL, body(&env, &token, "n")).code());
    let mut invalid = body(&env, &token, "n");
    invalid["parent_origin"] = json!("https://elsewhere.example");
    assert_eq!(1015, browser(&env).post(DETAIL, invalid).code());
    assert_eq!(1004, browser(&env).post(DETAIL, json!({"client_access_token": token})).code());
    assert_eq!(0, browser(&env).post(DETAIL, body(&env, &token, "n")).code());
}

#[test]
fn a_client_token_expires() {
    let env = TestEnv::credit();
    env.sandbox.freeze();
    let card_no = env.virtual_card();
    let (first, second) = (token(&env, &card_no), token(&env, &card_no));
    env.sandbox.advance(Duration::from_millis(299_999));
    assert_eq!(0, browser(&env).post(DETAIL, body(&env, &first, "n1")).code());
    env.sandbox.advance(Duration::from_millis(1));
    assert_eq!(1014, browser(&env).post(DETAIL, body(&env, &second, "n2")).code());
}

#[test]
fn only_an_active_card_is_shown_and_only_with_pci_enabled() {
    let env = TestEnv::credit();
    let card_no = env.virtual_card();
    let path = format!("/v1/merchant/client/{card_no}/token");
    let before = token(&env, &card_no);
    env.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": "Frozen"})).data();
    assert_eq!(4005, env.caller.get(&path).code());
    assert_eq!(4005, browser(&env).post(DETAIL, body(&env, &before, "n1")).code());
    env.sandbox.set_pci_enabled(false);
    assert_eq!(1013, env.caller.get(&path).code());
    assert_eq!(1013, browser(&env).post(DETAIL, body(&env, &before, "n2")).code());
}
