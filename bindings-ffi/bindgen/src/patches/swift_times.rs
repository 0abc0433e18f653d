//! Durations are Swift's `Duration`; one that is negative or huge, and a date out of range, are refused by the library and do
//! not end the program.
//!
//! UniFFI has `TimeInterval`, and calls `fatalError` for them. Not reported upstream yet.

use super::{replace, replace_sections, word_replaced};
use crate::Result;
use crate::interface::Interface;

const DATE: &str = "    public static func write(_ value: Date, into buf: inout [UInt8]) {\n";
const DURATION: &str = "    public static func write(_ value: TimeInterval, into buf: inout [UInt8]) {\n";
const READ: &str = "return Double(seconds) + (Double(nanoseconds) / 1.0e9)";

pub fn patch(swift: &str, _: &Interface) -> Result<String> {
    let text = written(swift, DATE, "WireTime")?;
    let text = written(&text, DURATION, "WireDuration")?;
    let text = replace(&text, 1, READ, "return .seconds(seconds) + .nanoseconds(nanoseconds)")?;
    Ok(word_replaced(&text, "TimeInterval", "Duration"))
}

fn written(swift: &str, start: &str, by: &str) -> Result<String> {
    replace_sections(swift, start, "\n    }\n", |_| {
        format!(
            "{start}        let wire = {by}(value)\n        writeInt(&buf, wire.seconds)\n        writeInt(&buf, wire.nanoseconds)\n    }}\n"
        )
    })
}
