//! An environment whose sandbox sends webhooks, and short forms of the calls that cause them.

// Every test file uses a part of this; a helper of tests may panic as a test may.
#![allow(dead_code, clippy::unwrap_used, clippy::needless_pass_by_value)]

use std::time::Duration;

use keysecure_sandbox::{DeliveryRecord, Sandbox};
use serde_json::{Value, json};

use crate::common::TestEnv;
use crate::webhook_receiver::WebhookReceiver;

/// The time limit of waits that should be short.
pub const SOON: Duration = Duration::from_secs(10);

/// An environment in credit mode that sends webhooks to the merchant, with a funded cardholder, and the number of a card.
/// The clock is frozen.
pub fn env_with_webhooks(merchant: &WebhookReceiver) -> (TestEnv, String) {
    let env = TestEnv::new(Sandbox::builder().webhook_url(merchant.url()));
    env.sandbox.freeze();
    let card_no = env.virtual_card();
    env.fund("600");
    (env, card_no)
}

/// Waits until no webhook is due.
pub fn settle(env: &TestEnv) {
    assert!(env.sandbox.settle_webhooks(SOON), "{:?}", env.sandbox.webhook_info());
}

/// Makes a simulation call and returns the number of the consumption.
pub fn simulate(env: &TestEnv, call: &str, body: Value) -> String {
    env.caller.post(&format!("/v1/simulate/{call}"), body).text("consume_no")
}

pub fn purchase(env: &TestEnv, card_no: &str) -> String {
    simulate(env, "auth", json!({"card_no": card_no, "amount": "10.5"}))
}

pub fn set_status(env: &TestEnv, card_no: &str, status: &str) {
    env.caller.post("/v1/card/status/update", json!({"card_no": card_no, "status": status})).data();
}

/// Freezes a card, which sends one webhook.
pub fn freeze(env: &TestEnv, card_no: &str) {
    set_status(env, card_no, "Frozen");
}

pub fn last_delivery(env: &TestEnv) -> DeliveryRecord {
    env.sandbox.deliveries().pop().unwrap()
}
