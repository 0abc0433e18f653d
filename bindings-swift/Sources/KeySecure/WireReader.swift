import Foundation

/// Reads what Rust gives: big-endian numbers and bytes, one after another.
///
/// UniFFI's own reader goes through `Data`, which made a list of 100 cards cost several times as much as the same list in Rust.
public struct WireReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// The memory must outlive the reader.
    init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    /// Whether not all was read.
    var hasRemaining: Bool { offset < bytes.count }

    /// The next number; none when the bytes end within it.
    @inline(__always)
    mutating func integer<Integer: FixedWidthInteger>() -> Integer? {
        let size = MemoryLayout<Integer>.size
        guard bytes.count - offset >= size else { return nil }
        defer { offset += size }
        return Integer(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    /// The next bytes; none when there are fewer.
    @inline(__always)
    mutating func next(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, bytes.count - offset >= count else { return nil }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }
}

/// The decimal of the core's text, such as `-12.50`: exact, and without Foundation's parser where it is short.
func decimal(lifted text: String) -> Decimal {
    var (digits, places, negative, short) = (UInt64(0), 0, false, text.utf8.count <= 19)
    for letter in text.utf8 where short {
        switch letter {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            digits = digits * 10 + UInt64(letter - UInt8(ascii: "0"))
            places += places > 0 ? 1 : 0
        case UInt8(ascii: "."): places = 1
        case UInt8(ascii: "-"): negative = true
        default: short = false
        }
    }
    guard short else { return Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")) ?? .nan }
    return Decimal(sign: negative ? .minus : .plus, exponent: 1 - max(places, 1), significand: Decimal(digits))
}
