//! What records and enums are in Swift beyond UniFFI's: they print and mirror their fields, models are `Codable`, the rows of
//! lists are `Identifiable`, and amounts that the core cannot represent are refused by their names.

use std::fmt::Write as _;

use heck::{ToLowerCamelCase as _, ToSnakeCase as _};
use uniffi_bindgen::interface::{AsType as _, Enum, Field, Record, Type};

use super::types::class_name;
use crate::Result;
use crate::interface::{Interface, is_amount};
use crate::patches::member;

/// The method of every model.
const TO_JSON: &str = "to_json";

/// The end of the platform's names of numbers, which are printed unchanged, as by the `Debug` of the core.
const NUMBER: &str = "_no";

/// The fields that a record prints when it may hold a secret. A record outside the core whose `Debug` in Rust is its own must be
/// listed.
const PRINTED: [(&str, &[&str]); 10] = [
    ("BinPage", &["list", "extra"]),
    ("CardPage", &["list", "extra"]),
    ("CardholderPage", &["list", "extra"]),
    ("ConsumptionPage", &["list", "extra"]),
    ("Header", &["name"]),
    ("HttpRequest", &["method", "headers", "timeout"]),
    ("HttpResponse", &["status", "content_type"]),
    ("PackagePage", &["list", "extra"]),
    ("StoredToken", &["renew_at", "expires_at"]),
    ("TransferPage", &["list", "extra"]),
];

/// An enum without Rust's `Debug` whose text a caller may take from anywhere.
const DECISION: &str = "Decision";

/// All extensions of the records and enums.
pub fn extensions(interface: &Interface) -> Result<String> {
    let mut text = String::new();
    for record in interface.records() {
        let name = class_name(record.name());
        let has_debug = record.uniffi_trait_methods().debug_fmt.is_some();
        if interface.is_public(record) && record.uniffi_trait_methods().display_fmt.is_none() {
            text += &printed(record, &printed_fields(record, interface)?, has_debug);
        } else if has_debug || interface.is_public(record) {
            text += &mirror(&name);
        }
        if interface.has_amounts(record) && interface.is_argument(record) {
            text += &checked(record, interface);
        }
        if record.methods().iter().any(|method| method.name() == TO_JSON) {
            text += &json(record, &name, interface)?;
        }
    }
    let prints = |one: &&Enum| one.uniffi_trait_methods().debug_fmt.is_some() || one.name() == DECISION;
    for one in interface.enums().into_iter().filter(prints) {
        text += &mirror(&class_name(one.name()));
        if one.uniffi_trait_methods().display_fmt.is_none() {
            text += &described(one);
        }
    }
    for row in interface.rows() {
        text += &identifiable(row)?;
    }
    Ok(text)
}

/// The fields that a record prints.
fn printed_fields<'a>(record: &'a Record, interface: &Interface) -> Result<Vec<&'a Field>> {
    let all = record.fields().iter();
    match PRINTED.iter().find(|(name, _)| *name == record.name()) {
        Some((_, names)) => Ok(all.filter(|field| names.contains(&field.name())).collect()),
        None if interface.is_of_core(record) || record.uniffi_trait_methods().debug_fmt.is_none() => Ok(all.collect()),
        None => Err(format!("which fields of {} may be printed?", record.name()).into()),
    }
}

/// A field with its value as it is printed: without secrets, and without an empty object.
fn field(field: &Field) -> String {
    let swift = member(field.name());
    let value = match field.as_type() {
        Type::Custom { name, .. } if name == "Extra" => format!("{swift}.isEmpty ? nil : {swift}"),
        of if is_text(&of) && !field.name().ends_with(NUMBER) => format!("masked({swift})"),
        _ => swift.clone(),
    };
    format!("field(\"{swift}\", {value})")
}

/// The fields in Swift's words.
fn printed(record: &Record, fields: &[&Field], has_debug: bool) -> String {
    let name = class_name(record.name());
    let fields = fields.iter().map(|one| format!("            {},\n", field(one)));
    let (debug, property) = if has_debug {
        ("", "")
    } else {
        ("CustomDebugStringConvertible, ", "    public var debugDescription: String { description }\n")
    };
    format!(
        "
extension {name}: CustomStringConvertible, {debug}CustomReflectable {{
    private var printedFields: [(label: String?, value: Any)] {{
        printable([
{}        ])
    }}

    /// The fields that have a value; digits that look like a PAN are masked, except in the platform's numbers (`cardNo`).
    public var description: String {{ described(\"{name}\", printedFields) }}
{property}    /// The same fields.
    public var customMirror: Mirror {{ Mirror(self, children: printedFields, displayStyle: .struct) }}
}}
",
        fields.collect::<String>()
    )
}

/// The description of an enum whose cases have values.
fn described(one: &Enum) -> String {
    let cases = one.variants().iter().map(|variant| {
        let name = variant.name().to_lower_camel_case();
        let values = variant.fields().iter().map(|one| member(one.name())).collect::<Vec<_>>().join(", ");
        let fields = variant.fields().iter().map(field).collect::<Vec<_>>().join(", ");
        if values.is_empty() {
            format!("        case .{name}: return \"{name}\"\n")
        } else {
            format!("        case let .{name}({values}): return described(\"{name}\", printable([{fields}]))\n")
        }
    });
    format!(
        "
extension {}: CustomStringConvertible {{
    /// The case with its values; digits that look like a PAN are masked.
    public var description: String {{
        switch self {{
{}        }}
    }}
}}
",
        class_name(one.name()),
        cases.collect::<String>()
    )
}

/// The request itself, if the core can represent its amounts: it does not know which of several it could not read.
fn checked(record: &Record, interface: &Interface) -> String {
    let mut checks = String::new();
    for field in record.fields() {
        let (name, swift) = (field.name(), member(field.name()));
        match field.as_type() {
            of if is_amount(&of) => _ = writeln!(checks, "        try checkAmount(\"{name}\", {swift})"),
            Type::Optional { inner_type } if is_amount(&inner_type) => {
                let _ = writeln!(checks, "        try checkAmount(\"{name}\", {swift})");
            }
            Type::Sequence { inner_type } => {
                let Type::Record { name: row, .. } = &*inner_type else { continue };
                let row = interface.record(row).filter(|row| interface.has_amounts(row));
                for one in row.iter().flat_map(|row| row.fields()).filter(|one| is_amount(&one.as_type())) {
                    let _ = writeln!(
                        checks,
                        "        for row in {swift} {{ try checkAmount(\"{name}.{}\", row.{}) }}",
                        one.name(),
                        member(one.name())
                    );
                }
            }
            _ => {}
        }
    }
    let name = class_name(record.name());
    format!(
        "
extension {name} {{
    /// The same request.
    ///
    /// - Throws: `KeySecureError` of kind `.invalidInput` when an amount is no number or has too many digits.
    func checked() throws(KeySecureError) -> {name} {{
{checks}        return self
    }}
}}
"
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
    /// JSON in the platform's form: money as text, times in Unix milliseconds, and all of `extra`. It is `null` when an amount
    /// is no number (`Decimal.nan`), which encoding refuses.
    public var json: JSON {{ JSON(jsonText ?? \"null\") }}

    @available(*, deprecated, message: \"use json.text\")
    public func toJson() -> String {{ json.text }}
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
    /// - Throws: `KeySecureError` of kind `.invalidInput` when it does not have the form of the object.
    public init(json: JSON) throws(KeySecureError) {{
        self = try typed {{ try {function}(text: json.text) }}
    }}

    public init(from decoder: any Decoder) throws {{
        let json = try JSONNode(from: decoder).json
        do {{
            try self.init(json: json)
        }} catch {{
            let text = \"it has not the form of {name}\"
            let context = DecodingError.Context(codingPath: decoder.codingPath, debugDescription: text, underlyingError: error)
            throw DecodingError.dataCorrupted(context)
        }}
    }}

    public func encode(to encoder: any Encoder) throws {{
        guard let jsonText else {{
            let context = EncodingError.Context(
                codingPath: encoder.codingPath, debugDescription: \"an amount is no number, or has too many digits\")
            throw EncodingError.invalidValue(self, context)
        }}
        try JSONNode(json: JSON(jsonText)).encode(to: encoder)
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
    let (name, field) = (class_name(row.name()), member(number.name()));
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
        // UniFFI gives a debug text only to a record with Rust's.
        assert!(swift.contains("extension Page: CustomStringConvertible, CustomDebugStringConvertible, "), "{swift}");
    }

    #[test]
    fn a_row_without_a_number_is_an_error() {
        let udl = UDL.replace("card_no", "card");
        let error = extensions(&Interface::from_udl(&udl)).unwrap_err().to_string();
        assert_eq!(error, "the row Card has no number");
    }
}
