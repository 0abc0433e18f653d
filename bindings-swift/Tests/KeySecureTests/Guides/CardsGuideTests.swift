import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// The code of the guide "Cards, from application to PIN".
final class CardsGuideTests: XCTestCase {
    func testACardIsAppliedForActivatedAndUsed() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.shop()
        // --8<-- [start:cardholder]
        let applied = try await client.cardholders.ensureCardholder(
            cardholderUniqueNo: "customer-4711", sumsubShareToken: "share-token-of-the-identity-check")
        let cardholder = try await client.cardholders.get(applied.value.cardholderNo)
        print(cardholder.status)  // Pending, In_progress, Approved or Rejected
        // --8<-- [end:cardholder]
        let cardholderNo = cardholder.cardholderNo
        try sandbox.control("POST /cardholders/approve", ["cardholder_no": cardholderNo])
        // --8<-- [start:virtual]
        let package = try await client.cards.packages(type: .virtual).all()[0]  // authorization mode: bins(), cardBinNo:
        let card = try await client.cards.ensureCard(
            cardholderNo: cardholderNo, cardUniqueNo: "customer-4711-online", cardType: .virtual,
            packageNo: package.packageNo)
        print(card.value.cardNo, card.value.status)
        // --8<-- [end:virtual]
        let virtualNo = card.value.cardNo
        // --8<-- [start:physical]
        let address = Address(
            firstName: "Ada", lastName: "Lovelace", phoneCode: "44", phone: "2079460123", postalCode: "SW1Y 4JH",
            country: "GB", state: "London", city: "London", addressLine1: "12 St James's Square")
        let offer = try await client.cards.packages(type: .physical).all()[0]
        let plastic = try await client.cards.ensureCard(
            cardholderNo: cardholderNo, cardUniqueNo: "customer-4711-plastic", cardType: .physical,
            packageNo: offer.packageNo, addressInfo: address)
        // --8<-- [end:physical]
        let cardNo = plastic.value.cardNo
        let cvv = try sandbox.text("cvv", of: "POST /cards/secrets_for_tests", ["card_no": cardNo])
        // --8<-- [start:activate]
        let lastFour = try await client.cards.get(cardNo).cardLastNo ?? ""
        try await client.cards.activate(cardNo: cardNo, cardholderNo: cardholderNo, cvv: cvv, cardLastNo: lastFour)
        // --8<-- [end:activate]
        // --8<-- [start:pin]
        try await client.cards.setPIN(cardNo: cardNo, cardholderNo: cardholderNo, pin: "739251")
        // --8<-- [end:pin]
        // --8<-- [start:secrets]
        let secrets = try await client.cards.privateInfo(virtualNo)
        print(secrets)  // masked: maskedPAN "411111******1111"
        print(secrets.exposePAN().count)  // only expose... reveals
        // --8<-- [end:secrets]
        // --8<-- [start:freeze]
        try await client.cards.freeze(cardNo)
        print(try await client.cards.get(cardNo).status)  // Frozen
        try await client.cards.unfreeze(cardNo)
        try await client.cards.delete(virtualNo)  // for good
        // --8<-- [end:freeze]
        let statuses: [CardStatus] = [
            try await client.cards.get(cardNo).status, try await client.cards.get(virtualNo).status,
        ]
        XCTAssertEqual(statuses, [.activated, .delete])
    }
}

extension Sandbox {
    /// A client whose store is old enough to know that a reference is new.
    func shop() throws -> Client { try client(store: .own(attempts: TestAttemptStore(age: .seconds(3600)))) }
}
