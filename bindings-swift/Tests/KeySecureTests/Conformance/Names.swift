import Foundation

/// Values that steps saved by name, and the substitution of placeholders.
struct Names {
    private var saved: [String: Value] = [:]

    mutating func save(_ name: String, _ value: Value) { saved[name] = value }

    func text(_ name: String) throws -> String { try value(name).plain }

    /// The cardholder of the session of an app: the one that was saved as `holder`.
    var holder: String { saved["holder"]?.plain ?? "nobody" }

    private func value(_ name: String) throws -> Value {
        guard let value = saved[name] else { throw Failure("nothing was saved as \(name)") }
        return value
    }

    /// Replaces every `${name}` and, when `now` is given, every `@` time by its milliseconds.
    func fill(_ value: Value, now: Int64? = nil) throws -> Value {
        switch value {
        case let .text(text): return try fill(text: text, now)
        case let .list(items): return .list(try items.map { try fill($0, now: now) })
        case let .object(fields):
            if let now, let times = fields["$times"]?.list { return try spread(times, now) }
            return .object(try fields.mapValues { try fill($0, now: now) })
        default: return value
        }
    }

    private func fill(text: String, _ now: Int64?) throws -> Value {
        if let now, let seconds = seconds(ofAt: text) { return .whole(now + seconds * 1000) }
        let parts = text.components(separatedBy: "${")
        var filled = parts[0]
        for part in parts.dropFirst() {
            guard let end = part.firstIndex(of: "}") else { throw Failure("no } in \(text)") }
            let name = String(part[..<end])
            if text == "${\(name)}" { return try value(name) }
            filled += try self.text(name) + part[part.index(after: end)...]
        }
        return .text(filled)
    }

    /// Converts `[count, from, step in seconds]` to times in milliseconds.
    private func spread(_ times: [Value], _ now: Int64) throws -> Value {
        guard times.count == 3, let count = times[0].whole, let from = times[1].text.flatMap(seconds(ofAt:)),
            let step = times[2].whole
        else { throw Failure("invalid times: \(times)") }
        return .list((0..<count).map { .whole(now + (from + $0 * step) * 1000) })
    }
}

/// Parses a time such as `@-3600`: seconds relative to now.
func seconds(ofAt text: String) -> Int64? { text.hasPrefix("@") ? Int64(text.dropFirst()) : nil }

/// A failure of a test helper or a scenario.
struct Failure: LocalizedError {
    let text: String

    init(_ text: String) { self.text = text }

    var errorDescription: String? { text }
}
