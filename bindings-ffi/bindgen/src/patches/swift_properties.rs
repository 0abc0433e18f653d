//! Methods of records that take nothing and only give a value are properties, and the JSON text is internal: the package gives
//! it as `JSON`.
//!
//! The metadata of UniFFI has no properties.

use super::{replace, replace_sections};
use crate::Result;
use crate::interface::Interface;

/// The methods, and the properties that they become.
const PROPERTIES: [(&str, &str); 2] = [
    ("public func isComplete() -> Bool  {", "public var isComplete: Bool {"),
    ("public func isHealthy() -> Bool  {", "public var isHealthy: Bool {"),
];

/// The JSON text, which a record with `Decimal.nan` has not.
const TEXT: (&str, &str) = ("public func toJson() -> String  {", "var jsonText: String? {");

pub fn patch(swift: &str, _: &Interface) -> Result<String> {
    if !swift.contains("extension ") {
        return Err("UniFFI generates no extension of a record".into());
    }
    // Not all generated files have them: without the properties, the rest of the package does not compile.
    let text = PROPERTIES.iter().try_fold(swift.to_owned(), |text, (method, property)| {
        let count = text.matches(method).count();
        replace(&text, count, method, property)
    })?;
    if !text.contains(TEXT.0) {
        return Ok(text);
    }
    replace_sections(&text, TEXT.0, "\n})\n}", |found| {
        found
            .replace(TEXT.0, TEXT.1)
            .replace("return try!  Ffi", "return try? Ffi")
            .replace("try! rustCall", "try rustCall")
    })
}
