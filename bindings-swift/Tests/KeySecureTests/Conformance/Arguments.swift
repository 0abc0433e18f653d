import Foundation
import KeySecure

/// The arguments of one call. An unused argument is an error, which finds misspelled names.
final class Arguments {
    private let values: [String: Value]
    private let now: Int64
    private var used: Set<String> = []

    init(_ values: [String: Value], now: Int64) { (self.values, self.now) = (values, now) }

    var unused: [String] { values.keys.filter { !used.contains($0) } }

    func value(_ name: String) -> Value? {
        used.insert(name)
        return values[name]
    }

    func some(_ name: String) -> String? { value(name)?.plain }

    func text(_ name: String) -> String { some(name) ?? "" }

    func int(_ name: String) throws -> Int {
        guard let number = Int(text(name)) else { throw Failure("\(name) is not a number") }
        return number
    }

    func decimal(_ name: String) -> Decimal? { some(name).flatMap { Decimal(string: $0) } }

    func seconds(_ name: String) -> Duration? { value(name)?.seconds }

    func flag(_ name: String) -> Bool { value(name) == .bool(true) }

    func window() throws -> Window {
        guard let start = try optionalBound("start"), let end = try optionalBound("end") else { throw Failure("no window") }
        return Window(start: start.windowBound, end: end.windowBound)
    }

    func optionalBound(_ name: String) throws -> (any WindowBoundConvertible)? {
        guard let text = some(name) else { return nil }
        if let offset = KeySecureTests.seconds(ofAt: text) {
            return Date(timeIntervalSince1970: Double(now + offset * 1000) / 1000)
        }
        let parts = text.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3 else { throw Failure("\(text) is neither an instant nor a day") }
        return CivilDate(year: parts[0], month: parts[1], day: parts[2])
    }
}
