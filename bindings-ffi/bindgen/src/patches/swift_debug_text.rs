//! A debug text that cannot be made, such as that of a record with `Decimal.nan`, is replaced and does not end the program.
//!
//! UniFFI lowers the record for Rust's `Debug` with `try!`. Not reported upstream yet.

use super::replace_sections;
use crate::Result;
use crate::interface::Interface;

const START: &str =
    "public var debugDescription: String {\n    return try!  FfiConverterString.lift(\n        try! rustCall() {";
const END: &str = "\n}\n    )\n}";

pub fn patch(swift: &str, _: &Interface) -> Result<String> {
    replace_sections(swift, START, END, |found| {
        let found = found.replace("return try!  Ffi", "return (try? Ffi").replace("try! rustCall", "try rustCall");
        found.replace(END, "\n}\n    )) ?? \"(cannot be shown)\"\n}")
    })
}
