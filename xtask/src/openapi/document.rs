//! The OpenAPI document.

use serde_json::{Map, Value, json};

use super::codes::CODES;
use super::declarations::{Declarations, Method, Operation};
use super::rules;
use super::schema::{Place, Schemas, is_inferred, merge, prose, reference};

const ABOUT: &str = "\
The merchant card API of KeySecure as the keysecure client understands it, generated from the client's operation table and \
models by `cargo xtask openapi`. It is not the platform's own document.

* Requests carry `Content-Type: application/json`, a GET too. The merchant signs no request.
* Every response is an envelope of `code`, `msg` and, after success (code 0), `data`. The HTTP status is generally 200; \
whether the other statuses carry an envelope is not documented.
* What is marked `x-inferred` is not documented by the platform: see `docs/inferred.md`.
* A response may have fields beyond those listed, an enum values beyond those listed (`x-open`), and a refusal codes beyond \
those listed. Where the platform's documentation says that there are further fields without naming them, `x-unlisted` says which.";

/// The HTTP statuses that the platform lists beside 200; 405 is inferred.
const STATUSES: [(&str, &str); 6] = [
    ("400", "Wrong format or parameters."),
    ("401", "Api-Key or Access-Token is invalid."),
    ("403", "The IP address is not on the whitelist, and the like."),
    ("404", "No such call."),
    ("405", "Wrong HTTP method."),
    ("500", "System error."),
];

/// Makes the document.
pub fn document(declared: &Declarations) -> Result<Value, String> {
    let mut schemas = Schemas::new(declared);
    let mut paths = Map::new();
    for operation in &declared.operations {
        let described = described(declared, operation, &mut schemas)
            .map_err(|error| format!("{}.{}: {error}", operation.resource, operation.call))?;
        let path = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        merge(path, &json!({ operation.method.clone(): described }));
    }
    let webhooks = webhooks(&mut schemas)?;
    let mut components = schemas.components;
    components.insert("Window".to_owned(), rules::window());
    components.insert("Paging".to_owned(), rules::paging());
    components.insert("ErrorCode".to_owned(), error_code());
    components.insert("Refusal".to_owned(), refusal());
    let refused = json!({"application/json": {"schema": reference("Refusal")}});
    let responses: Map<String, Value> = STATUSES
        .into_iter()
        .map(|(status, text)| {
            let text = format!("{text} Whether such a response carries an envelope is not documented.");
            (format!("Status{status}"), json!({"description": text, "content": refused, "x-inferred": true}))
        })
        .collect();
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "KeySecure merchant card API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [
            {"url": "https://sandbox-openplatform.keysecure.io/open-api", "description": "The platform's sandbox."},
            {"url": "https://openplatform.keysecure.io/open-api", "description": "Production."},
        ],
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": components,
            "responses": responses,
            "parameters": parameters(),
            "securitySchemes": {
                "ApiKey": {"type": "apiKey", "in": "header", "name": "Api-Key",
                    "description": "The merchant's Api-Key. The platform binds it to a whitelist of IP addresses."},
                "AccessToken": {"type": "apiKey", "in": "header", "name": "Access-Token",
                    "description": "The token of `GET /v1/merchant/token`."},
            },
        },
    }))
}

/// An operation of the table.
fn described(declared: &Declarations, operation: &Operation, schemas: &mut Schemas<'_>) -> Result<Value, String> {
    let name = format!("{}.{}", operation.resource, operation.call);
    let of = format!("{}{}", operation.resource[..1].to_uppercase(), &operation.resource[1..]);
    let method = declared.methods.get(&(of.clone(), operation.call.clone())).ok_or("the core has no such method")?;
    let is_page = method.returns.starts_with("Pager<");
    let body = request_body(declared, &name, method, operation, is_page, schemas)?;
    let data = response_data(declared, &name, method, schemas)?;
    let mut responses = Map::new();
    let success = json!({
        "type": "object",
        "properties": {"code": {"const": 0}, "msg": {"type": "string"}, "data": data},
        "required": ["code", "data"],
    });
    let content = json!({"application/json": {"schema": {"oneOf": [success, reference("Refusal")]}}});
    let text = "Success (code 0), or a refusal with another code.";
    responses.insert("200".to_owned(), json!({"description": text, "content": content}));
    for (status, _) in STATUSES {
        let place = format!("#/components/responses/Status{status}");
        responses.insert(status.to_owned(), json!({ "$ref": place }));
    }
    let mut described = json!({
        "operationId": name,
        "tags": [operation.resource],
        "summary": prose(&method.docs).trim_end_matches('.'),
        "parameters": operation_parameters(operation),
        "responses": responses,
        "security": security(operation),
        "x-number": operation.number,
        "x-effect": operation.effect.to_lowercase(),
        "x-mode": mode(operation),
    });
    let types = method.takes.iter().chain([&method.returns]).filter_map(|of| declared.objects.get(of));
    let mut docs = types.map(|object| &object.docs).chain([&method.docs]);
    if docs.any(|docs| is_inferred(docs)) {
        merge(&mut described, &json!({"x-inferred": true}));
    }
    if let Some(body) = body {
        let content = json!({"application/json": {"schema": body}});
        merge(&mut described, &json!({"requestBody": {"required": true, "content": content}}));
    }
    Ok(described)
}

fn request_body(
    declared: &Declarations,
    name: &str,
    method: &Method,
    operation: &Operation,
    is_page: bool,
    schemas: &mut Schemas<'_>,
) -> Result<Option<Value>, String> {
    if operation.method == "get" {
        return Ok(None);
    }
    let place = if operation.resource == "simulation" { Place::SimulationRequest } else { Place::Request };
    let taken = method.takes.iter().find(|of| declared.objects.contains_key(*of));
    let wire = rules::BODIES.iter().find(|(operation, _)| *operation == name).map(|(_, wire)| *wire);
    let objects: Vec<_> =
        wire.into_iter().chain(taken.map(String::as_str)).filter_map(|of| declared.objects.get(of)).collect();
    let component = taken.map(String::as_str).or(wire).ok_or("no type of the body is known")?;
    let body = schemas.object(renamed(component), &objects, place)?;
    let mut parts = vec![body];
    if operation.window {
        parts.push(reference("Window"));
    }
    if is_page {
        parts.push(reference("Paging"));
    }
    let required = rules::required_by(name);
    if !required.is_empty() {
        parts.push(json!({ "required": required }));
    }
    Ok(Some(if parts.len() == 1 { parts.remove(0) } else { json!({ "allOf": parts }) }))
}

fn response_data(
    declared: &Declarations,
    name: &str,
    method: &Method,
    schemas: &mut Schemas<'_>,
) -> Result<Value, String> {
    let returned = match (name, method.returns.as_str()) {
        ("client.access_token", _) => "TokenResponse",
        (_, "") => "ActionResult",
        (_, returned) => returned,
    };
    if let Some(row) = returned.strip_prefix("Pager<").and_then(|row| row.strip_suffix('>')) {
        let rows = json!({"type": "array", "items": schemas.reference(row, Place::Response)?});
        return Ok(json!({"type": "object", "properties": {"list": rows}, "required": ["list"]}));
    }
    let object = declared.objects.get(returned).ok_or_else(|| format!("the core declares no object {returned}"))?;
    let data = schemas.object(renamed(returned), &[object], Place::Response)?;
    Ok(match name {
        "cards.private_info" => json!({
            "type": "string",
            "contentEncoding": "base64",
            "x-encrypted": "AES-ECB with PKCS#7 padding; the key is made from the apiSecret",
            "x-plain": data,
        }),
        _ => data,
    })
}

fn renamed(name: &str) -> &str {
    rules::NAMES.iter().find(|(own, _)| *own == name).map_or(name, |(_, component)| component)
}

fn operation_parameters(operation: &Operation) -> Vec<Value> {
    let shared = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
    let mut parameters = Vec::new();
    if let Some((name, _)) = operation.path.split_once('{').and_then(|(_, rest)| rest.split_once('}')) {
        let schema = json!({"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$"});
        parameters.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
    }
    if operation.auth != "Open" {
        parameters.push(shared("Timestamp"));
    }
    if operation.window {
        parameters.push(shared("Timezone"));
    }
    if operation.mode == "HostedPage" {
        parameters.extend(rules::page_headers());
    }
    parameters.push(shared("Language"));
    parameters
}

fn parameters() -> Value {
    let header = |name: &str, required: bool, schema: Value, description: &str| json!({"name": name, "in": "header", "required": required, "schema": schema, "description": description});
    json!({
        "Timestamp": header("Timestamp", true, json!({"type": "string", "pattern": "^[0-9]{13}$"}),
            "Unix milliseconds, at most 60 s old; one in the future is refused (code 1005)."),
        "Timezone": header("Timezone", false,
            json!({"type": "string", "pattern": "^UTC[+-](0?[0-9]|1[0-4])$", "default": "UTC+8"}),
            "Sets the boundary of a day in `start_time` and `end_time`."),
        "Language": header("Language", false, json!({"type": "string", "enum": ["en_US", "zh_CN"], "default": "en_US"}),
            "Language of `msg`."),
    })
}

fn security(operation: &Operation) -> Value {
    match operation.auth.as_str() {
        "Token" => json!([{"ApiKey": [], "AccessToken": []}]),
        "ApiKey" => json!([{"ApiKey": []}]),
        _ => json!([]),
    }
}

/// The modes of the merchant in which the platform allows a call.
fn mode(operation: &Operation) -> &'static str {
    match operation.mode.as_str() {
        "Credit" => "CREDIT_EXTENSION",
        "Authorization" => "AUTHORIZATION",
        "SandboxOnly" => "sandbox only",
        "HostedPage" => "hosted card page",
        _ => "both",
    }
}

fn error_code() -> Value {
    let known = CODES.iter().map(|(code, meaning)| json!({"const": code, "description": meaning}));
    let others = json!({
        "type": "integer",
        "not": {"const": 0},
        "description": "A code that the platform does not list: 3xxx are account and transfer errors, 4xxx card and transaction errors.",
        "x-open": true,
    });
    json!({
        "type": "integer",
        "description": "Why the platform refused the call.",
        "anyOf": known.chain([others]).collect::<Vec<_>>(),
    })
}

fn refusal() -> Value {
    json!({
        "type": "object",
        "description": "Response to a call that the platform refused.",
        "properties": {
            "code": reference("ErrorCode"),
            "msg": {"type": "string", "description": "Text in the language of the header `Language`. After 1004, 2007 to 2010 and 4010 it names the field."},
        },
        "required": ["code", "msg"],
    })
}

/// The webhooks, which the platform's documentation calls callbacks.
fn webhooks(schemas: &mut Schemas<'_>) -> Result<Value, String> {
    let mut webhooks = Map::new();
    for (action, event) in
        [("Auth", "AuthEvent"), ("Consumption", "ConsumptionEvent"), ("Card_update", "CardUpdateEvent")]
    {
        let data = schemas.reference(event, Place::Webhook)?;
        let body = json!({
            "type": "object",
            "properties": {"id": {"type": "string"}, "action": {"const": action}, "data": data},
            "required": ["id", "action", "data"],
        });
        let reply = json!({
            "type": "object",
            "properties": {
                "code": {"type": "integer", "description": "0 accepts; any other code refuses and needs a `message`."},
                "message": {"type": "string"},
            },
            "required": ["code"],
        });
        let header = |name: &str, required: bool| json!({"name": name, "in": "header", "required": required, "schema": {"type": "string"}});
        let summary = schemas.components.get(event).and_then(|schema| schema.get("description")).cloned();
        webhooks.insert(
            action.to_owned(),
            json!({"post": {
                "operationId": format!("webhook.{action}"),
                "summary": summary,
                "parameters": [header("Timestamp", true), header("Signature", true), header("Sign-Version", false), header("Timezone", false)],
                "requestBody": {"required": true, "content": {"application/json": {"schema": body}}},
                "responses": {"200": {"description": "The merchant's reply.", "content": {"application/json": {"schema": reply}}}},
            }}),
        );
    }
    Ok(Value::Object(webhooks))
}
