//! Numbers and bytes are read by the package's `WireReader`, not through `Data`.
//!
//! Not reported upstream yet.

use super::{replace, replace_sections};
use crate::Result;
use crate::interface::Interface;

/// Inlined: a list of 100 rows reads some 3000 numbers and texts.
const READING: &str = "\
@inline(__always)
fileprivate func readInt<T: FixedWidthInteger>(_ reader: inout WireReader) throws -> T {
    guard let value: T = reader.integer() else { throw UniffiInternalError.bufferOverflow }
    return value
}

@inline(__always)
fileprivate func readBytes(_ reader: inout WireReader, count: Int) throws -> UnsafeRawBufferPointer {
    guard let bytes = reader.next(count) else { throw UniffiInternalError.bufferOverflow }
    return bytes
}

// Reads a float";

const READER: &str = "WireReader(buf.data, length: buf.len, capacity: buf.capacity)";

const TEXT: &str = "let bytes = UnsafeBufferPointer<UInt8>(start: value.data!, count: Int(value.len))";

const READ_TEXT: &str = "\
var reader = WireReader(value.data, length: value.len, capacity: value.capacity)
        let bytes = try readBytes(&reader, count: Int(value.len))";

pub fn patch(swift: &str, _: &Interface) -> Result<String> {
    let text = replace_sections(swift, "fileprivate func createReader(", "// Reads a float", |_| READING.to_owned())?;
    let text = replace(&text, 1, "createReader(data: Data(rustBuffer: buf))", READER)?;
    let text = replace(&text, 1, TEXT, READ_TEXT)?;
    let text = replace(&text, 1, "return reader.offset < reader.data.count", "return reader.hasRemaining")?;
    // One for each type that is read.
    let readers = "(data: Data, offset: Data.Index)";
    replace(&text, text.matches(readers).count().max(1), readers, "WireReader")
}
