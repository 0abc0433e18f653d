//! Calls that the console makes in the merchant's place: the same handlers, without credentials and faults.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::platform::Platform;
use crate::api_service::ApiService;
use crate::control::error::ControlError;
use crate::platform::routes;

/// Fields that are sent as ciphertext; the console sends them as plain text, on this machine only.
const ENCRYPTED_FIELDS: [&str; 2] = ["cvv", "pin"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MerchantCall {
    operation: String,
    /// The variable part of the path.
    #[serde(default)]
    no: String,
    #[serde(default)]
    body: serde_json::Map<String, Value>,
}

/// Executes a call. Returns the platform's envelope and the id of the recorded request.
pub(super) fn call(platform: &Platform, mut call: MerchantCall) -> Result<Value, ControlError> {
    let route = routes::by_operation(&call.operation)
        .filter(|route| route.operation != "token")
        .ok_or_else(|| ControlError::new(400, format!("there is no operation {}", call.operation)))?;
    let path = route.path.replace("{}", &call.no);
    if route.path_no(&path).is_none() {
        return Err(ControlError::new(400, "the number is not part of a path"));
    }
    if call.operation == "cards.activate" && !call.body.contains_key("cvv") {
        // Only the card's holder knows it. The console shows it on request, and knows it here.
        let card_no = call.body.get("card_no").and_then(Value::as_str).unwrap_or_default();
        let cvv = platform.cvv_for_tests(card_no)?;
        call.body.insert("cvv".to_owned(), cvv.into());
    }
    for field in ENCRYPTED_FIELDS {
        if let Some(Value::String(plain)) = call.body.get_mut(field) {
            let iv: [u8; 16] = std::array::from_fn(|_| fastrand::u8(..));
            *plain = platform.shared.setup.cipher.encrypt(plain.as_bytes(), iv);
        }
    }
    let body = Value::Object(call.body).to_string();
    let (envelope, id) = ApiService(Arc::clone(&platform.shared)).call_from_console(route, &call.no, body.as_bytes());
    let mut envelope: Value =
        serde_json::from_slice(&envelope).map_err(|error| ControlError::new(500, error.to_string()))?;
    crate::masking::mask(&mut envelope);
    Ok(json!({"request": id, "response": envelope}))
}
