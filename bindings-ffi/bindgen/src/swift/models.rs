//! What records are in Swift beyond UniFFI's structs: they print and mirror their fields, models are `Codable`, and the rows of
//! lists are `Identifiable`.

use std::fmt::Write as _;

use heck::{ToLowerCamelCase as _, ToSnakeCase as _};
use uniffi_bindgen::interface::{AsType as _, Record, Type};

use super::types::class_name;
use crate::Result;
use crate::interface::Interface;

/// The method of every model.
const TO_JSON: &str = "to_json";

/// The end of the platform's names of numbers, which are printed as they are.
const NUMBER: &str = "_no";

/// All extensions of the records and enums.
pub fn extensions(interface: &Interface) -> Result<String> {
    let mut text = String::new();
    for record in interface.records() {
        let name = class_name(record.name());
        if interface.prints_in_swift(record) {
            text += &printed(record, &name);
        } else if record.uniffi_trait_methods().debug_fmt.is_some() {
            text += &mirror(&name);
        }
        if record.methods().iter().any(|method| method.name() == TO_JSON) {
            text += &json(record, &name, interface)?;
        }
    }
    for one in interface.enums().into_iter().filter(|one| one.uniffi_trait_methods().debug_fmt.is_some()) {
        text += &mirror(&class_name(one.name()));
    }
    for row in interface.rows() {
        text += &identifiable(row)?;
    }
    Ok(text)
}

/// The fields in Swift's words, without secrets.
fn printed(record: &Record, name: &str) -> String {
    let fields = record.fields().iter().map(|field| {
        let swift = field.name().to_lower_camel_case();
        let value = match field.as_type() {
            Type::Custom { name, .. } if name == "Extra" => format!("{swift}.isEmpty ? nil : {swift}"),
            of if is_text(&of) && !field.name().ends_with(NUMBER) => format!("masked({swift})"),
            _ => swift.clone(),
        };
        format!("            field(\"{swift}\", {value}),\n")
    });
    format!(
        "
extension {name}: CustomStringConvertible, CustomReflectable {{
    private var printedFields: [(label: String?, value: Any)] {{
        printable([
{}        ])
    }}

    /// The fields that have a value; digits that look like a PAN are masked.
    public var description: String {{ described(\"{name}\", printedFields) }}
    /// The same fields.
    public var customMirror: Mirror {{ Mirror(self, children: printedFields, displayStyle: .struct) }}
}}
",
        fields.collect::<String>()
    )
}

fn is_text(of: &Type) -> bool {
    match of {
        Type::String => true,
        Type::Optional { inner_type } => **inner_type == Type::String,
        _ => false,
    }
}

/// Types that show no more in a debugger and to `dump` than they print.
fn mirror(name: &str) -> String {
    format!(
        "
extension {name}: CustomReflectable {{
    /// No more than is printed.
    public var customMirror: Mirror {{ Mirror(self, children: []) }}
}}
"
    )
}

/// The JSON of a model, in the platform's form.
fn json(record: &Record, name: &str, interface: &Interface) -> Result<String> {
    let mut text = format!(
        "
extension {name} {{
    /// JSON in the platform's form: money as text, times in Unix milliseconds, and all of `extra`.
    public var json: JSON {{ JSON(jsonText) }}

    @available(*, deprecated, message: \"use json.text\")
    public func toJson() -> String {{ jsonText }}
}}
"
    );
    // Every model has it; a report, which only the library makes, has not.
    if record.fields().iter().any(|field| field.name() == "extra") {
        let function = format!("{}_from_json", record.name().to_snake_case());
        if !interface.functions().iter().any(|one| one.name() == function) {
            return Err(format!("the model {} has no function `{function}`", record.name()).into());
        }
        let function = format!("ffi{}FromJson", record.name());
        let _ = write!(
            text,
            "
/// Encoded in the platform's form, as `json` is.
extension {name}: Codable {{
    /// Reads JSON in the platform's form.
    ///
    /// - Throws: `KeySecureError` of kind `.invalidResponse` when it does not have the form of the object.
    public init(json: JSON) throws(KeySecureError) {{
        self = try typed {{ try {function}(text: json.text) }}
    }}

    public init(from decoder: any Decoder) throws {{
        try self.init(json: JSONNode(from: decoder).json)
    }}

    public func encode(to encoder: any Encoder) throws {{
        try JSONNode(json: json).encode(to: encoder)
    }}
}}
"
        );
    }
    Ok(text)
}

fn identifiable(row: &Record) -> Result<String> {
    let number = row.fields().iter().find(|field| field.name().ends_with(NUMBER) && field.as_type() == Type::String);
    let number = number.ok_or_else(|| format!("the row {} has no number", row.name()))?;
    let (name, field) = (class_name(row.name()), number.name().to_lower_camel_case());
    Ok(format!(
        "
extension {name}: Identifiable {{
    /// The number, `{field}`.
    public var id: String {{ {field} }}
}}
"
    ))
}

#[cfg(test)]
mod tests {
    use super::extensions;
    use crate::interface::Interface;

    const UDL: &str = "
        namespace keysecure { };
        [Traits=(Debug)] dictionary Card { string card_no; string? name; };
        dictionary Page { string no; };
        interface CardPages { sequence<Card> next_page(); };
    ";

    #[test]
    fn records_print_their_fields_and_rows_are_identifiable() {
        let swift = extensions(&Interface::from_udl(UDL)).unwrap();
        for expected in [
            "extension Card: CustomStringConvertible, CustomReflectable {",
            "field(\"cardNo\", cardNo),\n            field(\"name\", masked(name)),\n",
            "extension Card: Identifiable {\n    /// The number, `cardNo`.\n    public var id: String { cardNo }",
        ] {
            assert!(swift.contains(expected), "{expected}\n{swift}");
        }
        assert!(!swift.contains("extension Page"), "{swift}");
    }

    #[test]
    fn a_row_without_a_number_is_an_error() {
        let udl = UDL.replace("card_no", "card");
        let error = extensions(&Interface::from_udl(&udl)).unwrap_err().to_string();
        assert_eq!(error, "the row Card has no number");
    }
}
