//! The content and the signature of webhooks.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/webhook_env.rs"]
mod webhook_env;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use common::TestEnv;
use keysecure_sandbox::{NullFields, Sandbox, SignStyle, WebhookAction};
use rust_decimal::Decimal;
use serde_json::json;
use webhook_env::{env_with_webhooks, last_delivery, purchase, set_status, settle, simulate};
use webhook_receiver::WebhookReceiver;

#[test]
fn each_status_change_of_a_card_sends_a_webhook() {
    let merchant = WebhookReceiver::accepting();
    let (env, _) = env_with_webhooks(&merchant);
    let body = json!({"cardholder_no": env.holder, "card_unique_no": "c", "card_type": "Virtual",
                      "package_no": "1600000000000000102"});
    let card_no = env.caller.post("/v1/card/apply", body).text("card_no");
    set_status(&env, &card_no, "Frozen");
    set_status(&env, &card_no, "Activated");
    set_status(&env, &card_no, "Delete");
    settle(&env);
    let received = merchant.received();
    let cards: Vec<_> = received.iter().filter(|webhook| webhook.action() == "Card_update").collect();
    let steps: Vec<_> =
        cards.iter().map(|card| (card.data()["before_status"].clone(), card.data()["after_status"].clone())).collect();
    let step = |before: &str, after: &str| (json!(before), json!(after));
    assert_eq!(
        vec![
            step("Pending", "Activated"),
            step("Activated", "Frozen"),
            step("Frozen", "Activated"),
            step("Activated", "Delete")
        ],
        steps
    );
    for card in &cards {
        let data = card.data();
        assert_eq!((json!(card_no), json!(env.sandbox.now_ms())), (data["card_no"].clone(), data["time"].clone()));
        assert!(data.get("reason").is_none(), "no reason: {data}");
    }
    assert_eq!("Open_card", received[0].data()["type"], "the opening fee is a consumption");
    assert!(received[0].data().get("merchant_info").is_none());
    assert_eq!("", received[0].data()["detail"], "empty text is sent");
}

#[test]
fn the_webhook_of_a_failed_card_has_the_reason() {
    let merchant = WebhookReceiver::accepting();
    let env = TestEnv::new(Sandbox::builder().manual_cards().webhook_url(merchant.url()));
    let body = json!({"cardholder_no": env.holder, "card_unique_no": "c", "card_type": "Virtual",
                      "package_no": "1600000000000000101"});
    env.fund("500");
    let card_no = env.caller.post("/v1/card/apply", body).text("card_no");
    settle(&env);
    assert_eq!(0, merchant.actions().iter().filter(|action| *action == "Card_update").count(), "still Pending");
    env.sandbox.fail_card(&card_no, "no stock").unwrap();
    settle(&env);
    assert_eq!((json!("Fail"), json!("no stock")), {
        let data = merchant.last().data();
        (data["after_status"].clone(), data["reason"].clone())
    });
}

#[test]
fn purchase_settlement_and_late_fees_send_webhooks() {
    let merchant = WebhookReceiver::accepting();
    let (env, card_no) = env_with_webhooks(&merchant);
    let merchant_info = json!({"merchant_name": "SHOP \"A\"", "merchant_mcc": "5734", "city": "Köln", "country": "DE"});
    let body = json!({"card_no": card_no, "amount": "10.5", "local_amount": "9.9", "local_currency": "EUR",
                      "merchant_info": merchant_info});
    let consume_no = simulate(&env, "auth", body);
    let fees = json!([{"fee_type": "Consume_fee", "amount": "0.30"}, {"fee_type": "Auth_fee", "amount": "0.2"}]);
    simulate(&env, "consumption_clear", json!({"consume_no": consume_no, "amount": "11", "fee_detail": fees}));
    let late = keysecure_sandbox::Fee { fee_type: "Exchange_fee".to_owned(), amount: Decimal::new(15, 2) };
    env.sandbox.complete_fees(&consume_no, vec![late]).unwrap();
    settle(&env);
    let received = merchant.received();
    assert_eq!(3, received.len());
    let time = env.sandbox.now_ms();
    assert_eq!(
        json!({
            "consume_no": consume_no, "card_no": card_no, "cardholder_no": env.holder, "type": "Consumption",
            "amount": 10.5, "local_amount": 9.9, "local_currency": "EUR", "merchant_info": merchant_info, "status": "Pending",
            "time": time, "fee": 0.0, "detail": "SHOP \"A\"", "fee_detail": [],
        }),
        received[0].data()
    );
    for text in [r#""amount":10.50,"local_amount":9.90,"#, r#""fee":0.00,"#] {
        assert!(received[0].body.contains(text), "exact numbers: {}", received[0].body);
    }
    let settled = received[1].data();
    assert_eq!(
        (json!("Success"), json!(11.0), json!(0.5)),
        (settled["status"].clone(), settled["amount"].clone(), settled["fee"].clone())
    );
    let list = r#""fee_detail":[{"fee_type":"Consume_fee","amount":0.30},{"fee_type":"Auth_fee","amount":0.20}]"#;
    assert!(received[1].body.contains(list), "{}", received[1].body);
    assert_eq!(
        (3, json!(0.65)),
        (received[2].data()["fee_detail"].as_array().unwrap().len(), received[2].data()["fee"].clone())
    );
    assert!(env.sandbox.ledger().total().is_zero());
    assert_eq!("588.35", env.balance());
    let pending = purchase(&env, &card_no);
    assert!(env.sandbox.complete_fees(&pending, Vec::new()).is_err());
}

#[test]
fn failures_reversals_and_refunds_send_webhooks() {
    let merchant = WebhookReceiver::accepting();
    let (env, card_no) = env_with_webhooks(&merchant);
    let (failed, reversed, refunded) = (purchase(&env, &card_no), purchase(&env, &card_no), purchase(&env, &card_no));
    simulate(&env, "consumption_clear", json!({"consume_no": refunded}));
    settle(&env);
    merchant.clear();
    simulate(&env, "consumption_fail", json!({"consume_no": failed, "remark": "no stock"}));
    let reversal = simulate(&env, "reversal", json!({"consume_relate_no": reversed}));
    let refund = simulate(&env, "refund", json!({"consume_relate_no": refunded, "amount": "4"}));
    settle(&env);
    let rows: Vec<_> = merchant
        .received()
        .iter()
        .map(|received| {
            ["consume_no", "type", "status", "remark", "consume_relate_no"]
                .map(|name| received.data()[name].as_str().unwrap_or("-").to_owned())
        })
        .collect();
    assert_eq!(
        vec![
            [failed.as_str(), "Consumption", "Fail", "no stock", "-"],
            [&reversed, "Consumption", "Fail", "reversed", "-"],
            [&reversal, "Reversal", "Success", "-", &reversed],
            [&refund, "Refund", "Success", "-", &refunded],
        ],
        rows.iter().map(|fields| fields.each_ref().map(String::as_str)).collect::<Vec<_>>()
    );
}

#[test]
fn a_webhook_is_a_signed_post_request() {
    let merchant = WebhookReceiver::accepting();
    let (env, card_no) = env_with_webhooks(&merchant);
    purchase(&env, &card_no);
    settle(&env);
    let received = merchant.last();
    assert_eq!("POST /hook?from=sandbox HTTP/1.1", received.line);
    assert_eq!(merchant.address.to_string(), received.headers["host"]);
    for (name, value) in [("sign-version", "V1"), ("timezone", "UTC+8"), ("content-type", "application/json")] {
        assert_eq!(value, received.headers[name]);
    }
    assert_eq!(env.sandbox.now_ms().to_string(), received.headers["timestamp"]);
    assert!(received.is_signed_by(env.sandbox.api_key(), env.sandbox.api_secret()));
    assert!(!received.is_signed_by(env.sandbox.api_key(), "other"));
    let record = last_delivery(&env);
    assert_eq!((received.id(), WebhookAction::Consumption, 1), (record.id, record.action, record.attempt));
    assert_eq!((Some(200), Some(0), None), (record.http_status, record.code, record.error));
    assert_eq!((received.body, received.headers["signature"].clone()), (record.body, record.signature));
}

#[test]
fn signatures_follow_the_settings() {
    let merchant = WebhookReceiver::accepting();
    let builder = Sandbox::builder().webhook_url(merchant.url()).webhook_secret("s1").webhook_app_id("app");
    let env = TestEnv::new(builder.null_fields(NullFields::Include));
    env.fund("500");
    let card_no = env.virtual_card();
    let consume_no = purchase(&env, &card_no);
    let fees = json!([{"fee_type": "Consume_fee", "amount": "0.30"}]);
    simulate(&env, "consumption_clear", json!({"consume_no": consume_no, "fee_detail": fees}));
    settle(&env);
    let received = merchant.last();
    assert!(received.body.contains(r#""remark":null"#) && received.body.contains(r#""consume_relate_no":null"#));
    let merchant_info = r#"{"merchant_name":"SANDBOX SHOP","merchant_mcc":"5999","city":"New York","country":"US"}"#;
    assert!(received.body.contains(merchant_info), "the body keeps its order");
    let as_sent = |_: &str, raw: &str| raw.to_owned();
    assert!(received.is_signed_by("app", "s1") && !received.is_signed("app", "s1", as_sent));

    env.sandbox.set_sign_style(SignStyle::AsSent);
    env.sandbox.rotate_webhook_secret("s2");
    env.sandbox.set_webhook_app_id("other");
    purchase(&env, &card_no);
    settle(&env);
    assert!(merchant.last().is_signed("other", "s2", as_sent));
    env.sandbox.set_webhook_secret("s3");
    env.sandbox.set_sign_style(SignStyle::JavaHashMap);
    purchase(&env, &card_no);
    settle(&env);
    assert!(merchant.last().is_signed_by("other", "s3"));
    let shown = format!("{:?}{:?}", env.sandbox.webhook_info(), env.sandbox.deliveries());
    assert!(!shown.contains("s3") && !shown.contains(env.sandbox.api_secret()));
}

#[test]
fn seeded_rows_send_no_webhooks() {
    let merchant = WebhookReceiver::accepting();
    let (env, card_no) = env_with_webhooks(&merchant);
    env.sandbox.seed_consumptions(&card_no, &[1_772_323_200_000]).unwrap();
    env.physical_card();
    settle(&env);
    assert!(merchant.received().is_empty());
}
