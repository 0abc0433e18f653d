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

extension JSON: CustomStringConvertible, CustomReflectable {
    public var description: String { "JSON(\(text.utf8.count) bytes)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Fields of a response that this version does not know, or further fields of a request, as the unchanged text of a JSON object.
public struct Extra: Sendable, Hashable {
    /// The JSON text of the object.
    public let json: String

    /// Creates an empty object.
    public init() { json = "{}" }

    /// Creates a value from the text of a JSON object.
    ///
    /// - Throws: `KeySecureError` of kind `.invalidInput` when the text is not a JSON object.
    public init(json: String) throws {
        guard (try? JSONSerialization.jsonObject(with: Data(json.utf8))) is [String: Any] else {
            throw KeySecureError.invalidInput("extra", "must be a JSON object")
        }
        self.json = json
    }

    /// Whether there are no fields.
    public var isEmpty: Bool { names.isEmpty }

    /// The names of the fields, sorted.
    public var names: [String] {
        let fields = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return (fields ?? [:]).keys.sorted()
    }

    /// Decodes the fields.
    ///
    /// - Throws: `DecodingError` when the JSON does not match the type.
    public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    /// Takes an object of the core without validating it again.
    init(lifted json: String) { self.json = json }
}

/// Makes the generated default argument `"{}"` possible.
extension Extra: ExpressibleByStringLiteral {
    /// Creates a value from a literal, which must be a JSON object.
    public init(stringLiteral json: String) {
        guard let extra = try? Extra(json: json) else { preconditionFailure("a literal of Extra must be a JSON object") }
        self = extra
    }
}

extension Extra: CustomStringConvertible, CustomReflectable {
    /// The names of the fields; the values may hold secrets.
    public var description: String { "Extra(\(names.joined(separator: ", ")))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
