//! Puts the generated Swift into the package: amended where UniFFI's own would crash or clash, with the layer over it.

use std::path::Path;
use std::{fs, io};

use crate::bindings::Bindings;
use crate::swift_source::Source;
use crate::{run, swift_calls};

/// The two files of UniFFI, in the package's module as one.
const FILES: [&str; 2] = [MODEL, "KeySecureObjects"];
const MODEL: &str = "KeySecureModel";

/// Types that `SwiftUI`, or the Objective-C runtime, has too, and the error, whose name in Rust says where it comes from.
/// UniFFI's own renaming (0.32.2) forgets fields of other crates and the errors of constructors.
const NAMES: [(&str, &str); 3] =
    [("Environment", "KeySecureEnvironment"), ("Method", "HttpMethod"), ("FfiError", "KeySecureError")];

/// Writes all generated files of `bindings-swift`. They are not committed.
pub fn place(bindings: &Bindings) -> bool {
    let package = run::root().join("bindings-swift").join("Sources");
    let placed = write(&bindings.folder.join("swift"), &package);
    placed.map_err(|error| eprintln!("the Swift package: {error}")).is_ok()
}

/// The headers of the C functions with a module map, for an `XCFramework`.
pub fn headers(bindings: &Bindings, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut map = String::from("module KeySecureFFI {\n");
    for name in FILES {
        let header = format!("{name}FFI.h");
        fs::copy(bindings.folder.join("swift").join(&header), folder.join(&header))?;
        map.extend([format!("    header \"{header}\"\n")]);
    }
    fs::write(folder.join("module.modulemap"), map + "    export *\n}\n")
}

fn write(from: &Path, package: &Path) -> io::Result<()> {
    let (headers, code) = (package.join("KeySecureFFI/Generated"), package.join("KeySecure/Generated"));
    for folder in [&headers, &code] {
        fs::create_dir_all(folder)?;
    }
    let mut texts = String::new();
    for name in FILES {
        let header = format!("{name}FFI.h");
        update(&headers.join(&header), &fs::read_to_string(from.join(&header))?)?;
        let mut text = amended(&fs::read_to_string(from.join(format!("{name}.swift")))?)?;
        if name == MODEL {
            text = boxed(&text)?;
        }
        update(&code.join(format!("{name}.swift")), &text)?;
        texts.push_str(&text);
    }
    let source = Source::read(&texts);
    update(&code.join("Calls.swift"), &swift_calls::calls(&source))?;
    update(&code.join("Mirrors.swift"), &swift_calls::mirrors(&source))
}

/// A file that stays as it is keeps its time, so that Swift does not compile it again.
fn update(file: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(file).is_ok_and(|there| there == text) { Ok(()) } else { fs::write(file, text) }
}

/// UniFFI's own reading of numbers and bytes, over the package's reader. Inlined: a list of 100 rows reads some 3000 of them.
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

/// Texts of UniFFI's Swift and what stands there instead.
const CHANGED: [(&str, &str); 4] = [
    ("(data: Data, offset: Data.Index)", "WireReader"),
    ("createReader(data: Data(rustBuffer: buf))", "WireReader(buf.data, Int(buf.len))"),
    ("return reader.offset < reader.data.count", "return reader.hasRemaining"),
    // What foreign code threw, for the log: its type, because its text could hold anything.
    ("lower(String(describing: error))", "lower(String(reflecting: type(of: error)))"),
];

/// UniFFI's Swift with the type names of the package, a faster reader, and without the ways in which a value of the
/// caller's could end the program: negative durations, and texts of debugging that cannot be made.
fn amended(swift: &str) -> io::Result<String> {
    let mut text = NAMES.iter().fold(swift.to_owned(), |text, (old, new)| renamed(&text, old, new));
    text = replaced(&text, "fileprivate func createReader(", "// Reads a float", |_| READING.to_owned())?;
    for (old, new) in CHANGED {
        if !text.contains(old) {
            return Err(changed(old));
        }
        text = text.replace(old, new);
    }
    for (start, body) in [
        ("    public static func write(_ value: Date, into buf: inout [UInt8]) {\n", "WireTime(value)"),
        ("    public static func write(_ value: TimeInterval, into buf: inout [UInt8]) {\n", "WireDuration(value)"),
    ] {
        let body = format!(
            "        let wire = {body}\n        writeInt(&buf, wire.seconds)\n        writeInt(&buf, wire.nanoseconds)\n    }}\n"
        );
        text = replaced(&text, start, "\n    }\n", |_| format!("{start}{body}"))?;
    }
    let start =
        "public var debugDescription: String {\n    return try!  FfiConverterString.lift(\n        try! rustCall() {";
    let end = "\n}\n    )\n}";
    replaced(&text, start, end, |found| {
        let found = found.replace("return try!  Ffi", "return (try? Ffi").replace("try! rustCall", "try rustCall");
        found.replace(end, "\n}\n    )) ?? \"(cannot be shown)\"\n}")
    })
}

/// What a card costs lies apart from it: it would make up two thirds of a card, and in a list it is never there.
fn boxed(swift: &str) -> io::Result<String> {
    let (field, set) = ("    public let feeDetail: Tariff?\n", "self.feeDetail = feeDetail\n");
    replaced(swift, field, set, |found| {
        let apart = "    public var feeDetail: Tariff? { feeDetailApart?.value }\n    private let feeDetailApart: Boxed<Tariff>?\n";
        found.replace(field, apart).replace(set, "feeDetailApart = feeDetail.map(Boxed.init)\n")
    })
}

/// Every stretch from `start` to `end`, anew. That there is none means that UniFFI has changed.
fn replaced(text: &str, start: &str, end: &str, anew: impl Fn(&str) -> String) -> io::Result<String> {
    let (mut done, mut rest) = (String::new(), text);
    while let Some(place) = rest.find(start) {
        let length = rest[place..].find(end).ok_or_else(|| changed(end))? + end.len();
        done.push_str(&rest[..place]);
        done.push_str(&anew(&rest[place..place + length]));
        rest = &rest[place + length..];
    }
    if done.is_empty() { Err(changed(start)) } else { Ok(done + rest) }
}

fn changed(pattern: &str) -> io::Error {
    io::Error::other(format!("UniFFI generates other Swift than expected: no {pattern:?}"))
}

/// Every use of a name as a whole word.
fn renamed(text: &str, old: &str, new: &str) -> String {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (mut done, mut rest) = (String::new(), text);
    while let Some(place) = rest.find(old) {
        let (before, after) = (&rest[..place], &rest[place + old.len()..]);
        let whole = !before.ends_with(part) && !after.starts_with(part);
        done.push_str(before);
        done.push_str(if whole { new } else { old });
        rest = after;
    }
    done + rest
}

#[cfg(test)]
mod tests {
    use super::{renamed, replaced};

    #[test]
    fn only_whole_words_are_renamed() {
        let swift = "let a: Method? = Method.get // FfiConverterTypeMethod, Methods, a_Method";
        let expected = "let a: HttpMethod? = HttpMethod.get // FfiConverterTypeMethod, Methods, a_Method";
        assert_eq!(renamed(swift, "Method", "HttpMethod"), expected);
    }

    #[test]
    fn a_pattern_that_is_missing_is_an_error() {
        let twice = replaced("a <1> b <2> c", "<", ">", |found| found.replace(['<', '>'], "|"));
        assert_eq!(twice.unwrap(), "a |1| b |2| c");
        assert!(replaced("a b", "<", ">", str::to_owned).is_err());
    }
}
