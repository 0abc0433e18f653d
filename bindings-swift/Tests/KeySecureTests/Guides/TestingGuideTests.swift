import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// The code of the guide "Test with the sandbox".
final class TestingGuideTests: XCTestCase {
    // --8<-- [start:first]
    func testALostResponseIsNotAFailure() async throws {
        let sandbox = try Sandbox()
        defer { sandbox.stop() }
        let client = try Client(apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseURL: sandbox.baseURL)
        let customer = try sandbox.text("cardholder_no", of: "POST /seed/approved_cardholder")
        try sandbox.control("POST /faults", ["operation": "accounts.transfer", "kind": "drop_after_commit"])
        do {
            _ = try await client.accounts.transfer(
                cardholderNo: customer, transferUniqueNo: "order-7", type: .in, amount: 25)
            XCTFail("the response was lost")
        } catch {
            XCTAssertEqual(error.outcome, .unknown)
        }
        let transfers = try sandbox.object("GET /state")["transfers"] as? [Any]
        XCTAssertEqual(transfers?.count, 1)
    }
    // --8<-- [end:first]

    func testTimeMoves() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        // --8<-- [start:clock]
        _ = try await client.accessToken()
        try sandbox.control("POST /clock/advance", ["ms": 25 * 3_600_000])  // the token has expired
        _ = try await client.cards.packages().all()  // the client fetches another one
        let requests = try sandbox.object("POST /requests/count", ["operation": "token"])
        XCTAssertEqual(requests["count"] as? Int, 2)
        // --8<-- [end:clock]
    }

    func testPurchasesAreSimulated() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        // --8<-- [start:purchase]
        let customer = try sandbox.text("cardholder_no", of: "POST /seed/approved_cardholder")
        let cardNo = try sandbox.text("card_no", of: "POST /seed/virtual_card", ["cardholder_no": customer])
        _ = try await client.accounts.transfer(
            cardholderNo: customer, transferUniqueNo: "t-1", type: .in, amount: 100)
        let bought = try await client.simulation.auth(cardNo: cardNo, type: .consumption, amount: 40)
        _ = try await client.simulation.consumptionClear(consumeNo: bought.consumeNo)
        let consumption = try await client.consumptions.get(bought.consumeNo ?? "")
        XCTAssertEqual(consumption.status, .success)
        // --8<-- [end:purchase]
    }
}
