//! A negative or huge duration, and a date out of range, are refused by the library and do not end the program.
//!
//! UniFFI calls `fatalError` for them. Not reported upstream yet.

use super::replace_sections;
use crate::Result;
use crate::interface::Interface;

const DATE: &str = "    public static func write(_ value: Date, into buf: inout [UInt8]) {\n";
const DURATION: &str = "    public static func write(_ value: TimeInterval, into buf: inout [UInt8]) {\n";

pub fn patch(swift: &str, _: &Interface) -> Result<String> {
    let text = written(swift, DATE, "WireTime")?;
    written(&text, DURATION, "WireDuration")
}

fn written(swift: &str, start: &str, by: &str) -> Result<String> {
    replace_sections(swift, start, "\n    }\n", |_| {
        format!(
            "{start}        let wire = {by}(value)\n        writeInt(&buf, wire.seconds)\n        writeInt(&buf, wire.nanoseconds)\n    }}\n"
        )
    })
}
