import Foundation

/// Reads values that Rust serialized: big-endian numbers and bytes.
///
/// The reader of UniFFI uses `Data`, with which a list of 100 cards cost several times as much as in Rust.
struct WireReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// The memory must have this capacity, and outlive the reader and what `next` returns. Every read of a malformed buffer fails:
    /// of one that is longer than its capacity, and of one without memory.
    init(_ start: UnsafePointer<UInt8>?, length: UInt64, capacity: UInt64) {
        let isWellFormed = start != nil && length <= capacity
        bytes = UnsafeRawBufferPointer(start: start, count: isWellFormed ? Int(length) : 0)
    }

    /// Whether there are unread bytes.
    var hasRemaining: Bool { offset < bytes.count }

    /// Reads a number. Returns `nil` when there are too few bytes.
    @inline(__always)
    mutating func integer<Integer: FixedWidthInteger>() -> Integer? {
        let size = MemoryLayout<Integer>.size
        guard bytes.count - offset >= size else { return nil }
        defer { offset += size }
        return Integer(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    /// Reads bytes. Returns `nil` when there are too few.
    @inline(__always)
    mutating func next(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, bytes.count - offset >= count else { return nil }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }
}

/// Parses a decimal of the core, such as `-12.50`, exactly. Short texts do not need Foundation's parser, which is slower.
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
