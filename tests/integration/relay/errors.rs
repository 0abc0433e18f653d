//! What an error tells an app, and what it does not.

use keysecure::{ErrorKind, Outcome};
use keysecure_sandbox::{Fault, FaultKind, KeyState};

use super::{AppResponse, Shop};

/// What must never be in a response.
fn assert_says_nothing(shop: &Shop, response: &AppResponse) {
    let address = shop.sandbox.base_url().trim_start_matches("http://").to_owned();
    for secret in
        [shop.sandbox.api_key(), shop.sandbox.api_secret(), &address, "127.0.0.1", "whitelist", "Api-Key", "token"]
    {
        assert!(!response.body.contains(secret), "{secret}: {}", response.body);
    }
}

fn get(shop: &Shop) -> AppResponse {
    shop.post("cardholders.get", "{}")
}

#[test]
fn errors_about_the_merchants_own_side_are_one_text() {
    let shop = Shop::new();
    shop.sandbox.set_key_state(KeyState::Expired);
    shop.sandbox.revoke_tokens();
    let response = get(&shop);
    assert_eq!((response.status, response.error().0), (502, "api"));
    assert_eq!(response.json["error"]["text"], "the server cannot make this call");
    assert!(response.json["error"]["code"].is_null() && response.json["error"]["msg"].is_null());
    assert_says_nothing(&shop, &response);
    let record = shop.record();
    assert_eq!((record.error.unwrap().kind(), record.denial), (ErrorKind::Authentication, None));
    shop.sandbox.set_key_state(KeyState::Active);
    shop.sandbox.set_ip_whitelist(vec!["10.0.0.7".parse().unwrap()]);
    let refused = get(&shop);
    assert_eq!((refused.status, refused.error().0), (502, "api"));
    assert_says_nothing(&shop, &refused);
    shop.client.close();
    let closed = get(&shop);
    assert_eq!(closed.error(), ("api", "not_sent"));
    assert_eq!(closed.json["error"]["text"], "the server cannot make this call");
}

#[test]
fn a_platform_that_cannot_be_reached_is_not_named() {
    let shop = Shop::new();
    let card_no = shop.card(&shop.own);
    shop.post("cards.get", &format!(r#"{{"card_no":"{card_no}"}}"#));
    for (kind, expected) in [
        (FaultKind::DropAfterCommit, ("transport", "unknown")),
        (FaultKind::Html, ("invalid_response", "unknown")),
        (FaultKind::Malformed, ("invalid_response", "unknown")),
        (FaultKind::CodeAfterCommit(1001), ("api", "unknown")),
        (FaultKind::Code(4016), ("api", "rejected")),
        (FaultKind::Code(1009), ("rate_limit", "rejected")),
    ] {
        shop.sandbox.clear_faults();
        for _ in 0..4 {
            shop.sandbox.fault(Fault::on("cards.update_status", kind));
        }
        let body = format!(r#"{{"card_no":"{card_no}","status":"Frozen"}}"#);
        let response = shop.tap("cards.update_status", &format!("{kind:?}").replace(' ', ""), &body);
        assert_eq!(response.error(), expected, "{kind:?}: {}", response.body);
        assert_says_nothing(&shop, &response);
    }
}

#[test]
fn a_number_that_cannot_be_looked_up_changes_nothing() {
    let shop = Shop::new();
    let (own, foreign) = (shop.card(&shop.own), shop.card(&shop.other));
    let mut bodies = Vec::new();
    for card_no in [&own, &foreign] {
        for _ in 0..4 {
            shop.sandbox.fault(Fault::on("cards.get", FaultKind::Html));
        }
        let body = format!(r#"{{"card_no":"{card_no}","status":"Frozen"}}"#);
        let response = shop.tap("cards.update_status", "tap-1", &body);
        assert_eq!((response.status, response.error()), (502, ("invalid_response", "not_sent")), "{}", response.body);
        bodies.push(response.body);
        shop.sandbox.clear_faults();
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(shop.sandbox.requests_to("cards.update_status"), 0);
    // The failure is not remembered as an response.
    let body = format!(r#"{{"card_no":"{own}","status":"Frozen"}}"#);
    assert_eq!(shop.tap("cards.update_status", "tap-1", &body).status, 200);
}

#[test]
fn the_app_reads_its_own_tap_in_the_platforms_text() {
    let shop = Shop::new();
    let response = shop.transfer("own", "tap-1", "100000");
    assert_eq!(response.status, 403);
    shop.sandbox.fault(Fault::on("accounts.transfer", FaultKind::Code(3001)));
    let response = shop.transfer("own", "tap-2", "5");
    assert_eq!(
        (response.status, response.error(), response.json["error"]["code"].as_i64()),
        (502, ("api", "rejected"), Some(3001))
    );
    assert!(!response.body.contains("app."), "{}", response.body);
    let record = shop.record();
    assert_eq!((record.outcome, record.tap.as_deref()), (Some(Outcome::Rejected), Some("tap-2")));
}
