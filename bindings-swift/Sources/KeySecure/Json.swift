import Foundation

/// JSON as text, kept to the letter: what `Client.call` takes and gives. It may hold anything and does not print itself.
public struct Json: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The text. That it is JSON is checked when it is sent.
    public let text: String

    /// JSON that is text already.
    public init(_ text: String) { self.text = text }

    public init(stringLiteral text: String) { self.text = text }

    /// The JSON of a value.
    public init(encoding value: some Encodable) throws {
        text = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    /// The value that the JSON stands for.
    public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

extension Json: CustomStringConvertible, CustomReflectable {
    public var description: String { "Json(\(text.utf8.count) bytes)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Fields of an answer that this version does not know, or further fields of a request: one JSON object, kept to the letter.
public struct Extra: Sendable, Hashable {
    /// The object as JSON text.
    public let json: String

    /// No fields.
    public init() { json = "{}" }

    /// From the text of a JSON object; anything else is a `KeySecureError`.
    public init(json: String) throws {
        guard (try? JSONSerialization.jsonObject(with: Data(json.utf8))) is [String: Any] else {
            throw KeySecureError.invalidInput("extra", "must be a JSON object")
        }
        self.json = json
    }

    /// Whether there are none.
    public var isEmpty: Bool { names.isEmpty }

    /// The names of the fields, sorted.
    public var names: [String] {
        let fields = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return (fields ?? [:]).keys.sorted()
    }

    /// The fields as a type of the caller's.
    public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    /// What the core gives is well formed.
    init(lifted json: String) { self.json = json }
}

/// For the generated default `"{}"`.
extension Extra: ExpressibleByStringLiteral {
    /// The literal must be a JSON object.
    public init(stringLiteral json: String) {
        guard let extra = try? Extra(json: json) else { preconditionFailure("not a JSON object: a literal of Extra") }
        self = extra
    }
}

extension Extra: CustomStringConvertible, CustomReflectable {
    /// The names only: the values may be anything.
    public var description: String { "Extra(\(names.joined(separator: ", ")))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
