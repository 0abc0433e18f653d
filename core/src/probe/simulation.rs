//! A simulated purchase of 1.00 and its failure, in the platform's sandbox.

use serde_json::{Value, json};

use super::inference::Inference;
use super::session::Session;
use crate::engine::operation;
use crate::resources::Status;

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
            } else if is_declined(session, number) {
                // For want of a balance, for instance.
                let found = "the purchase is carried out and declined at once; the response names the consumption";
                session.confirm(Inference::Simulation, found);
            } else {
                session.refute(Inference::Simulation, "the purchase is carried out, its failure is refused");
            }
        }
        (Some(0), None) => session.refute(Inference::Simulation, "carried out, but the response has no consume_no"),
        (Some(code), _) => session.refute(Inference::Simulation, format!("refused with code {code}")),
        (None, _) => {}
    }
}

/// Whether a consumption has failed.
fn is_declined(session: &mut Session<'_>, consume_no: &str) -> bool {
    if crate::validate::path_number("consume_no", consume_no).is_err() {
        return false;
    }
    let response = session.get(operation::CONSUMPTIONS_GET, "the simulated purchase", consume_no);
    let status = response.as_ref().and_then(|response| response.data()?.get("status"));
    status.and_then(Value::as_str).is_some_and(|status| status == Status::Fail.as_str())
}
