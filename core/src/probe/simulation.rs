//! A simulated purchase of 1.00 and its failure, in the platform's sandbox.

use serde_json::{Value, json};

use super::inference::Inference;
use super::session::Session;
use crate::engine::operation;

pub(super) fn examine(session: &mut Session<'_>, card_no: &str) {
    let body = json!({"card_no": card_no, "amount": 1.0});
    let Some(response) = session.read(operation::SIMULATION_AUTH, "a purchase", &body) else { return };
    let number = response.data().and_then(|data| data.get("consume_no")).and_then(Value::as_str);
    match (response.code(), number) {
        (Some(0), Some(number)) => {
            let body = json!({"consume_no": number});
            let failed = session.read(operation::SIMULATION_FAIL, "its failure", &body).and_then(|end| end.code());
            if failed == Some(0) {
                session.confirm(Inference::Simulation, "both calls are carried out and name the consumption");
            } else {
                session.refute(Inference::Simulation, "the purchase is carried out, its failure is refused");
            }
        }
        (Some(0), None) => session.refute(Inference::Simulation, "carried out, but the response has no consume_no"),
        (Some(code), _) => session.refute(Inference::Simulation, format!("refused with code {code}")),
        (None, _) => {}
    }
}
