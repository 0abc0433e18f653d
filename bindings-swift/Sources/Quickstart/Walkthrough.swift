import Foundation
import KeySecure
import KeySecureSandbox

/// The whole story: from a cardholder to a refund.
struct Story {
    let client: Client
    let sandbox: Sandbox

    private static let day: TimeInterval = 24 * 3600

    func tell() async throws {
        let start = Date() - Self.day
        chapter("Getting in")
        let token = try await client.accessToken()
        print("The platform gave an access token, good for \(Int((token.expiresAt().timeIntervalSinceNow / 3600).rounded())) h.")

        let cardholderNo = try await aCardholder()
        let cardNo = try await twoCards(of: cardholderNo)
        try await arrives(cardNo, cardholderNo)
        try await lostAndFound(cardNo)
        try await money(cardNo, cardholderNo)
        try await books(from: start, to: Date() + Self.day)
        let requests = try sandbox.object("GET /requests")["requests"] as? [Any]
        print("\nThat was \(requests?.count ?? 0) requests to the sandbox; not one left this machine.")
    }

    private func aCardholder() async throws -> String {
        chapter("A cardholder")
        let applied = try await client.cardholders().apply(
            cardholderUniqueNo: "customer-4711", sumsubShareToken: "share-token-of-the-identity-check")
        print("Applied for customer-4711; the platform calls them \(applied.cardholderNo).")
        print("Verification stands at \(try await client.cardholders().get(cardholderNo: applied.cardholderNo).status).")
        try sandbox.control("POST /cardholders/approve", ["cardholder_no": applied.cardholderNo])
        let status = try await client.cardholders().get(cardholderNo: applied.cardholderNo).status
        print("The platform checked the identity: \(status).")
        return applied.cardholderNo
    }

    /// A virtual card, and a physical one, whose number comes back.
    private func twoCards(of cardholderNo: String) async throws -> String {
        chapter("Two cards")
        let packages = try await client.cards().packages().all()
        for package in packages {
            print("Package \(package.packageNo): \(package.packageEnName ?? "(no name)"), \(text(package.packageType))")
        }
        let online = try await apply(packages, cardholderNo, .virtual, "customer-4711-online", to: nil)
        let plastic = try await apply(packages, cardholderNo, .physical, "customer-4711-plastic", to: address)
        for cardNo in [online, plastic] {
            let card = try await client.cards().get(cardNo: cardNo)
            print("Card \(cardNo) (\(text(card.cardType)), **** \(card.cardLastNo ?? "????")) is \(card.status).")
        }
        return plastic
    }

    private func apply(
        _ packages: [Package], _ cardholderNo: String, _ type: CardType, _ uniqueNo: String, to address: Address?
    ) async throws -> String {
        let package = packages.first { $0.packageType == type }
        let applied = try await client.cards().apply(
            cardholderNo: cardholderNo, cardUniqueNo: uniqueNo, cardType: type, packageNo: package?.packageNo,
            addressInfo: address)
        print("Applied for \(uniqueNo): the platform calls it \(applied.cardNo).")
        return applied.cardNo
    }

    private func arrives(_ cardNo: String, _ cardholderNo: String) async throws {
        chapter("The plastic card arrives by mail")
        let last = try await client.cards().get(cardNo: cardNo).cardLastNo ?? ""
        // The cardholder reads the CVV off the back of the card; here the sandbox does.
        let cvv = try sandbox.text("cvv", of: "POST /cards/secrets_for_tests", ["card_no": cardNo])
        try await client.cards().activate(cardNo: cardNo, cardholderNo: cardholderNo, cvv: cvv, cardLastNo: last)
        print("Activated with its CVV, which left this program only encrypted.")
        try await client.cards().setPin(cardNo: cardNo, cardholderNo: cardholderNo, pin: "739251")
        do {
            try await client.cards().setPin(cardNo: cardNo, cardholderNo: cardholderNo, pin: "123456")
        } catch let error as KeySecureError where error.kind == .invalidInput {
            print("Set its PIN. A weak one never leaves: \(error.localizedDescription)")
        }
        let secrets = try await client.cards().privateInfo(cardNo: cardNo)
        print("Its secrets, masked unless exposed on purpose: \(secrets)")
    }

    private func lostAndFound(_ cardNo: String) async throws {
        chapter("Lost, and found again")
        try await client.cards().freeze(cardNo: cardNo)
        print("Frozen: the card is \(try await client.cards().get(cardNo: cardNo).status).")
        try await client.cards().unfreeze(cardNo: cardNo)
        print("Unfrozen: the card is \(try await client.cards().get(cardNo: cardNo).status).")
    }

    private func money(_ cardNo: String, _ cardholderNo: String) async throws {
        chapter("Money")
        let moved = try await client.accounts().transfer(
            cardholderNo: cardholderNo, transferUniqueNo: "topup-2026-0001", type: .in, amount: 250)
        print("Moved 250.00 TUSDT in: balance \(text(moved.beforeBalance)) -> \(text(moved.afterBalance)).")
        try await shop(cardNo, cardholderNo)
        for account in try await client.accounts().get(cardholderNo: cardholderNo).list {
            print("Balance now: \(text(account.balance)) \(text(account.symbol)).")
        }
    }

    /// A purchase of 40.00 that is cleared, one that is given back before clearing, and a refund.
    private func shop(_ cardNo: String, _ cardholderNo: String) async throws {
        let simulation = client.simulation()
        let books = MerchantInfo(merchantName: "Corner Books", merchantMcc: "5942")
        func buy(_ amount: Decimal) async throws -> String? {
            try await simulation.auth(
                cardNo: cardNo, cardholderNo: cardholderNo, type: .consumption, amount: amount, localAmount: amount,
                localCurrency: "USD", merchantInfo: books
            ).consumeNo
        }
        let bought = try await buy(40)
        print("Bought books for 40.00: authorization \(text(bought)).")
        _ = try await simulation.consumptionClear(consumeNo: bought)
        print("The shop cleared it.")
        _ = try await simulation.reversal(consumeRelateNo: try await buy(Decimal(string: "15.50")!))
        print("Another purchase of 15.50 was reversed before clearing.")
        _ = try await simulation.refund(consumeRelateNo: bought, amount: 10)
        print("One book went back: 10.00 refunded.")
        _ = try await simulation.consumptionFail(consumeNo: try await buy(5))
        print("A third purchase of 5.00 failed.")
    }

    private func books(from start: Date, to end: Date) async throws {
        chapter("The books")
        var consumptions: [Consumption] = []
        for try await one in try client.consumptions().list(start: start, end: end) {
            let whole = try await client.consumptions().get(consumeNo: one.consumeNo)
            print("\(right(text(whole.type), 12))  \(right(text(whole.amount), 8))  \(text(whole.status))")
            consumptions.append(one)
        }
        print("\(consumptions.count) consumptions; spent and settled: \(spent(consumptions)).")
        let transfers = try await client.accounts().transfers(start: start, end: end).all()
        print("\(transfers.count) transfer; moved in all: \(transfers.compactMap(\.balance).reduce(0, +)).")
        print("\(try await client.cards().list(start: start, end: end).all().count) cards were issued.")
    }

    /// Purchases that were settled, less refunds. A reversal gives back an authorization that was never settled.
    private func spent(_ consumptions: [Consumption]) -> Decimal {
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

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private func chapter(_ title: String) { print("\n== \(title) ==") }
}
