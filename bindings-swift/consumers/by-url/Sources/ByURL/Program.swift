import Foundation
import KeySecure
import KeySecureSandbox

// Swift 6, awaited calls.
#if swift(<6)
#error("this program must be compiled as Swift 6")
#endif

@main
struct Program {
    static func main() async throws {
        let sandbox = try Sandbox()
        defer { sandbox.stop() }
        let client = try Client(
            apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseURL: sandbox.baseURL, store: .memory())
        let cardholder = try sandbox.text("cardholder_no", of: "POST /seed/approved_cardholder")

        let done = try await client.accounts.ensureTransfer(
            cardholderNo: cardholder, transferUniqueNo: "order-1", type: .in, amount: 25, firstAttempt: true)
        precondition(done.created, "\(done)")

        let cards = try await client.cards.list(in: .last(days: 1)).all()
        precondition(cards.isEmpty, "\(cards)")
        do {
            _ = try await client.cards.get("0")
            preconditionFailure("there is no such card")
        } catch {
            precondition(error.outcome == .rejected, "\(error)")  // typed: no cast
            print("by URL: transfer \(done.value.transferNo); \(error.localizedDescription)")
        }
    }
}
