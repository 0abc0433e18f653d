import Foundation
import KeySecure
import XCTest

// --8<-- [start:receiver]
struct Receiver {
    let verifier: WebhookVerifier
    let responder = Responder { purchase in
        purchase.amount < 100 ? .approve : .decline(reason: "over the limit")
    }

    init() throws {
        verifier = try WebhookVerifier(
            appID: "my-api-key", secrets: ["current-secret-16", "previous-secret"], store: .memory())
    }

    /// Returns the status and the body of the response: call it from the HTTP server of your choice.
    func receive(headers: [String: String], body: Data) async -> (status: Int, body: String) {
        do {
            let claim = try await verifier.claim(headers: headers, body: body)
            switch claim.received.event {
            case let .consumption(event): print(event.consumeNo, event.status.text, event.amount ?? 0)
            case let .cardUpdate(event): print("card", event.cardNo, "is", event.afterStatus.text)
            default: break
            }
            let reply = await responder.respond(claim.received)
            await claim.finish()
            return (200, reply)
        } catch let error where error.rejection == .replayed {
            return (200, await verifier.replyDuplicate(body: body))
        } catch {
            return (400, error.localizedDescription)
        }
    }
}
// --8<-- [end:receiver]

/// The code of the guide "Webhooks and purchase decisions".
final class WebhooksGuideTests: XCTestCase {
    func testAPurchaseIsDecided() async throws {
        // --8<-- [start:test]
        let receiver = try Receiver()
        let body = Data(
            #"{"id": "w-1", "action": "Auth", "data": {"consume_no": "c-1", "card_no": "k-1", "amount": 12.50}}"#.utf8)
        let signed = try receiver.verifier.signForTests(timestamp: Date(), body: body)
        let headers = Dictionary(uniqueKeysWithValues: signed.map { ($0.name, $0.value) })
        let response = await receiver.receive(headers: headers, body: body)
        XCTAssertEqual(response.status, 200)
        XCTAssertEqual(response.body, replyAccept())
        // --8<-- [end:test]
        let forged = headers.merging(["Signature": String(repeating: "0", count: 64)]) { $1 }
        let refused = await receiver.receive(headers: forged, body: body)
        XCTAssertEqual(refused.status, 400)
    }

    func testAWebhookIsHandledOnce() async throws {
        let verifier = try WebhookVerifier(appID: "my-api-key", secret: "current-secret-16", store: .memory())
        let body = Data(
            #"{"id": "w-2", "action": "Card_update", "data": {"card_no": "k-1", "after_status": "Frozen"}}"#.utf8)
        let signed = try verifier.signForTests(timestamp: Date(), body: body)
        let headers = Dictionary(uniqueKeysWithValues: signed.map { ($0.name, $0.value) })
        var saved: [VerifiedWebhook] = []
        func save(_ webhook: VerifiedWebhook) throws { saved.append(webhook) }
        // --8<-- [start:claim]
        // Throws a .webhook error when it is forged, old or handled before.
        let claim = try await verifier.claim(headers: headers, body: body)
        try save(claim.received)
        await claim.finish()  // without it, the platform sends the webhook again
        // --8<-- [end:claim]
        XCTAssertEqual(saved.count, 1)
    }
}
