//! TLS, proxies, custom transports, closing a client, and leaked resources.

mod closing;
mod custom;
mod proxies;
mod tls;

use keysecure::{SimulationRequest, Transfer, TransferType};
use keysecure_tests::{TestEnv, cents};

const KEY: (&str, &str) = ("key", "0123456789abcdef");

/// A simulation call needs no token: its own request is the first.
fn purchase() -> SimulationRequest {
    SimulationRequest { card_no: Some("17".into()), amount: Some(cents(1_00)), ..SimulationRequest::default() }
}

fn transfer(env: &TestEnv, unique_no: &str) -> Transfer {
    Transfer {
        cardholder_no: env.cardholder_no.clone(),
        transfer_unique_no: unique_no.to_owned(),
        r#type: TransferType::In,
        amount: cents(1_00),
    }
}
