//! Records that Java callers can build, copy, serialize and read from JSON.
//!
//! UniFFI has no configuration for any of it; not asked for upstream.

use std::fmt::Write as _;

use heck::{ToLowerCamelCase as _, ToUpperCamelCase as _};
use uniffi_bindgen::interface::{AsType as _, Field, Record, Type};

use super::{MODEL_PACKAGE, replace};
use crate::interface::Interface;
use crate::kotlin::types::{label, literal};
use crate::{Result, documentation};

/// The method of a model that writes it, and one whose failures are those of the caller's values.
const WRITER: (&str, &str) = (
    "fun `toJson`(): kotlin.String {\n            return FfiConverterString.lift(",
    "override fun `toJson`(): kotlin.String = io.keysecure.written {\n            FfiConverterString.lift(",
);

/// The text of an object for logs, and one that never throws: a field may hold what the native library cannot read.
const PRINTER: (&str, &str) = (
    "override fun toString(): String {\n        return FfiConverterString.lift(",
    "override fun toString(): String = io.keysecure.printed(this) {\n        FfiConverterString.lift(",
);

/// The end of a record.
const END: &str = "\n    companion object\n}";

pub fn patch(kotlin: &str, interface: &Interface) -> Result<String> {
    let is_model = kotlin.contains(MODEL_PACKAGE);
    let (mut text, mut found) = (kotlin.replace(PRINTER.0, PRINTER.1), false);
    for record in interface.records() {
        let name = record.name().to_upper_camel_case();
        let Some(start) = text.find(&format!("data class {name} (")) else { continue };
        // Only the layer over this code uses records with objects.
        if record.fields().iter().any(|field| holds_object(&field.as_type())) {
            continue;
        }
        let end = start + text[start..].find(END).ok_or_else(|| format!("the record {name} has another end"))?;
        let is_written = is_model && text[start..end].contains(WRITER.0);
        text.replace_range(
            end..end + END.len(),
            &format!("\n{}}}", additions(record, interface, is_model, is_written)?),
        );
        if is_model {
            let open =
                start + text[start..end].find("\n){").ok_or_else(|| format!("the record {name} has another start"))?;
            let is_read = interface.reader_of(record)?.is_some() && text[open..end].contains(WRITER.0);
            if is_read {
                text.replace_range(open..end, &replace(&text[open..end], 1, WRITER.0, WRITER.1)?);
            }
            let parent = if is_read { "JsonModel" } else { "java.io.Serializable" };
            text.replace_range(open..open + 3, &format!("\n) : {parent} {{"));
        }
        found = true;
    }
    if found { Ok(text) } else { Err("UniFFI generates no record".into()) }
}

fn holds_object(of: &Type) -> bool {
    match of {
        Type::Object { .. } | Type::CallbackInterface { .. } => true,
        Type::Optional { inner_type } | Type::Sequence { inner_type } => holds_object(inner_type),
        _ => false,
    }
}

/// The builder of a record, and its companion.
fn additions(record: &Record, interface: &Interface, is_model: bool, is_written: bool) -> Result<String> {
    let name = record.name().to_upper_camel_case();
    let mut builder = Builder::default();
    for field in record.fields() {
        builder.add(field)?;
    }
    let Builder { fields, setters, values, copies } = builder;
    let reader = if is_model { reader(record, interface)? } else { String::new() };
    let extra_check =
        if record.fields().iter().any(is_extra) { "io.keysecure.requireObject(it.`extra`); " } else { "" };
    let check = if is_written { format!(".also {{ {extra_check}it.toJson() }}") } else { String::new() };
    let extra = if record.fields().iter().any(is_extra) { EXTRA } else { "" };
    Ok(format!(
        "
    /** Creates a builder with the fields of this object. */
    fun toBuilder(): Builder = Builder().also {{ builder ->
{copies}    }}
{extra}
    /** Builds a [{name}], for callers without named arguments. */
    class Builder internal constructor() {{
{fields}{setters}
        /**
         * Creates the object.
         *
         * @throws io.keysecure.KeySecureException.InvalidInput when a required field is missing or a field is not valid.
         */
        fun build(): {name} = {name}(
{values}        ){check}
    }}

    companion object {{
        /** Creates an empty builder. */
        @JvmStatic
        fun builder(): Builder = Builder()
{reader}    }}
"
    ))
}

/// The reader of unknown fields, where UniFFI has their text.
const EXTRA: &str = "
    /** Returns the reader of [extra]. */
    fun extraFields(): io.keysecure.ExtraFields = io.keysecure.ExtraFields(`extra`)
";

fn is_extra(field: &Field) -> bool {
    matches!(field.as_type(), Type::Custom { name, .. } if name == "Extra")
}

/// The parts of a builder.
#[derive(Default)]
struct Builder {
    fields: String,
    setters: String,
    values: String,
    copies: String,
}

impl Builder {
    fn add(&mut self, field: &Field) -> Result<()> {
        let (name, label) = (field.name().to_lower_camel_case(), label(&field.as_type())?);
        let nullable = label.trim_end_matches('?');
        let fallback = match field.default_value() {
            Some(value) => Some(literal(value)?),
            None if label.ends_with('?') => Some("null".into()),
            None => None,
        };
        let value = match fallback.as_deref() {
            Some("null") => format!("`{name}`"),
            Some(literal) => format!("`{name}` ?: {literal}"),
            None => format!("`{name}` ?: throw io.keysecure.invalidInput(\"{name} is required\")"),
        };
        let _ = writeln!(self.fields, "        private var `{name}`: {nullable}? = null");
        let lines = documentation::lines(field.docstring().unwrap_or_default());
        let comment = if lines.is_empty() {
            String::new()
        } else {
            format!("        /**\n         * {}\n         */\n", lines.join("\n         * "))
        };
        let _ = write!(
            self.setters,
            "
{comment}        fun `{name}`(`{name}`: {label}): Builder = apply {{ this.`{name}` = `{name}` }}
"
        );
        if nullable == "kotlin.Long" {
            // Java widens the literal 2002 to a `long`, but not to a `Long`.
            let _ = write!(
                self.setters,
                "
{comment}        fun `{name}`(`{name}`: kotlin.Int): Builder = `{name}`(`{name}`.toLong())
"
            );
        }
        let _ = writeln!(self.values, "            {value},");
        let _ = writeln!(self.copies, "        builder.`{name}`(`{name}`)");
        Ok(())
    }
}

/// The function that reads a model from JSON.
fn reader(record: &Record, interface: &Interface) -> Result<String> {
    let Some(function) = interface.reader_of(record)? else { return Ok(String::new()) };
    let (name, function) = (record.name().to_upper_camel_case(), function.to_lower_camel_case());
    Ok(format!(
        "
        /**
         * Reads the object from JSON text in the platform's form, such as [toJson] returns.
         *
         * @throws io.keysecure.KeySecureException.InvalidInput when the text does not have the form of the object.
         */
        @JvmStatic
        fun fromJson(json: kotlin.String): {name} = io.keysecure.call {{ io.keysecure.internal.ffi.{function}(json) }}
"
    ))
}

#[cfg(test)]
mod tests {
    use super::patch;
    use crate::interface::Interface;

    #[test]
    fn a_record_with_an_object_stays_as_it_is() {
        let interface = Interface::from_udl(
            "namespace keysecure { };
            interface Store { };
            dictionary Options { Store? store; };
            dictionary Header { string name; };",
        );
        let options = "data class Options (\n    val `store`: Store?\n){\n    companion object\n}\n";
        let header = "data class Header (\n    val `name`: String\n){\n    companion object\n}\n";
        let patched = patch(&format!("{options}{header}"), &interface).unwrap();
        assert!(patched.starts_with(options), "{patched}");
        assert!(patched.contains("class Builder"), "{patched}");
    }
}
