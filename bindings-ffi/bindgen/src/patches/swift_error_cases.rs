//! Cases of errors in lower camel case, as Swift writes them and as UniFFI writes the cases of all other enums.
//!
//! Waits for mozilla/uniffi-rs#2262 (a change is proposed in #2351).

use heck::ToLowerCamelCase as _;

use super::{replace_sections, word_replaced};
use crate::Result;
use crate::interface::Interface;

pub fn patch(swift: &str, interface: &Interface) -> Result<String> {
    let mut text = swift.to_owned();
    for error in interface.errors() {
        let start = format!("enum {}: Swift.Error", error.name());
        if !text.contains(&start) {
            continue;
        }
        // To the converter's end: the declaration, reading and writing.
        let end = format!("FfiConverterType{}_lift(", error.name());
        text = replace_sections(&text, &start, &end, |section| {
            error.variants().iter().fold(section.to_owned(), |section, variant| {
                let (old, new) = (variant.name(), variant.name().to_lower_camel_case());
                let declared = word_replaced(&section, &format!("case {old}"), &format!("case {new}"));
                declared.replace(&format!(" .{old}"), &format!(" .{new}"))
            })
        })?;
    }
    if text == swift { Err("UniFFI generates no errors, or their cases in lower camel case".into()) } else { Ok(text) }
}
