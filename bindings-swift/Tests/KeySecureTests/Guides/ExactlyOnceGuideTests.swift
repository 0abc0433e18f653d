import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// The code of the guide "Pay exactly once".
final class ExactlyOnceGuideTests: XCTestCase {
    // --8<-- [start:pay]
    func pay(_ client: Client, order: String, cardholderNo: String) async throws -> String {
        do {
            let done = try await client.accounts.ensureTransfer(
                cardholderNo: cardholderNo, transferUniqueNo: "\(order)-topup", type: .in, amount: 25)
            return "paid: \(done.value.transferNo)"
        } catch let error where error.kind == .conflict {
            throw error  // the reference belongs to another payment: a bug to investigate, never to repeat
        } catch let error where error.outcome == .unknown {
            return "later"  // put the order back into the queue: the same call settles it
        } catch {
            return "failed"  // nothing was moved
        }
    }
    // --8<-- [end:pay]

    func testAPaymentIsMadeOnceAlthoughItsResponseIsLost() async throws {
        let sandbox = try startSandbox()
        let (client, cardholderNo) = (try sandbox.shop(), try sandbox.cardholder())
        try sandbox.fault("drop_after_commit", on: "accounts.transfer")
        for _ in 1...2 {
            let text = try await pay(client, order: "order-7", cardholderNo: cardholderNo)
            XCTAssertTrue(text.hasPrefix("paid: "), text)
        }
        XCTAssertEqual(try sandbox.transfers().count, 1)
        try sandbox.fault(["code": 2002], on: "accounts.transfer")
        let text = try await pay(client, order: "order-8", cardholderNo: cardholderNo)
        XCTAssertEqual(text, "failed")
    }

    func testAClientHasAStore() throws {
        let sandbox = try startSandbox()
        let (apiKey, apiSecret) = (sandbox.apiKey, sandbox.apiSecret)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let directory = folder.path
        // --8<-- [start:store]
        let client = try Client(apiKey: apiKey, apiSecret: apiSecret, store: .file(directory: directory))
        // --8<-- [end:store]
        _ = client
    }

    func testAnotherPaymentWithTheSameReferenceIsAConflict() async throws {
        let sandbox = try startSandbox()
        let (client, cardholderNo) = (try sandbox.shop(), try sandbox.cardholder())
        _ = try await pay(client, order: "order-9", cardholderNo: cardholderNo)
        let error = try await failure {
            // --8<-- [start:conflict]
            _ = try await client.accounts.ensureTransfer(
                cardholderNo: cardholderNo, transferUniqueNo: "order-9-topup", type: .in, amount: 30)
            // .conflict: order-9-topup is a transfer of 25
            // --8<-- [end:conflict]
        }
        XCTAssertEqual(error.kind, .conflict)
    }

    func testANewReferenceDoesNotWait() async throws {
        let sandbox = try startSandbox()
        let cardholderNo = try sandbox.cardholder()
        let client = try sandbox.client(store: .memory())
        // --8<-- [start:first-attempt]
        let done = try await client.accounts.ensureTransfer(
            cardholderNo: cardholderNo, transferUniqueNo: "order-10-topup", type: .in, amount: 25,
            firstAttempt: true)  // this program has just created the reference
        // --8<-- [end:first-attempt]
        XCTAssertTrue(done.created)
    }
}
