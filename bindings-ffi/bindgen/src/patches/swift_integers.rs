//! Whole numbers are `Int`, as Swift's API Design Guidelines ask, whatever their width in Rust; one that is too large is clamped.
//!
//! UniFFI has `Int32` and `Int64`. Not reported upstream yet.

use super::{replace_sections, word_replaced};
use crate::Result;
use crate::interface::Interface;

const WIDTHS: [&str; 2] = ["Int32", "Int64"];

/// The starts of lines that are about the format of the wire, not about a declaration.
const WIRE: [&str; 4] = ["let ", "private let ", "typealias FfiType", "uniffiOutReturn"];

pub fn patch(swift: &str, _: &Interface) -> Result<String> {
    let lines = swift.split_inclusive('\n').map(|line| {
        let is_wire = WIRE.iter().any(|start| line.trim_start().starts_with(start)) || line.contains("writeInt(");
        if is_wire {
            line.to_owned()
        } else {
            WIDTHS.iter().fold(line.to_owned(), |line, width| declared(&line, width))
        }
    });
    let start = |width: &str| format!("fileprivate struct FfiConverter{width}: FfiConverterPrimitive {{");
    let used: Vec<_> = WIDTHS.into_iter().filter(|width| swift.contains(&start(width))).collect();
    if used.is_empty() {
        return Err("UniFFI generates no whole numbers".into());
    }
    used.into_iter().try_fold(lines.collect::<String>(), |text, width| {
        replace_sections(&text, &start(width), "\n}\n", |_| converter(width))
    })
}

/// The line with `Int` in place of the type, but not of its initializer.
fn declared(line: &str, width: &str) -> String {
    let call = format!("{width}(");
    let parts: Vec<_> = line.split(&call).map(|part| word_replaced(part, width, "Int")).collect();
    parts.join(&call)
}

fn converter(width: &str) -> String {
    format!(
        "fileprivate struct FfiConverter{width}: FfiConverter {{
    typealias FfiType = {width}
    typealias SwiftType = Int

    public static func lift(_ value: {width}) throws -> Int {{
        return Int(value)
    }}

    public static func lower(_ value: Int) -> {width} {{
        return {width}(clamping: value)
    }}

    public static func read(from buf: inout WireReader) throws -> Int {{
        return try lift(readInt(&buf))
    }}

    public static func write(_ value: Int, into buf: inout [UInt8]) {{
        writeInt(&buf, lower(value))
    }}
}}
"
    )
}

#[cfg(test)]
mod tests {
    use super::declared;

    #[test]
    fn an_initializer_keeps_its_name() {
        assert_eq!(declared("a(Int32(b), c: Int32?)", "Int32"), "a(Int32(b), c: Int?)");
    }
}
