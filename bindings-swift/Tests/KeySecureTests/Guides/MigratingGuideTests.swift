import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// The code of the guide "Migrate from HTTP calls": each call of the platform.
final class MigratingGuideTests: XCTestCase {
    func testEachCallOfThePlatformIsMade() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        // --8<-- [start:token]
        let token = try await client.accessToken()  // the SDK fetches and renews it; you need no call
        // --8<-- [end:token]
        // --8<-- [start:cardholder-apply]
        let applied = try await client.cardholders.apply(
            cardholderUniqueNo: "customer-4711", sumsubShareToken: "auto-approve-4711")
        // --8<-- [end:cardholder-apply]
        let cardholderNo = applied.cardholderNo
        // --8<-- [start:cardholder-list]
        let cardholders = try await client.cardholders.list(in: .last(days: 30)).all()  // all pages and windows
        // --8<-- [end:cardholder-list]
        // --8<-- [start:cardholder-info]
        let cardholder = try await client.cardholders.get(cardholderNo)
        // --8<-- [end:cardholder-info]
        // --8<-- [start:package-list]
        let packages = try await client.cards.packages(type: .virtual).all()
        // --8<-- [end:package-list]
        let packageNo = packages[0].packageNo
        // --8<-- [start:card-apply]
        let card = try await client.cards.apply(
            cardholderNo: cardholderNo, cardUniqueNo: "order-7-card", cardType: .virtual, packageNo: packageNo)
        // --8<-- [end:card-apply]
        let cardNo = card.cardNo
        // --8<-- [start:card-list]
        let cards = try await client.cards.list(in: .last(days: 30), cardholderNo: cardholderNo).all()
        // --8<-- [end:card-list]
        // --8<-- [start:card-detail]
        let detail = try await client.cards.get(cardNo)
        // --8<-- [end:card-detail]
        // --8<-- [start:private-info]
        let secrets = try await client.cards.privateInfo(cardNo)  // decrypted; secrets.exposePAN()
        // --8<-- [end:private-info]
        let physicalNo = try sandbox.text("card_no", of: "POST /seed/physical_card", ["cardholder_no": cardholderNo])
        let cvv = try sandbox.text("cvv", of: "POST /cards/secrets_for_tests", ["card_no": physicalNo])
        let lastFour = try await client.cards.get(physicalNo).cardLastNo ?? ""
        // --8<-- [start:active]
        // The CVV in plain text: the SDK encrypts it.
        try await client.cards.activate(cardNo: physicalNo, cardholderNo: cardholderNo, cvv: cvv, cardLastNo: lastFour)
        // --8<-- [end:active]
        // --8<-- [start:pin-set]
        try await client.cards.setPIN(cardNo: physicalNo, cardholderNo: cardholderNo, pin: "739251")
        // --8<-- [end:pin-set]
        // --8<-- [start:status-update]
        try await client.cards.freeze(cardNo)  // or unfreeze, delete, updateStatus(cardNo: cardNo, status: .frozen)
        // --8<-- [end:status-update]
        try await client.cards.unfreeze(cardNo)
        // --8<-- [start:transfer]
        // Better: ensureTransfer, which is safe to repeat.
        let done = try await client.accounts.transfer(
            cardholderNo: cardholderNo, transferUniqueNo: "order-7-topup", type: .in, amount: 250)
        // --8<-- [end:transfer]
        // --8<-- [start:account-info]
        let account = try await client.accounts.get(cardholderNo).list[0]
        // --8<-- [end:account-info]
        // --8<-- [start:transfer-list]
        let transfers = try await client.accounts.transfers(
            in: .last(days: 30), transferUniqueNo: "order-7-topup"
        ).all()
        // --8<-- [end:transfer-list]
        // --8<-- [start:sim-auth]
        let bought = try await client.simulation.auth(cardNo: cardNo, type: .consumption, amount: 40)
        // --8<-- [end:sim-auth]
        // --8<-- [start:sim-clear]
        _ = try await client.simulation.consumptionClear(consumeNo: bought.consumeNo)
        // --8<-- [end:sim-clear]
        // --8<-- [start:sim-refund]
        _ = try await client.simulation.refund(consumeRelateNo: bought.consumeNo, amount: 10)
        // --8<-- [end:sim-refund]
        let second = try await client.simulation.auth(cardNo: cardNo, type: .consumption, amount: 5)
        let third = try await client.simulation.auth(cardNo: cardNo, type: .consumption, amount: 5)
        // --8<-- [start:sim-reversal]
        _ = try await client.simulation.reversal(consumeRelateNo: second.consumeNo)
        // --8<-- [end:sim-reversal]
        // --8<-- [start:sim-fail]
        _ = try await client.simulation.consumptionFail(consumeNo: third.consumeNo)
        // --8<-- [end:sim-fail]
        // --8<-- [start:consume-list]
        let consumptions = try await client.consumptions.list(in: .last(days: 30), cardNo: cardNo).all()
        // --8<-- [end:consume-list]
        let consumeNo = consumptions[0].consumeNo
        // --8<-- [start:consume-info]
        let consumption = try await client.consumptions.get(consumeNo)
        // --8<-- [end:consume-info]
        // --8<-- [start:client-token]
        let pageToken = try await client.pci.clientToken(cardNo)  // pageToken.expose() for the hosted card page
        // --8<-- [end:client-token]
        let origin = try sandbox.text("hosted_origin", of: "GET /info")
        let parentOrigin = try sandbox.text("parent_origin", of: "GET /info")
        // --8<-- [start:pci-detail]
        // The hosted card page makes this call, a server does not need it.
        let shown = try await client.pci.cardDetail(
            clientAccessToken: pageToken.expose(), origin: origin, parentOrigin: parentOrigin, nonce: "nonce-1")
        // --8<-- [end:pci-detail]
        XCTAssertGreaterThan(token.expiresAt, Date())
        XCTAssertEqual([cardholders.count, cards.count, transfers.count], [1, 1, 1])
        XCTAssertEqual([cardholder.status.text, detail.cardNo], ["Approved", cardNo])
        XCTAssertEqual(done.afterBalance, 250)
        XCTAssertEqual([account.symbol, consumption.consumeNo], ["TUSDT", consumeNo])
        XCTAssertEqual(shown.exposePAN(), secrets.exposePAN())
    }

    func testBINsAreListedInAuthorizationMode() async throws {
        let client = try startSandbox(options: ["--mode", "authorization"]).client()
        // --8<-- [start:bins]
        let bins = try await client.cards.bins().all()
        // --8<-- [end:bins]
        XCTAssertFalse(bins.isEmpty)
    }
}
