//! The exception of the public package: its fields are those of `ErrorDetails`, its classes the kinds of `ErrorKind`.

use std::fmt::Write as _;

use heck::{ToLowerCamelCase as _, ToShoutySnakeCase as _, ToUpperCamelCase as _};
use uniffi_bindgen::interface::{AsType as _, Variant};

use super::types::label;
use crate::interface::Interface;
use crate::{Result, documentation};

const DETAILS: &str = "ErrorDetails";
const KIND: &str = "ErrorKind";

/// Kinds whose class extends that of another kind. All others extend the exception itself.
const PARENTS: [(&str, &str); 6] = [
    ("Timeout", "Transport"),
    ("Authentication", "Api"),
    ("Permission", "Api"),
    ("RateLimit", "Api"),
    ("NotFound", "Api"),
    ("State", "Api"),
];

/// The fields that the template declares itself.
const DECLARED: [&str; 3] = ["text", "kind", "outcome"];

/// The class, its classes for the kinds, and the function that makes one from details.
pub fn classes(interface: &Interface) -> Result<String> {
    let details = interface.record(DETAILS).ok_or("the library has no ErrorDetails")?;
    let kinds = interface.enumeration(KIND).ok_or("the library has no ErrorKind")?.variants();
    let (mut fields, mut classes, mut branches) = (String::new(), String::new(), String::new());
    for field in details.fields().iter().filter(|field| !DECLARED.contains(&field.name())) {
        let (name, label) = (field.name().to_lower_camel_case(), label(&field.as_type())?);
        let _ = write!(fields, "\n{}    public val {name}: {label} = details.{name}\n", comment(field.docstring()));
    }
    for kind in kinds {
        let (name, constant) = (kind.name().to_upper_camel_case(), kind.name().to_shouty_snake_case());
        classes.push_str(&class(kind));
        let _ = writeln!(branches, "    ErrorKind.{constant} -> KeySecureException.{name}(details)");
    }
    let template = include_str!("KeySecureException.template.kt");
    Ok(template.replace("// FIELDS\n", &fields).replace("// CLASSES\n", &classes).replace("// BRANCHES\n", &branches))
}

fn class(kind: &Variant) -> String {
    let name = kind.name();
    let parent = PARENTS.iter().find(|(child, _)| *child == name).map_or("KeySecureException", |(_, parent)| parent);
    let open = if PARENTS.iter().any(|(_, parent)| *parent == name) { "open " } else { "" };
    format!(
        "
{}    public {open}class {} internal constructor(details: ErrorDetails) : {parent}(details) {{
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(ErrorDetails(message, ErrorKind.{}, Outcome.UNKNOWN))
    }}
",
        comment(kind.docstring()),
        name.to_upper_camel_case(),
        name.to_shouty_snake_case()
    )
}

fn comment(doc: Option<&str>) -> String {
    let lines = documentation::lines(doc.unwrap_or_default());
    match lines.as_slice() {
        [] => String::new(),
        [line] => format!("    /** {line} */\n"),
        lines => format!("    /**\n     * {}\n     */\n", lines.join("\n     * ")),
    }
}

#[cfg(test)]
mod tests {
    use super::classes;
    use crate::interface::Interface;

    const UDL: &str = "namespace keysecure { };
        enum Outcome { \"NotSent\" };
        enum ErrorKind {
            /// Too frequent; see [`Error::retry_after`].
            \"RateLimit\",
            \"Api\",
            \"QuotaExceeded\",
        };
        dictionary ErrorDetails {
            string text;
            ErrorKind kind;
            Outcome outcome;
            /// The HTTP status.
            i32? http_status;
        };";

    #[test]
    fn a_new_kind_is_a_class_and_a_branch() {
        let kotlin = classes(&Interface::from_udl(UDL)).unwrap();
        for expected in [
            "    public class QuotaExceeded internal constructor(details: ErrorDetails) : KeySecureException(details) {\n",
            "this(ErrorDetails(message, ErrorKind.QUOTA_EXCEEDED, Outcome.UNKNOWN))\n",
            "    ErrorKind.QUOTA_EXCEEDED -> KeySecureException.QuotaExceeded(details)\n",
            "    public open class Api internal",
            "    /** Too frequent; see `Error.retry_after`. */\n    public class RateLimit internal constructor(details: ErrorDetails) : Api(details) {\n",
        ] {
            assert!(kotlin.contains(expected), "{expected}\n{kotlin}");
        }
    }

    #[test]
    fn a_new_field_of_the_details_is_one_of_the_exception() {
        let kotlin = classes(&Interface::from_udl(UDL)).unwrap();
        let expected = "    /** The HTTP status. */\n    public val httpStatus: kotlin.Int? = details.httpStatus\n";
        assert!(kotlin.contains(expected), "{kotlin}");
        assert!(classes(&Interface::from_udl(&UDL.replace("i32?", "f64"))).is_err());
    }
}
