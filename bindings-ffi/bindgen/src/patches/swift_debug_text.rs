//! A debug text that cannot be made, such as that of a record with `Decimal.nan`, is replaced and does not end the program;
//! public records and enums print in Swift's words instead (see `swift/models.rs`).
//!
//! UniFFI lowers the record for Rust's `Debug` with `try!`. Not reported upstream yet.

use uniffi_bindgen::interface::{Enum, Record};

use super::replace_sections;
use crate::Result;
use crate::interface::Interface;

const START: &str =
    "public var debugDescription: String {\n    return try!  FfiConverterString.lift(\n        try! rustCall() {";
const END: &str = "\n}\n    )\n}";

pub fn patch(swift: &str, interface: &Interface) -> Result<String> {
    let records = interface.records().into_iter().filter(|record| interface.is_public(record)).map(Record::name);
    let names = records.chain(interface.enums().into_iter().map(Enum::name));
    let functions: Vec<_> =
        names.map(|name| format!("_fn_method_{}_uniffi_trait_debug(", name.to_lowercase())).collect();
    replace_sections(swift, START, END, |found| {
        if functions.iter().any(|function| found.contains(function)) {
            return "public var debugDescription: String { description }".into();
        }
        let found = found.replace("return try!  Ffi", "return (try? Ffi").replace("try! rustCall", "try rustCall");
        found.replace(END, "\n}\n    )) ?? \"(cannot be shown)\"\n}")
    })
}
