//! Which calls go through a relay, and with which session.

use std::time::Duration;

use keysecure::{Auth, Client, OPERATIONS, Secret};
use keysecure_tests::RelayServer;
use serde_json::{Map, Value};

/// Options of an exactly-once call that belong to the relay.
const OWN_OPTIONS: [&str; 3] = ["settle", "since", "first_attempt"];

/// A relay in front of the merchant's client.
pub struct Relayed {
    server: RelayServer,
    /// Settings of the app's client.
    settings: Map<String, Value>,
}

impl Relayed {
    pub fn start(client: &Client, settings: &Map<String, Value>) -> Self {
        Self { server: RelayServer::start(client).unwrap(), settings: settings.clone() }
    }

    /// An app of that cardholder.
    pub fn app(&self, cardholder_no: &str) -> Client {
        let session = format!("session-{cardholder_no}");
        let mut app = Client::relay(self.server.url(), move |_: bool| Ok(Secret::from(session.clone())));
        // Longer than the call of the relay, which knows better what became of it.
        app = app.timeout(Duration::from_secs(60));
        if let Some(zone) = self.settings.get("timezone") {
            app = app.timezone(zone.as_str().unwrap().parse::<keysecure::UtcOffset>().unwrap());
        }
        app.build().unwrap()
    }
}

/// Whether a relay serves a call.
pub fn serves(call: &str) -> bool {
    let derived = match call.strip_suffix("_page").unwrap_or(call) {
        "cards.freeze" | "cards.unfreeze" | "cards.delete" => "cards.update_status",
        "cards.ensure_card" => "cards.apply",
        "accounts.ensure_transfer" => "accounts.transfer",
        other => other,
    };
    let operation = OPERATIONS.iter().find(|operation| operation.name == derived);
    operation.is_some_and(|operation| operation.auth == Auth::Token && operation.name != "cardholders.apply")
}

/// The arguments of a call without those that belong to the relay.
pub fn arguments(mut with: Map<String, Value>) -> Map<String, Value> {
    with.retain(|name, _| !OWN_OPTIONS.contains(&name.as_str()));
    with
}

#[test]
fn the_calls_of_the_protocol_are_relayed_and_no_others() {
    for call in ["cards.get", "cards.list_page", "cards.delete", "accounts.ensure_transfer", "pci.client_token"] {
        assert!(serves(call), "{call}");
    }
    for call in [
        "call",
        "doctor",
        "access_token",
        "cardholders.apply",
        "cardholders.ensure_cardholder",
        "simulation.auth",
        "pci.card_detail",
    ] {
        assert!(!serves(call), "{call}");
    }
}
