//! Relays on machines whose clock is wrong.

use std::sync::Arc;

use keysecure::{Client, Relay, RelayRequest, Store};
use keysecure_sandbox::Sandbox;
use keysecure_tests::{AgedStore, TestClock};

use super::everything;

#[test]
fn the_day_of_a_limit_is_the_platforms_after_a_restart_too() {
    let sandbox = Sandbox::start().unwrap();
    let number = sandbox.seed_approved_cardholder();
    let store: Store = AgedStore::default().into();
    let mut statuses = Vec::new();
    for (tap, wrong_by_ms) in [("a", 0), ("b", -86_400_000), ("c", 86_400_000)] {
        let client = Client::builder(sandbox.api_key(), sandbox.api_secret())
            .base_url(sandbox.base_url())
            .clock(Arc::new(TestClock::wrong_by(wrong_by_ms)))
            .store(store.clone())
            .build()
            .unwrap();
        let scope = everything(&number).max_per_day(100.into());
        let relay = Relay::builder(&client, move |_| Some(scope.clone())).build().unwrap();
        let body = format!(r#"{{"transfer_unique_no":"{tap}","type":"In","balance":"80"}}"#);
        let request = RelayRequest {
            method: "POST",
            path: "/v1/accounts.ensure_transfer",
            headers: &[("Content-Type", "application/json")],
            body: body.as_bytes(),
        };
        statuses.push(relay.handle(&request).status);
    }
    assert_eq!((statuses, sandbox.transfers().len()), (vec![200, 403, 403], 1));
}
