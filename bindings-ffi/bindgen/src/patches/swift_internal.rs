//! What only the generated layer needs is internal to the package: UniFFI's classes, converters and helpers.
//!
//! The public structs over the classes are made from the metadata: see `swift/objects.rs`. UniFFI has no setting for it. Not
//! reported upstream yet.

use heck::ToLowerCamelCase as _;

use super::{renamed, word_replaced};
use crate::Result;
use crate::interface::{INTERNAL_INTERFACES, Interface};

/// Functions that only the package calls.
const INTERNAL_FUNCTIONS: [&str; 7] = [
    "has_http",
    "masked_text",
    "responder_without_decider",
    "session_time_left",
    "set_interrupt_poll",
    "set_local_zone",
    "set_warning_sink",
];

/// The enums of the server's side of a relay, which Swift does not have.
const INTERNAL_ENUMS: [&str; 2] = ["Denial", "Grant"];

/// The errors that the public layer replaces, or that only Rust needs.
const INTERNAL_ERRORS: [&str; 2] = ["FfiError", "ForeignFailure"];

pub fn patch(swift: &str, interface: &Interface) -> Result<String> {
    let mut text = swift.to_owned();
    for error in INTERNAL_ERRORS {
        text = text.replace(&format!("public \nenum {error}:"), &format!("enum {error}:"));
    }
    let internal = declarations(interface);
    let lines = text.split_inclusive('\n').map(|line| match line.split_once("public ") {
        Some(("", rest)) if internal.iter().any(|start| starts(rest, start)) => rest,
        _ => line,
    });
    let text = lines.collect::<String>().replace("open class ", "class ").replace("open func ", "func ");
    let text = in_code(&text, |code| {
        let code = interface.objects().into_iter().fold(code.to_owned(), |code, object| {
            word_replaced(&code, object.name(), &format!("Ffi{}", object.name()))
        });
        throwing(interface).into_iter().fold(code, |code, name| {
            let name = name.to_lower_camel_case();
            let prefixed = format!("func ffi{}{}(", name[..1].to_uppercase(), &name[1..]);
            code.replace(&format!("func {name}("), &prefixed)
        })
    });
    if text == swift { Err("UniFFI generates nothing that only the package needs".into()) } else { Ok(text) }
}

/// The starts of declarations that are not public, after `public `.
fn declarations(interface: &Interface) -> Vec<String> {
    let objects = interface.objects().into_iter().map(|object| format!("protocol {}Protocol", object.name()));
    let records = interface.internal_records().into_iter().map(|name| format!("struct {}", renamed(&name)));
    let enums = INTERNAL_ENUMS.iter().map(|name| format!("enum {name}"));
    let protocols = INTERNAL_INTERFACES.iter().map(|name| format!("protocol {name}"));
    let functions = interface.functions().into_iter().filter(|function| {
        let name = function.name();
        INTERNAL_FUNCTIONS.contains(&name) || name.ends_with("_from_text")
    });
    let functions = functions.map(|function| function.name().to_lower_camel_case());
    let functions = functions.chain(throwing(interface).into_iter().map(|name| name.to_lower_camel_case()));
    let functions = functions.map(|name| format!("func {name}"));
    let helpers = ["struct FfiConverter", "func FfiConverter", "func uniffi"].map(str::to_owned);
    objects.chain(records).chain(enums).chain(protocols).chain(functions).chain(helpers).collect()
}

/// Functions that fail with UniFFI's error.
fn throwing(interface: &Interface) -> Vec<String> {
    use uniffi_bindgen::interface::Callable as _;
    let functions = interface.functions().into_iter().filter(|function| function.throws_type().is_some());
    functions.map(|function| function.name().to_owned()).collect()
}

fn starts(rest: &str, start: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let is_prefix = start.ends_with("FfiConverter") || start.ends_with("uniffi");
    rest.strip_prefix(start).is_some_and(|after| is_prefix || !after.starts_with(part))
}

/// Changes the code between the comments.
pub fn in_code(swift: &str, change: impl Fn(&str) -> String) -> String {
    let (mut done, mut rest) = (String::new(), swift);
    while let Some(start) = rest.find("/**") {
        let end = rest[start..].find("*/").map_or(rest.len(), |length| start + length);
        done.push_str(&change(&rest[..start]));
        done.push_str(&rest[start..end]);
        rest = &rest[end..];
    }
    done + &change(rest)
}
