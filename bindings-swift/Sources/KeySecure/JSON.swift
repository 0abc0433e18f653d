import Foundation

/// JSON as unchanged text, the argument and result of `Client.call`. Prints only its size, because it may hold secrets.
public struct JSON: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The JSON text. It is validated when it is sent.
    public let text: String

    /// Creates a value from JSON text.
    public init(_ text: String) { self.text = text }

    public init(stringLiteral text: String) { self.text = text }

    /// Encodes a value as JSON.
    ///
    /// - Throws: The error of `JSONEncoder`.
    public init(encoding value: some Encodable) throws {
        text = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    /// Decodes the JSON.
    ///
    /// - Throws: `DecodingError` when the JSON does not match the type.
    public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

/// Single values, read by the library.
extension JSON {
    /// The text of a JSON string, else `nil`. Half a surrogate pair becomes U+FFFD.
    public var string: String? { try? ffiJsonText(json: self) }

    /// A number, which may be a JSON string as the platform's amounts are; `nil` for any other value, and when 28 digits cannot hold it
    /// exactly: ``text`` has its digits.
    public var decimal: Decimal? { (try? ffiJsonDecimal(json: self)).map(KeySecure.decimal(lifted:)) }

    /// A boolean, else `nil`.
    public var bool: Bool? { try? ffiJsonBoolean(json: self) }
}

extension JSON: CustomStringConvertible, CustomReflectable {
    public var description: String { "JSON(\(text.utf8.count) bytes)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
