//! JSON Schemas of the core's objects and enums.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::declarations::{Declarations, Enum, Field, Object};
use super::rules;
use super::types::FieldType;

/// Where an object is sent, which decides how money is written and which values an enum may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A request of the merchant: amounts are strings, only documented values.
    Request,
    /// A request whose amounts are numbers, as in a webhook.
    SimulationRequest,
    /// A response of the platform: amounts are strings, any value.
    Response,
    /// A webhook of the platform: amounts are numbers, any value.
    Webhook,
}

impl Place {
    fn is_request(self) -> bool {
        matches!(self, Self::Request | Self::SimulationRequest)
    }

    /// The name of the schema of an object here. An object of two places has two schemas.
    fn component(self, name: &str) -> String {
        match self {
            Self::Request | Self::Response => name.to_owned(),
            Self::SimulationRequest if name.starts_with("Simula") => name.to_owned(),
            Self::SimulationRequest => format!("SimulationRequest{name}"),
            Self::Webhook if name.ends_with("Event") => name.to_owned(),
            Self::Webhook => format!("Webhook{name}"),
        }
    }
}

/// Collects the schemas that the document refers to.
pub struct Schemas<'a> {
    declared: &'a Declarations,
    pub components: Map<String, Value>,
}

impl<'a> Schemas<'a> {
    pub fn new(declared: &'a Declarations) -> Self {
        Self { declared, components: Map::new() }
    }

    /// A reference to an object or enum, whose schema is added with all that it refers to.
    pub fn reference(&mut self, name: &str, place: Place) -> Result<Value, String> {
        if let Some(list) = self.declared.enums.get(name) {
            if place.is_request() {
                return Ok(values(list));
            }
            self.components.entry(name).or_insert_with(|| open_enum(list));
            return Ok(reference(name));
        }
        let object = self.declared.objects.get(name).ok_or_else(|| format!("the core declares no object {name}"))?;
        self.object(&place.component(name), &[object], place)
    }

    /// A reference to a component with the fields of the first object. What it does not document, the others may.
    pub fn object(&mut self, component: &str, objects: &[&Object], place: Place) -> Result<Value, String> {
        if self.components.contains_key(component) {
            return Ok(reference(component));
        }
        // Before its fields, which may refer to it.
        self.components.insert(component.to_owned(), Value::Null);
        let docs = objects.iter().map(|object| &object.docs).find(|docs| !docs.is_empty());
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for field in objects.first().map(|object| object.fields.as_slice()).unwrap_or_default() {
            if field.of == FieldType::Extra || rules::is_header(component, &field.name) {
                continue;
            }
            let documented = objects
                .iter()
                .flat_map(|object| &object.fields)
                .find(|other| other.name == field.name && !other.docs.is_empty());
            let docs = documented.map(|other| other.docs.clone()).unwrap_or_default();
            let field = Field { docs, ..field.clone() };
            let is_required = !matches!(field.of, FieldType::Optional(_) | FieldType::List(_)) && !field.has_default;
            let mut schema = self.property(&field.of, place)?;
            if is_required && place.is_request() && field.of == FieldType::Text {
                merge(&mut schema, &json!({"minLength": 1}));
            }
            merge(&mut schema, &described(&field.docs));
            merge(&mut schema, &rules::of_field(component, &field.name));
            if is_required && !rules::may_be_absent(component, &field.name) {
                required.push(json!(field.name));
            }
            properties.insert(field.name, schema);
        }
        let mut schema = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            merge(&mut schema, &json!({"required": required}));
        }
        merge(&mut schema, &docs.map_or(json!({}), |docs| described(docs)));
        if let Some(unlisted) = rules::unlisted(component) {
            merge(&mut schema, &json!({"x-unlisted": unlisted}));
        }
        self.components.insert(component.to_owned(), schema);
        Ok(reference(component))
    }

    fn property(&mut self, of: &FieldType, place: Place) -> Result<Value, String> {
        Ok(match of {
            FieldType::Text => json!({"type": "string"}),
            FieldType::Decimal if matches!(place, Place::Request | Place::Response) => {
                json!({"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"})
            }
            FieldType::Decimal => json!({"type": "number"}),
            FieldType::Time => json!({"type": "integer", "format": "int64", "x-unit": "Unix milliseconds"}),
            FieldType::Integer => json!({"type": "integer", "format": "int64"}),
            FieldType::Boolean => json!({"type": "boolean"}),
            FieldType::Extra => json!({}),
            FieldType::Named(name) => self.reference(name, place)?,
            FieldType::List(of) => json!({"type": "array", "items": self.property(of, place)?}),
            FieldType::Optional(of) => self.property(of, place)?,
        })
    }
}

/// A reference to a component.
pub fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The documented values of an enum.
fn values(list: &Enum) -> Value {
    json!({"type": "string", "enum": list.values.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>()})
}

/// An enum to which the platform may add values.
fn open_enum(list: &Enum) -> Value {
    let known = list.values.iter().map(|(text, docs)| json!({"const": text, "description": prose(docs)}));
    let added = json!({"type": "string", "description": "A value that the platform added later.", "x-open": true});
    let mut schema = described(&list.docs);
    merge(&mut schema, &json!({"type": "string", "anyOf": known.chain([added]).collect::<Vec<_>>()}));
    schema
}

/// The description in a documentation comment, and the mark of what is inferred.
fn described(docs: &[String]) -> Value {
    let text = prose(docs);
    let mut schema = if text.is_empty() { json!({}) } else { json!({"description": text}) };
    if is_inferred(docs) {
        merge(&mut schema, &json!({"x-inferred": true}));
    }
    schema
}

/// Whether a documentation comment marks its item as inferred.
pub fn is_inferred(docs: &[String]) -> bool {
    static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\binferred\b").ok());
    WORD.as_ref().is_some_and(|word| docs.iter().any(|line| word.is_match(line)))
}

/// The first paragraph of a documentation comment, without links into the Rust documentation.
pub fn prose(docs: &[String]) -> String {
    static LINK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[([^\]]+)\](?:\([^)]*\))?").ok());
    let lines: Vec<&str> = docs.iter().map(String::as_str).take_while(|line| !line.is_empty()).collect();
    let text = lines.join(" ");
    LINK.as_ref().map_or(text.clone(), |link| link.replace_all(&text, "$1").into_owned())
}

/// Adds the members of an object to another.
pub fn merge(schema: &mut Value, with: &Value) {
    if let (Some(schema), Some(with)) = (schema.as_object_mut(), with.as_object()) {
        for (name, value) in with {
            schema.insert(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Place, Schemas, prose};
    use crate::openapi::declarations::Declarations;

    fn declared() -> Declarations {
        let mut found = Declarations::default();
        found
            .read(
                "open_enum! { pub enum Kind { First = \"first\", } }
                model! {
                    /// A row, see [`Other`](crate::Other).
                    ///
                    /// More.
                    pub struct Row {
                        pub row_no: String,
                        /// Its kind (inferred).
                        pub kind: Option<Kind>,
                        pub amount: Option<Decimal>,
                    }
                }",
            )
            .unwrap();
        found
    }

    #[test]
    fn inferred_fields_are_marked_and_enums_of_responses_are_open() {
        let declared = declared();
        let mut schemas = Schemas::new(&declared);
        assert_eq!(schemas.reference("Row", Place::Response).unwrap(), json!({"$ref": "#/components/schemas/Row"}));
        let row = &schemas.components["Row"];
        assert_eq!(row["required"], json!(["row_no"]));
        assert_eq!(row["description"], "A row, see `Other`.");
        assert_eq!((&row["properties"]["kind"]["x-inferred"], row.get("x-inferred")), (&json!(true), None));
        assert_eq!(schemas.components["Kind"]["anyOf"][1]["x-open"], true);
    }

    #[test]
    fn amounts_are_text_in_responses_and_numbers_in_webhooks() {
        let declared = declared();
        let mut schemas = Schemas::new(&declared);
        schemas.reference("Row", Place::Response).unwrap();
        schemas.reference("Row", Place::Webhook).unwrap();
        let of = |name: &str| schemas.components[name]["properties"]["amount"]["type"].clone();
        assert_eq!((of("Row"), of("WebhookRow")), (json!("string"), json!("number")));
    }

    #[test]
    fn requests_allow_only_documented_values() {
        let declared = declared();
        let mut schemas = Schemas::new(&declared);
        schemas.reference("Row", Place::Request).unwrap();
        assert_eq!(schemas.components["Row"]["properties"]["kind"]["enum"], json!(["first"]));
        assert!(schemas.reference("Missing", Place::Request).unwrap_err().contains("Missing"));
    }

    #[test]
    fn links_into_the_rust_documentation_become_their_text() {
        let docs = ["See [`Card`] and", "[the page](crate::x).", "", "Not this."].map(str::to_owned);
        assert_eq!(prose(&docs), "See `Card` and the page.");
    }
}
