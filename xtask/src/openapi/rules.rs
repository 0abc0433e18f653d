//! What the platform's documentation says about requests in words, beyond names and types. Keys are components and fields.

use serde_json::{Value, json};

/// The bodies and data whose form on the wire is not that of the method's own types: operation, and the object.
pub const BODIES: [(&str, &str); 3] =
    [("cards.activate", "EncryptedCvv"), ("cards.update_status", "UpdateStatus"), ("cards.set_pin", "EncryptedPin")];

/// Names of components for objects of the core that have another name there.
pub const NAMES: [(&str, &str); 2] = [("UpdateStatus", "UpdateCardStatus"), ("TokenResponse", "AccessToken")];

/// A Base64 text, which is a ciphertext.
const CIPHERTEXT: &str = "^[A-Za-z0-9+/]+={0,2}$";

/// The rule of a field.
pub fn of_field(component: &str, field: &str) -> Value {
    match (component, field) {
        ("ApplyCard", "card_unique_no") | ("Transfer", "transfer_unique_no") => json!({"maxLength": 64}),
        ("Transfer", "balance") => {
            json!({"pattern": r"^(0\.(0[1-9]|[1-9][0-9]?)|[1-9][0-9]{0,11}(\.[0-9]{1,2})?)$", "examples": ["25.00"]})
        }
        ("ActivateCard", "card_last_no") => json!({"pattern": "^[0-9]{4}$"}),
        ("ActivateCard", "cvv") => encrypted("three digits"),
        ("SetPin", "pin") => encrypted("six digits, no three or more of them identical or consecutive"),
        ("UpdateCardStatus", "status") => json!({"enum": ["Frozen", "Activated", "Delete"]}),
        // The platform says of consumption detail that all its fields are strings, and its list has a number.
        ("Consumption", "time") => json!({"type": ["integer", "string"], "pattern": "^[0-9]+$"}),
        ("SimulationRequest", "amount" | "local_amount") => json!({"exclusiveMinimum": 0}),
        ("SimulatedFee", "amount") => json!({"minimum": 0}),
        ("Address", "phone_code") => json!({"pattern": "^[0-9]{1,4}$"}),
        _ => json!({}),
    }
}

fn encrypted(plain: &str) -> Value {
    json!({
        "contentEncoding": "base64",
        "pattern": CIPHERTEXT,
        "x-encrypted": format!("AES-ECB with PKCS#7 padding; the key is made from the apiSecret; the plain text is {plain}"),
    })
}

/// What an object has beyond its listed fields according to the platform's documentation, which does not name it.
pub fn unlisted(component: &str) -> Option<&'static str> {
    match component {
        "Cardholder" => Some("cardholder detail has a list of accounts, whose name and fields are not documented"),
        "CardholderCard" => Some("only its first field is documented"),
        _ => None,
    }
}

/// Whether a field of the core's struct is sent as a header.
pub fn is_header(component: &str, field: &str) -> bool {
    (component, field) == ("CardDetail", "origin")
}

/// Whether the client leaves a field out of the body when it is empty.
pub fn may_be_absent(component: &str, field: &str) -> bool {
    (component, field) == ("CardDetail", "parent_origin")
}

/// Fields that one operation requires of a body that several share.
pub fn required_by(operation: &str) -> &'static [&'static str] {
    match operation {
        "simulation.auth" => &["card_no", "amount"],
        "simulation.consumption_clear" | "simulation.consumption_fail" => &["consume_no"],
        "simulation.reversal" | "simulation.refund" => &["consume_relate_no"],
        _ => &[],
    }
}

/// The window of a list call.
pub fn window() -> Value {
    let time = |what: &str| {
        json!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?$",
            "description": format!("{what} of the window: `yyyy-MM-dd` or `yyyy-MM-dd HH:mm:ss` in the time zone of the header `Timezone`."),
            "examples": ["2026-01-31", "2026-01-31 23:59:59"],
        })
    };
    json!({
        "type": "object",
        "description": "Window of a list, at most 90 days (codes 1019 and 1020). That both ends are included is inferred.",
        "properties": {"start_time": time("Start"), "end_time": time("End")},
        "required": ["start_time", "end_time"],
    })
}

/// The page of a list call.
pub fn paging() -> Value {
    json!({
        "type": "object",
        "description": "Page of a list.",
        "properties": {
            "page": {"type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32, "default": 0,
                "description": "Number of the page, from 0."},
            "size": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10,
                "description": "Number of rows of a page."},
        },
    })
}

/// The headers of the hosted card page.
pub fn page_headers() -> Vec<Value> {
    let header = |name: &str, schema: Value, description: &str| {
        json!({"name": name, "in": "header", "required": true, "schema": schema, "description": description,
            "x-inferred": true})
    };
    vec![
        header("Origin", json!({"type": "string"}), "Origin of the hosted card page (code 1016)."),
        header("Sec-Fetch-Site", json!({"const": "same-origin"}), "Sent by the browser (code 1018)."),
        header("Sec-Fetch-Mode", json!({"const": "cors"}), "Sent by the browser (code 1018)."),
        header("Sec-Fetch-Dest", json!({"const": "empty"}), "Sent by the browser (code 1018)."),
    ]
}
