// --8<-- [start:first]
import Foundation
import KeySecure
import KeySecureSandbox
// --8<-- [end:first]
import XCTest

/// The code of the guide "Quick start".
final class QuickStartGuideTests: XCTestCase {
    func testTheFirstProgramRuns() async throws {
        // --8<-- [start:first]
        let sandbox = try Sandbox()
        defer { sandbox.stop() }
        let client = try Client(
            apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseURL: sandbox.baseURL, store: .memory())

        let customer = try sandbox.text("cardholder_no", of: "POST /seed/approved_cardholder")
        let package = try await client.cards.packages(type: .virtual).all()[0]
        let card = try await client.cards.ensureCard(
            cardholderNo: customer, cardUniqueNo: "customer-7-card",  // your reference
            cardType: .virtual, packageNo: package.packageNo, firstAttempt: true)
        print("card", card.value.cardNo)

        let paid = try await client.accounts.ensureTransfer(
            cardholderNo: customer, transferUniqueNo: "order-7", type: .in, amount: 25, firstAttempt: true)
        print("paid", paid.value.transferNo)
        print("balance", try await client.accounts.get(customer).list[0].balance ?? 0)
        // --8<-- [end:first]
        XCTAssertTrue(paid.created)
    }

    // --8<-- [start:account]
    func listPackages() async throws {
        let client = try Client.fromEnvironment()
        for try await package in client.cards.packages() {
            print(package.packageNo, package.packageEnName ?? "")
        }
    }
    // --8<-- [end:account]

    func testAProgramWithoutCredentialsSaysWhichAreMissing() async throws {
        let error = try await failure { try await listPackages() }
        XCTAssertEqual(error.kind, .config)
    }
}
