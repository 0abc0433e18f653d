import Foundation
import KeySecure

// Converts results, webhooks and errors to the JSON form that scenarios compare.

/// The models of the platform.
protocol HasJson { var json: JSON { get } }

extension CardholderApplied: HasJson {}
extension Cardholder: HasJson {}
extension CardApplied: HasJson {}
extension Card: HasJson {}
extension Package: HasJson {}
extension Bin: HasJson {}
extension Consumption: HasJson {}
extension TransferResult: HasJson {}
extension TransferRecord: HasJson {}
extension AccountInfo: HasJson {}
extension SimulationResult: HasJson {}
extension AuthEvent: HasJson {}
extension ConsumptionEvent: HasJson {}
extension CardUpdateEvent: HasJson {}

extension Value {
    init(_ model: some HasJson) throws { try self.init(json: model.json.text) }

    init(_ rows: [some HasJson]) throws { self = .list(try rows.map { try Value($0) }) }

    init(_ value: some HasJson, created: Bool) throws {
        self = .object(["value": try Value(value), "created": .bool(created)])
    }

    init(_ secrets: CardSecrets) {
        self = .object([
            "card_no": .text(secrets.cardNo), "card_unique_no": secrets.cardUniqueNo.map(Value.text) ?? .null,
            "pan": .text(secrets.exposePAN()), "cvv": .text(secrets.exposeCVV()), "exp_year": .text(secrets.expYear),
            "exp_month": .text(secrets.expMonth), "masked_pan": .text(secrets.maskedPAN),
        ])
    }

    init(_ token: ClientToken) {
        self = .object(["token": .text(token.expose()), "expires_in": .whole(Int64(token.expiresIn))])
    }

    init(_ token: AccessToken) {
        let milliseconds = (token.expiresAt.timeIntervalSince1970 * 1000).rounded()
        self = .object(["token": .text(token.expose()), "expires_at": .whole(Int64(milliseconds))])
    }

    init(_ received: VerifiedWebhook) throws {
        let (action, data): (String, Value) =
            switch received.event {
            case let .auth(data): ("Auth", try Value(data))
            case let .consumption(data): ("Consumption", try Value(data))
            case let .cardUpdate(data): ("Card_update", try Value(data))
            case let .unknown(action, data): (action, try Value(json: data.text))
            }
        self = .object(["id": .text(received.id), "action": .text(action), "data": data])
    }

    init(_ error: KeySecureError) {
        func whole(_ number: (some BinaryInteger)?) -> Value { number.map { .whole(Int64($0)) } ?? .null }
        func text(_ text: String?) -> Value { text.map(Value.text) ?? .null }
        self = .object([
            "kind": .text(snake("\(error.kind)")), "outcome": .text(snake("\(error.outcome)")),
            "code": whole(error.code), "field": text(error.field), "http_status": whole(error.httpStatus),
            "operation": text(error.operation), "attempts": whole(error.attempts),
            "rejection": text(error.rejection.map { snake("\($0)") }),
        ])
    }
}

/// Converts `invalidInput` to `invalid_input`.
private func snake(_ name: String) -> String {
    name.reduce(into: "") { text, letter in text += letter.isUppercase ? "_" + letter.lowercased() : String(letter) }
}
