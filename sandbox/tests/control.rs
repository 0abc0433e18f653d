//! The control calls over HTTP, as another language makes them.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/control_client.rs"]
mod control_client;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use std::time::Duration;

use common::{Caller, TestEnv};
use control_client::Control;
use keysecure_sandbox::Sandbox;
use serde_json::{Value, json};
use webhook_receiver::WebhookReceiver;

fn env_with_control() -> (TestEnv, Control) {
    let env = TestEnv::credit();
    let control = Control::new(env.sandbox.control_url());
    (env, control)
}

#[test]
fn cardholders_and_cards_can_be_decided() {
    let env = TestEnv::new(Sandbox::builder().manual_cards());
    let control = Control::new(env.sandbox.control_url());
    let applied = env
        .caller
        .post("/v1/cardholder/apply", json!({"cardholder_unique_no": "u", "sumsub_share_token": "documents"}));
    let holder = json!({"cardholder_no": applied.text("cardholder_no")});
    let status = || {
        let state = control.get("/state").1;
        state["cardholders"][1]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(Value::Null, control.done("/cardholders/review", holder.clone()));
    assert_eq!("In_progress", status());
    control.done("/cardholders/reject", json!({"cardholder_no": holder["cardholder_no"], "reason": "blurred"}));
    assert_eq!("Rejected", status());
    control.done("/cardholders/approve", holder.clone());
    assert_eq!("Approved", status());
    let (code, error) = control.post("/cardholders/approve", holder);
    assert_eq!(
        (409, "the cardholder is Approved, which does not allow this"),
        (code, error["error"].as_str().unwrap())
    );
    assert_eq!(404, control.post("/cardholders/approve", json!({"cardholder_no": "17"})).0);

    for (at, call) in ["/cards/issue", "/cards/fail"].into_iter().enumerate() {
        let body = json!({"cardholder_no": env.holder, "card_unique_no": call, "card_type": "Virtual",
                          "package_no": "1600000000000000101"});
        let card_no = env.caller.post("/v1/card/apply", body).text("card_no");
        let mut body = json!({"card_no": card_no});
        if at == 1 {
            body["reason"] = json!("no stock");
        }
        control.done(call, body);
        assert_eq!(["Activated", "Fail"][at], control.get("/state").1["cards"][at]["status"]);
    }
}

#[test]
fn the_clock_the_tokens_and_the_settings_can_be_set() {
    let (env, control) = env_with_control();
    let code = || env.caller.get(&format!("/v1/cardholder/{}/info", env.holder)).code();
    control.done("/clock/freeze", json!({}));
    let now_ms = || control.get("/clock").1["now_ms"].as_i64().unwrap();
    let frozen_at = now_ms();
    control.done("/clock/advance", json!({"ms": 5000}));
    control.done("/clock/rewind", json!({"ms": 2000}));
    assert_eq!(frozen_at + 3000, now_ms());
    control.done("/clock/unfreeze", json!({}));
    std::thread::sleep(Duration::from_millis(5));
    assert!(now_ms() > frozen_at + 3000);
    for (settings, refused) in [
        (json!({"key_state": "expired"}), 1011),
        (json!({"key_state": "active", "merchant_state": "abnormal"}), 1022),
        (json!({"merchant_state": "active", "ip_whitelist": ["192.0.2.1"]}), 1003),
        (json!({"ip_whitelist": []}), 0),
    ] {
        control.done("/settings", settings);
        assert_eq!(refused, code());
    }
    control.done("/settings", json!({"pci_enabled": false}));
    assert_eq!(1013, env.caller.get("/v1/card/17/private/info").code());
    control.done("/tokens/revoke", json!({}));
    assert_eq!(1007, code());
}

#[test]
fn faults_can_be_planned_and_listed() {
    let (env, control) = env_with_control();
    control.done("/faults", json!({"operation": "accounts.transfer", "nth": 2, "kind": "drop_after_commit"}));
    control.done("/faults", json!({"operation": "cards.packages", "times": 2, "kind": {"code": 1009}}));
    env.transfer("a", "In", "1").data();
    let body =
        json!({"cardholder_no": env.holder, "transfer_unique_no": "b", "type": "In", "balance": "1"}).to_string();
    assert!(env.caller.try_post("/v1/account/transfer", body.as_bytes()).is_err());
    let fired = control.get("/faults/fired").1;
    assert_eq!(json!("drop_after_commit"), fired["faults"][0]["kind"]);
    assert_eq!(2, control.get("/state").1["transfers"].as_array().unwrap().len());
    assert_eq!(1009, env.caller.post("/v1/card/package/list", json!({})).code());
    control.done("/faults/clear", json!({}));
    assert_eq!(0, env.caller.post("/v1/card/package/list", json!({})).code());
    assert_eq!(json!({"calls": 0}), control.get("/redirect_calls").1);
    let requests = control.get("/requests").1;
    assert!(requests["requests"].as_array().unwrap().iter().any(|request| request["fault"] == "drop_after_commit"));
    assert_eq!(json!({"count": 2}), control.done("/requests/count", json!({"operation": "accounts.transfer"})));
    for invalid in [
        json!({"kind": "explode"}),
        json!({"operation": "accounts.tranfser", "kind": "html"}),
        json!({"kind": "html", "oeration": "token"}),
        json!({}),
    ] {
        assert_eq!(400, control.post("/faults", invalid.clone()).0, "{invalid}");
    }
}

#[test]
fn rows_can_be_seeded_and_the_ledger_read() {
    let (env, control) = env_with_control();
    let holder = control.done("/seed/approved_cardholder", json!({}))["cardholder_no"].clone();
    let card = control.done("/seed/virtual_card", json!({"cardholder_no": holder}))["card_no"].clone();
    let physical = control.done("/seed/physical_card", json!({"cardholder_no": holder}))["card_no"].clone();
    let times = json!([1_772_323_200_000_i64, 1_772_323_201_000_i64]);
    assert_eq!(2, control.done("/seed/cardholders", json!({"times_ms": times}))["numbers"].as_array().unwrap().len());
    for (call, owner, kind) in [
        ("/seed/cards", json!({"cardholder_no": holder, "times_ms": times}), "cards"),
        ("/seed/transfers", json!({"cardholder_no": holder, "times_ms": times}), "transfers"),
        ("/seed/consumptions", json!({"card_no": card, "times_ms": times}), "consumptions"),
    ] {
        let numbers = control.done(call, owner)["numbers"].clone();
        let state = control.get("/state").1;
        let rows = state[kind].as_array().unwrap();
        assert!(rows.iter().any(|row| row.as_object().unwrap().values().any(|value| *value == numbers[1])), "{kind}");
    }
    let account = format!("cardholder:{}", holder.as_str().unwrap());
    assert_eq!(json!("2.00"), control.get("/ledger").1["balances"][account]);
    let secrets = control.done("/cards/secrets_for_tests", json!({"card_no": physical}));
    let physical = physical.as_str().unwrap();
    assert_eq!(env.sandbox.pan_for_tests(physical).unwrap(), secrets["pan"].as_str().unwrap());
    assert_eq!(env.sandbox.cvv_for_tests(physical).unwrap(), secrets["cvv"].as_str().unwrap());
    assert_eq!(json!({"matches": false}), control.done("/cards/pin_matches", json!({"card_no": physical, "pin": "1"})));
}

#[test]
fn webhooks_have_settings_faults_and_deliveries() {
    let merchant = WebhookReceiver::accepting();
    let (env, control) = env_with_control();
    env.fund("100");
    let settings = json!({"url": merchant.url(), "secret": "s1", "app_id": "app", "sign_style": "java_hash_map"});
    control.done("/callbacks/settings", settings);
    control.done("/callbacks/settings", json!({"rotated_secret": "s2", "nulls": "sent"}));
    assert_eq!(
        json!({"url": merchant.url(), "app_id": "app", "sign_style": "java_hash_map", "nulls": "sent", "waiting": 0}),
        control.get("/callbacks").1
    );
    control.done("/callbacks/faults", json!({"action": "Card_update", "kind": "drop"}));
    control.done("/callbacks/faults", json!({"kind": "old_secret"}));
    let card_no = env.virtual_card();
    let purchase = json!({"card_no": card_no, "amount": "1"});
    let consume_no = env.caller.post("/v1/simulate/auth", purchase).text("consume_no");
    env.caller.post("/v1/simulate/consumption_clear", json!({"consume_no": consume_no})).data();
    let fees = json!([{"fee_type": "Atm_fee", "amount": "0.10"}]);
    control.done("/consumptions/complete_fees", json!({"consume_no": consume_no, "fee_detail": fees}));
    env.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": "Frozen"})).data();
    let settled = || control.done("/callbacks/settle", json!({"ms": 10_000}));
    assert_eq!(json!({"settled": true}), settled());
    assert_eq!(vec!["Consumption"; 3], merchant.actions());
    assert!(merchant.received()[0].is_signed_by("app", "s1") && merchant.last().is_signed_by("app", "s2"));
    let deliveries = control.get("/callbacks/deliveries").1["deliveries"].clone();
    assert_eq!(4, deliveries.as_array().unwrap().len());
    assert_eq!((json!("drop"), json!(null)), (deliveries[3]["fault"].clone(), deliveries[3]["http_status"].clone()));
    assert_eq!((json!(1), json!(200), json!(0)), {
        let accepted = &deliveries[2];
        (accepted["attempt"].clone(), accepted["http_status"].clone(), accepted["code"].clone())
    });
    control.done("/callbacks/redeliver", json!({"id": deliveries[3]["id"]}));
    settled();
    assert_eq!("Card_update", merchant.last().action());
    assert_eq!(404, control.post("/callbacks/redeliver", json!({"id": "x"})).0);
    assert_eq!(404, control.post("/consumptions/complete_fees", json!({"consume_no": "1", "fee_detail": []})).0);
    assert_eq!(400, control.post("/callbacks/settings", json!({"url": "http://example.com/"})).0);
    assert_eq!(400, control.post("/callbacks/faults", json!({"kind": "explode"})).0);
    control.done("/callbacks/settings", json!({"url": "", "secret": "s3"}));
    assert_eq!(json!(null), control.get("/callbacks").1["url"]);
    assert_eq!(409, control.post("/callbacks/faults", json!({"kind": "old_secret"})).0);
}

#[test]
fn a_snapshot_can_be_taken_and_restored() {
    let (env, control) = env_with_control();
    let name = control.done("/snapshot", json!({}));
    env.fund("3");
    control.done("/restore", name);
    assert_eq!("0.00", env.balance());
    assert_eq!(404, control.post("/restore", json!({"snapshot": 9})).0);
    assert_eq!(404, control.post("/restore", json!({"snapshot": 0})).0);
}

#[test]
fn invalid_control_calls_are_refused() {
    let (_env, control) = env_with_control();
    assert_eq!(404, control.get("/nothing").0);
    assert_eq!(405, control.post("/clock", json!({})).0);
    assert_eq!(400, control.post("/clock/advance", json!({"s": 1})).0);
    assert_eq!(400, control.post("/clock/advance", json!("soon")).0);
    let page = control.agent.get(format!("{}/info", control.url)).header("Origin", "https://evil.example").call();
    assert_eq!(403, page.unwrap().status().as_u16(), "a web page must not control the sandbox");
}

#[test]
fn a_host_that_resolves_to_loopback_is_refused() {
    let (_env, control) = env_with_control();
    let status = |host: &str| {
        let call = control.agent.get(format!("{}/info", control.url)).header("Host", host).call();
        call.unwrap().status().as_u16()
    };
    for host in ["localhost", "LOCALHOST:1", "127.0.0.1:9", "127.1.2.3", "[::1]:80", "[::1]"] {
        assert_eq!(200, status(host), "{host}");
    }
    for host in ["evil.example", "evil.example:80", "localhost.evil.example", "10.0.0.1", "127.0.0.1.evil.example:80"] {
        assert_eq!(403, status(host), "{host}");
    }
}

#[test]
fn the_library_and_the_control_url_show_the_same_sandbox() {
    let (env, control) = env_with_control();
    Caller::with_token(&env.sandbox);
    let shown = control.get("/requests").1["requests"].as_array().unwrap().len();
    assert_eq!(env.sandbox.requests().len(), shown);
}
