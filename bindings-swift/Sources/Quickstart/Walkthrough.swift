import Foundation
import KeySecure
import KeySecureSandbox

/// The life cycle of a card, from the application to a refund.
struct Walkthrough {
    let client: Client
    let sandbox: Sandbox

    private static let day: TimeInterval = 24 * 3600

    func run() async throws {
        let start = Date() - Self.day
        section("Access token")
        let token = try await client.accessToken()
        print("The access token is valid for \(Int((token.expiresAt.timeIntervalSinceNow / 3600).rounded())) h.")

        let cardholderNo = try await applyForCardholder()
        let cardNo = try await applyForCards(of: cardholderNo)
        try await activate(cardNo, cardholderNo)
        try await freezeAndUnfreeze(cardNo)
        try await spend(cardNo, cardholderNo)
        try await printLists(from: start, to: Date() + Self.day)
        let requests = try sandbox.object("GET /requests")["requests"] as? [Any]
        print("\nThe sandbox received \(requests?.count ?? 0) requests; none left this machine.")
    }

    private func applyForCardholder() async throws -> String {
        section("Cardholder")
        let applied = try await client.cardholders.apply(
            cardholderUniqueNo: "customer-4711", sumsubShareToken: "share-token-of-the-identity-check")
        print("Applied for customer-4711: cardholder \(applied.cardholderNo).")
        print("Verification status: \(try await client.cardholders.get(applied.cardholderNo).status).")
        try sandbox.control("POST /cardholders/approve", ["cardholder_no": applied.cardholderNo])
        let status = try await client.cardholders.get(applied.cardholderNo).status
        print("After the identity check: \(status).")
        return applied.cardholderNo
    }

    /// Applies for a virtual and a physical card, and returns the number of the physical card.
    private func applyForCards(of cardholderNo: String) async throws -> String {
        section("Cards")
        let packages = try await client.cards.packages().all()
        for package in packages {
            print("Package \(package.packageNo): \(package.packageEnName ?? "(no name)"), \(text(package.packageType))")
        }
        let virtualNo = try await apply(packages, cardholderNo, .virtual, "customer-4711-virtual", to: nil)
        let physicalNo = try await apply(packages, cardholderNo, .physical, "customer-4711-physical", to: address)
        for cardNo in [virtualNo, physicalNo] {
            let card = try await client.cards.get(cardNo)
            print("Card \(cardNo) (\(text(card.cardType)), **** \(card.cardLastNo ?? "????")) is \(card.status).")
        }
        return physicalNo
    }

    private func apply(
        _ packages: [Package], _ cardholderNo: String, _ type: CardType, _ uniqueNo: String, to address: Address?
    ) async throws -> String {
        let package = packages.first { $0.packageType == type }
        let applied = try await client.cards.apply(
            cardholderNo: cardholderNo, cardUniqueNo: uniqueNo, cardType: type, packageNo: package?.packageNo,
            addressInfo: address)
        print("Applied for \(uniqueNo): card \(applied.cardNo).")
        return applied.cardNo
    }

    private func activate(_ cardNo: String, _ cardholderNo: String) async throws {
        section("Activation")
        let last = try await client.cards.get(cardNo).cardLastNo ?? ""
        // The cardholder reads the CVV on the back of the card; here the sandbox provides it.
        let cvv = try sandbox.text("cvv", of: "POST /cards/secrets_for_tests", ["card_no": cardNo])
        try await client.cards.activate(cardNo: cardNo, cardholderNo: cardholderNo, cvv: cvv, cardLastNo: last)
        print("Activated with its CVV, which was sent encrypted.")
        try await client.cards.setPIN(cardNo: cardNo, cardholderNo: cardholderNo, pin: "739251")
        do {
            try await client.cards.setPIN(cardNo: cardNo, cardholderNo: cardholderNo, pin: "123456")
        } catch {
            print("Set the PIN. A weak PIN is not sent: \(error.localizedDescription)")
        }
        let secrets = try await client.cards.privateInfo(cardNo)
        print("Its secrets print masked: \(secrets)")
    }

    private func freezeAndUnfreeze(_ cardNo: String) async throws {
        section("Freeze and unfreeze")
        try await client.cards.freeze(cardNo)
        print("Frozen: the card is \(try await client.cards.get(cardNo).status).")
        try await client.cards.unfreeze(cardNo)
        print("Unfrozen: the card is \(try await client.cards.get(cardNo).status).")
    }

    private func spend(_ cardNo: String, _ cardholderNo: String) async throws {
        section("Money")
        let moved = try await client.accounts.transfer(
            cardholderNo: cardholderNo, transferUniqueNo: "topup-2026-0001", type: .in, amount: 250)
        print("Transferred 250.00 TUSDT: balance \(text(moved.beforeBalance)) -> \(text(moved.afterBalance)).")
        try await simulatePurchases(cardNo, cardholderNo)
        for account in try await client.accounts.get(cardholderNo).list {
            print("Balance: \(text(account.balance)) \(text(account.symbol)).")
        }
    }

    /// Simulates a purchase that is cleared and partly refunded, one that is reversed, and one that fails.
    private func simulatePurchases(_ cardNo: String, _ cardholderNo: String) async throws {
        let simulation = client.simulation
        let books = MerchantInfo(merchantName: "Corner Books", merchantMcc: "5942")
        func authorize(_ amount: Decimal) async throws -> String? {
            try await simulation.auth(
                cardNo: cardNo, cardholderNo: cardholderNo, type: .consumption, amount: amount, localAmount: amount,
                localCurrency: "USD", merchantInfo: books
            ).consumeNo
        }
        let purchaseNo = try await authorize(40)
        print("Authorized a purchase of 40.00: consumption \(text(purchaseNo)).")
        _ = try await simulation.consumptionClear(consumeNo: purchaseNo)
        print("The merchant cleared it.")
        _ = try await simulation.reversal(consumeRelateNo: try await authorize(Decimal(string: "15.50")!))
        print("A purchase of 15.50 was reversed before clearing.")
        _ = try await simulation.refund(consumeRelateNo: purchaseNo, amount: 10)
        print("10.00 of the first purchase was refunded.")
        _ = try await simulation.consumptionFail(consumeNo: try await authorize(5))
        print("A purchase of 5.00 failed.")
    }

    private func printLists(from start: Date, to end: Date) async throws {
        section("Lists")
        var consumptions: [Consumption] = []
        for try await one in try client.consumptions.list(start: start, end: end) {
            let details = try await client.consumptions.get(one.consumeNo)
            print("\(padded(text(details.type), 12))  \(padded(text(details.amount), 8))  \(text(details.status))")
            consumptions.append(one)
        }
        print("\(consumptions.count) consumptions, \(settled(consumptions)) settled.")
        let transfers = try await client.accounts.transfers(start: start, end: end).all()
        print("\(transfers.count) transfer, in total \(transfers.compactMap(\.amount).reduce(0, +)).")
        print("\(try await client.cards.list(start: start, end: end).all().count) cards were issued.")
    }

    /// The sum of settled purchases minus refunds. A reversal cancels an authorization that was never settled.
    private func settled(_ consumptions: [Consumption]) -> Decimal {
        consumptions.filter { $0.status == .success }.reduce(0) { sum, one in
            switch one.type {
            case .refund: return sum - (one.amount ?? 0)
            case .reversal: return sum
            default: return sum + (one.amount ?? 0)
            }
        }
    }

    private let address = Address(
        firstName: "Ada", lastName: "Lovelace", phoneCode: "44", phone: "2079460123", postalCode: "SW1Y 4JH", country: "GB",
        state: "London", city: "London", addressLine1: "12 St James's Square")

    private func text(_ value: Any?) -> String { value.map { "\($0)" } ?? "?" }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private func section(_ title: String) { print("\n== \(title) ==") }
}
