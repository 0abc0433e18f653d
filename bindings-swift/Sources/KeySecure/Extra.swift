import Foundation

/// Fields of a response that this version does not know, or further fields of a request, as the unchanged text of a JSON object.
///
/// The library reads names and values: one value that Foundation refuses, such as `1e400` or a deep nesting, does not hide the others.
///
/// ```swift
/// if let colour = card.extra["colour"]?.string { ... }
/// ```
public struct Extra: Sendable, Hashable {
    /// The JSON text of the object.
    public let json: String

    /// Creates an empty object.
    public init() { json = Self.empty }

    #if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS
    /// Creates a value from the text of a JSON object.
    ///
    /// - Throws: `KeySecureError` of kind `.invalidInput` when the text is not a JSON object.
    public init(json: String) throws(KeySecureError) {
        self.init(lifted: json)
        try validate()
    }

    private func validate() throws(KeySecureError) {
        if json != Self.empty { _ = try typed { try ffiExtraNames(extra: self) } }
    }
    #else
    /// Creates a value from the text of a JSON object.
    ///
    /// - Throws: `KeySecureError` of kind `.invalidInput` when the text is not a JSON object.
    public init(json: String) throws {
        self.init(lifted: json)
        try validate()
    }

    private func validate() throws {
        if json != Self.empty { _ = try typed { try ffiExtraNames(extra: self) } }
    }
    #endif

    /// Whether there are no fields, which is usual.
    public var isEmpty: Bool { json == Self.empty || names.isEmpty }

    /// The names of the fields, sorted.
    public var names: [String] { json == Self.empty ? [] : (try? ffiExtraNames(extra: self)) ?? [] }

    /// The value of a field, `nil` when there is no such field. Read it with ``JSON/string``, ``JSON/decimal``, ``JSON/bool`` or
    /// ``JSON/decoded(as:)``.
    public subscript(name: String) -> JSON? { try? ffiExtraValue(extra: self, name: name) }

    /// Decodes all fields.
    ///
    /// - Throws: `DecodingError` when the JSON does not match the type, or one value is beyond Foundation's reader.
    public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    /// Takes an object of the core without validating it again.
    init(lifted json: String) { self.json = json }

    private static let empty = "{}"
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
    /// The names of the fields, with digits that look like a PAN masked; the values may hold secrets.
    public var description: String { "Extra(\(masked(names.joined(separator: ", ")) ?? ""))" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
