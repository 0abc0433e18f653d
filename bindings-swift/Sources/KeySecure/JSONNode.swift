import Foundation

/// Any JSON, to pass an object of the platform through any encoder or decoder.
enum JSONNode: Codable {
    case null
    case bool(Bool)
    case whole(Int64)
    case large(UInt64)
    case decimal(Decimal)
    case text(String)
    case list([JSONNode])
    case object([String: JSONNode])

    /// Reads JSON. In an object with a value that Foundation refuses, such as `1e400`, that value is its text.
    init(json: JSON) throws { try self.init(json: json, levels: Self.levels) }

    /// How deep models are nested.
    private static let levels = 3

    private init(json: JSON, levels: Int) throws {
        do {
            self = try json.decoded()
        } catch {
            guard levels > 0, let fields = try? Extra(json: json.text) else { throw error }
            let values = fields.names.map { name in
                let value = fields[name] ?? "null"
                return (name, (try? JSONNode(json: value, levels: levels - 1)) ?? .text(value.text))
            }
            // Names that differ in Unicode normalization only are equal in Swift: as in Foundation's reader, one of them stays.
            self = .object(Dictionary(values) { first, _ in first })
        }
    }

    /// The JSON text.
    var json: JSON {
        get throws { try JSON(encoding: self) }
    }

    init(from decoder: any Decoder) throws {
        let one = try decoder.singleValueContainer()
        if one.decodeNil() {
            self = .null
        } else if let bool = try? one.decode(Bool.self) {
            self = .bool(bool)
        } else if let whole = try? one.decode(Int64.self) {
            self = .whole(whole)
        } else if let large = try? one.decode(UInt64.self) {
            self = .large(large)
        } else if let decimal = try? one.decode(Decimal.self) {
            self = .decimal(decimal)
        } else if let text = try? one.decode(String.self) {
            self = .text(text)
        } else if let list = try? one.decode([JSONNode].self) {
            self = .list(list)
        } else {
            self = .object(try one.decode([String: JSONNode].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var one = encoder.singleValueContainer()
        switch self {
        case .null: try one.encodeNil()
        case let .bool(bool): try one.encode(bool)
        case let .whole(whole): try one.encode(whole)
        case let .large(large): try one.encode(large)
        case let .decimal(decimal): try one.encode(decimal)
        case let .text(text): try one.encode(text)
        case let .list(list): try one.encode(list)
        case let .object(object): try one.encode(object)
        }
    }
}
