import Foundation

#if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS
/// Refuses an amount that the core cannot represent.
func checkAmount(_ name: String, _ amount: Decimal?) throws(KeySecureError) {
    if let rule = refusal(of: amount) { throw .invalidInput(name, rule) }
}
#else
/// Refuses an amount that the core cannot represent.
func checkAmount(_ name: String, _ amount: Decimal?) throws {
    if let rule = refusal(of: amount) { throw KeySecureError.invalidInput(name, rule) }
}
#endif

private func refusal(of amount: Decimal?) -> String? {
    guard let amount else { return nil }
    if amount.isNaN { return "must be a number" }
    let text = amount.description
    // The core represents all shorter ones.
    return text.utf8.count <= 28 || JSON(text).decimal != nil ? nil : "must have at most 28 digits"
}
