//! The faults of webhooks.

// A helper of tests may panic as a test may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

mod common;
#[path = "common/webhook_env.rs"]
mod webhook_env;
#[path = "common/webhook_receiver.rs"]
mod webhook_receiver;

use std::time::Duration;

use keysecure_sandbox::{SandboxError, WebhookAction, WebhookFault};
use serde_json::json;
use webhook_env::{env_with_webhooks, freeze, last_delivery, purchase, settle};
use webhook_receiver::{Reply, WebhookReceiver};

#[test]
fn each_fault_has_its_effect() {
    let merchant = WebhookReceiver::accepting();
    let (env, card_no) = env_with_webhooks(&merchant);
    let (app_id, secret) = (env.sandbox.api_key().to_owned(), env.sandbox.api_secret().to_owned());
    let received_under = |fault: WebhookFault| {
        merchant.clear();
        env.sandbox.webhook_fault(fault).unwrap();
        purchase(&env, &card_no);
        settle(&env);
        merchant.received()
    };

    let twice = received_under(WebhookFault::Duplicate);
    assert_eq!(2, twice.len());
    assert_eq!((&twice[0].body, &twice[0].headers), (&twice[1].body, &twice[1].headers));
    assert_eq!([1, 1], [0, 1].map(|at| env.sandbox.deliveries()[at].attempt));

    assert!(!received_under(WebhookFault::WrongSignature)[0].is_signed_by(&app_id, &secret));

    for by_ms in [400_000, -400_000] {
        let stale = &received_under(WebhookFault::StaleTimestamp(by_ms))[0];
        assert_eq!((env.sandbox.now_ms() - by_ms).to_string(), stale.headers["timestamp"]);
        assert!(stale.is_signed_by(&app_id, &secret));
    }

    let tampered = &received_under(WebhookFault::TamperBody)[0];
    assert!(!tampered.is_signed_by(&app_id, &secret));
    assert_eq!(json!(910.5), tampered.data()["amount"]);

    assert!(received_under(WebhookFault::Drop).is_empty());
    let dropped = last_delivery(&env);
    assert_eq!((None, Some(WebhookFault::Drop)), (dropped.http_status, dropped.fault));
    assert_eq!(0, env.sandbox.webhook_info().waiting, "not retried");
    env.sandbox.redeliver(&dropped.id).unwrap();
    settle(&env);
    assert_eq!(dropped.id, merchant.last().id());

    assert!(received_under(WebhookFault::Delay(Duration::from_secs(60))).is_empty());
    env.sandbox.advance(Duration::from_millis(59_999));
    settle(&env);
    assert!(merchant.received().is_empty());
    env.sandbox.advance(Duration::from_millis(1));
    settle(&env);
    assert_eq!(1, merchant.received().len());

    let early = env.sandbox.webhook_fault(WebhookFault::OldSecret);
    assert!(matches!(early, Err(SandboxError::WrongState { .. })), "the secret was not rotated yet");
    env.sandbox.rotate_webhook_secret("new");
    let old = &received_under(WebhookFault::OldSecret)[0];
    assert!(old.is_signed_by(&app_id, &secret) && !old.is_signed_by(&app_id, "new"));

    let plain = received_under(WebhookFault::Duplicate).len() + 1;
    purchase(&env, &card_no);
    settle(&env);
    assert_eq!(plain, merchant.received().len(), "a fault affects one webhook");
}

#[test]
fn a_reordered_webhook_follows_the_next_one() {
    let merchant = WebhookReceiver::accepting();
    let (env, card_no) = env_with_webhooks(&merchant);
    env.sandbox.webhook_fault(WebhookFault::Reorder).unwrap();
    let first = purchase(&env, &card_no);
    settle(&env);
    assert!(merchant.received().is_empty());
    let second = purchase(&env, &card_no);
    let third = purchase(&env, &card_no);
    settle(&env);
    let mut order: Vec<_> =
        merchant.received().iter().map(|received| received.data()["consume_no"].as_str().unwrap().to_owned()).collect();
    assert_eq!(second, order.remove(0));
    order.sort();
    assert_eq!(vec![first, third], order);
}

#[test]
fn a_fault_of_an_action_spares_other_actions_and_the_retry() {
    let merchant = WebhookReceiver::new(|_| Reply::Response(200, r#"{"code":1,"message":"x"}"#));
    let (env, card_no) = env_with_webhooks(&merchant);
    env.sandbox.webhook_fault_on(WebhookAction::CardUpdate, WebhookFault::WrongSignature).unwrap();
    purchase(&env, &card_no);
    freeze(&env, &card_no);
    settle(&env);
    env.sandbox.advance(Duration::from_secs(10));
    settle(&env);
    let faults: Vec<_> = env.sandbox.deliveries().iter().map(|record| (record.action, record.fault)).collect();
    let plain = |action| (action, None);
    assert_eq!(
        vec![
            plain(WebhookAction::Consumption),
            (WebhookAction::CardUpdate, Some(WebhookFault::WrongSignature)),
            plain(WebhookAction::Consumption),
            plain(WebhookAction::CardUpdate),
        ],
        faults
    );
    assert!(merchant.last().is_signed_by(env.sandbox.api_key(), env.sandbox.api_secret()));
}

#[test]
fn webhook_faults_have_a_json_form() {
    for (fault, text) in [
        (WebhookFault::TamperBody, json!("tamper_body")),
        (WebhookFault::Delay(Duration::from_secs(5)), json!({"delay": 5000})),
        (WebhookFault::StaleTimestamp(-7), json!({"stale_timestamp": -7})),
    ] {
        assert_eq!(text, serde_json::to_value(fault).unwrap());
        assert_eq!(fault, serde_json::from_value(text).unwrap());
    }
}
