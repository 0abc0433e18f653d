//! Results, webhooks and errors in the JSON form in which scenarios compare them.

use std::time::UNIX_EPOCH;

use keysecure::{AccessToken, CardSecrets, ClientToken, Ensured, Error, Event, Page, Report, VerifiedWebhook};
use serde::Serialize;
use serde_json::{Value, json};

pub fn object(model: &impl Serialize) -> Value {
    serde_json::to_value(model).unwrap()
}

pub fn rows<T: Serialize>(rows: impl IntoIterator<Item = Result<T, Error>>) -> Result<Value, Error> {
    rows.into_iter().map(|row| row.map(|row| object(&row))).collect()
}

pub fn page<T: Serialize>(page: &Page<T>) -> Value {
    page.list.iter().map(object).collect()
}

pub fn ensured<T: Serialize>(ensured: &Ensured<T>) -> Value {
    json!({"value": object(&ensured.value), "created": ensured.created})
}

pub fn secrets(secrets: &CardSecrets) -> Value {
    json!({
        "card_no": secrets.card_no(),
        "card_unique_no": secrets.card_unique_no(),
        "pan": secrets.expose_pan(),
        "cvv": secrets.expose_cvv(),
        "exp_year": secrets.exp_year(),
        "exp_month": secrets.exp_month(),
        "masked_pan": secrets.masked_pan(),
    })
}

pub fn client_token(token: &ClientToken) -> Value {
    json!({"token": token.expose(), "expires_in": token.expires_in()})
}

pub fn access_token(token: &AccessToken) -> Value {
    let expires_at = token.expires_at().duration_since(UNIX_EPOCH).unwrap().as_millis();
    json!({"token": token.expose(), "expires_at": u64::try_from(expires_at).unwrap()})
}

pub fn report(report: &Report) -> Value {
    serde_json::from_str(&report.to_json()).unwrap()
}

pub fn received(received: &VerifiedWebhook) -> Value {
    let (action, data) = match &received.event {
        Event::Auth { data } => ("Auth", object(data)),
        Event::Consumption { data } => ("Consumption", object(data)),
        Event::CardUpdate { data } => ("Card_update", object(data)),
        Event::Unknown { action, data } => (action.as_str(), object(data)),
        other => panic!("unexpected event {other:?}"),
    };
    json!({"id": received.id, "action": action, "data": data})
}

pub fn error(error: &Error) -> Value {
    json!({
        "kind": error.kind().as_str(),
        "outcome": error.outcome().as_str(),
        "code": error.code(),
        "field": error.field(),
        "http_status": error.http_status(),
        "operation": error.operation(),
        "attempts": error.attempts(),
        "rejection": error.rejection().map(keysecure::Rejection::name),
    })
}
