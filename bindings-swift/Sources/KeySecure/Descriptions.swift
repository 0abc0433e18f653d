import Foundation

/// A field of a record for its description; `nil` when it has no value.
func field<Value>(_ label: String, _ value: Value?) -> (label: String?, value: Any)? {
    value.map { (label, $0) }
}

/// The fields that have a value.
func printable(_ fields: [(label: String?, value: Any)?]) -> [(label: String?, value: Any)] {
    fields.compactMap { $0 }
}

/// The description of a record: `Card(cardNo: "1", status: Activated, time: 2026-01-31T10:00:00.120Z)`.
func described(_ name: String, _ fields: [(label: String?, value: Any)]) -> String {
    let texts = fields.map { field in "\(field.label ?? ""): \(printed(field.value))" }
    return "\(name)(\(texts.joined(separator: ", ")))"
}

private func printed(_ value: Any) -> String {
    switch value {
    case let text as String: return text.debugDescription
    case let date as Date: return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    default: return "\(value)"
    }
}

/// The text with digits that look like a PAN masked.
func masked(_ text: String?) -> String? {
    guard let text else { return nil }
    // The library masks 13 digits or more.
    let digits = text.unicodeScalars.lazy.filter { $0.properties.numericType == .decimal }.count
    return digits < 13 ? text : maskedText(text: text)
}
