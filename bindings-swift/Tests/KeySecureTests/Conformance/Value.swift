import Foundation

/// Any JSON.
indirect enum Value: Equatable, Codable, CustomStringConvertible {
    case null
    case bool(Bool)
    case whole(Int64)
    case fraction(Double)
    case text(String)
    case list([Value])
    case object([String: Value])

    init(json: String) throws { self = try JSONDecoder().decode(Value.self, from: Data(json.utf8)) }

    /// Converts the response of a control call.
    init(any: Any) throws {
        let data = try JSONSerialization.data(withJSONObject: any, options: .fragmentsAllowed)
        self = try JSONDecoder().decode(Value.self, from: data)
    }

    init(from decoder: any Decoder) throws {
        let one = try decoder.singleValueContainer()
        if one.decodeNil() {
            self = .null
        } else if let bool = try? one.decode(Bool.self) {
            self = .bool(bool)
        } else if let whole = try? one.decode(Int64.self) {
            self = .whole(whole)
        } else if let fraction = try? one.decode(Double.self) {
            self = .fraction(fraction)
        } else if let text = try? one.decode(String.self) {
            self = .text(text)
        } else if let list = try? one.decode([Value].self) {
            self = .list(list)
        } else {
            self = .object(try one.decode([String: Value].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var one = encoder.singleValueContainer()
        switch self {
        case .null: try one.encodeNil()
        case let .bool(bool): try one.encode(bool)
        case let .whole(whole): try one.encode(whole)
        case let .fraction(fraction): try one.encode(fraction)
        case let .text(text): try one.encode(text)
        case let .list(list): try one.encode(list)
        case let .object(object): try one.encode(object)
        }
    }

    subscript(name: String) -> Value? {
        if case let .object(object) = self { object[name] } else { nil }
    }

    var object: [String: Value] { if case let .object(object) = self { object } else { [:] } }
    var list: [Value]? { if case let .list(list) = self { list } else { nil } }
    var text: String? { if case let .text(text) = self { text } else { nil } }
    var whole: Int64? { if case let .whole(whole) = self { whole } else { nil } }

    /// The text of a text value, the JSON of any other value.
    var plain: String { text ?? description }

    var seconds: Duration? {
        switch self {
        case let .whole(whole): .seconds(whole)
        case let .fraction(fraction): .seconds(fraction)
        default: nil
        }
    }

    var description: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
    }

    /// The value as an argument of a control call.
    var any: Any {
        switch self {
        case .null: NSNull()
        case let .bool(bool): bool
        case let .whole(whole): whole
        case let .fraction(fraction): fraction
        case let .text(text): text
        case let .list(list): list.map(\.any)
        case let .object(object): object.mapValues(\.any)
        }
    }

    /// Returns the value at a path such as `path.to.0.value`.
    func at(_ path: String) -> Value? {
        path.split(separator: ".").reduce(self as Value?) { here, step in
            guard let here, let place = Int(step) else { return here?[String(step)] }
            return here.list.flatMap { $0.indices.contains(place) ? $0[place] : nil }
        }
    }
}
