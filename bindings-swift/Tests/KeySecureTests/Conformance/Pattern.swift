import Foundation

/// Compares the fields that a step expects with those found. Returns the first difference, or `nil`.
func difference(_ expected: Value, _ found: Value?, _ path: String = "result") -> String? {
    let found = found ?? .null
    switch expected {
    case .text("*"):
        return found == .null ? "\(path) is missing" : nil
    case let .object(fields):
        if let wanted = fields["$count"]?.whole {
            let count = found.list.map { Int64($0.count) }
            return count == wanted ? nil : "\(path) has \(count.map(String.init) ?? "no") items, not \(wanted)"
        }
        if let first = fields["$first"] { return difference(first, found.at("0"), path + ".0") }
        if let pattern = fields["$like"]?.text {
            return alike(pattern, found.text ?? "") ? nil : "\(path) is not like \(pattern)"
        }
        return fields.lazy.compactMap { difference($0.value, found[$0.key], "\(path).\($0.key)") }.first
    case let .list(items):
        guard let list = found.list, list.count == items.count else {
            return "\(path) has \(found.list.map { "\($0.count)" } ?? "no") items, not \(items.count)"
        }
        return zip(items, list).enumerated().lazy.compactMap { difference($1.0, $1.1, "\(path).\($0)") }.first
    case let .text(text) where isMoney(text):
        // `Decimal` is exact but keeps no trailing zeros.
        return Decimal(string: text) == found.text.flatMap { Decimal(string: $0) } ? nil : "\(path) is \(found), not \(text)"
    default:
        return expected == found ? nil : "\(path) is \(found), not \(expected)"
    }
}

private func alike(_ pattern: String, _ text: String) -> Bool {
    if pattern.hasSuffix("****") { return text.hasPrefix(pattern.dropLast(4)) }
    if pattern.hasPrefix("****") { return text.hasSuffix(pattern.dropFirst(4)) }
    return false
}

private func isMoney(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isNumber) }
}
