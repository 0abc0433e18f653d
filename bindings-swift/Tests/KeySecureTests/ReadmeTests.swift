import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// Compiles and runs the code of the README.
final class ReadmeTests: XCTestCase {
    func testTheOverviewOfTheReadmeRuns() async throws {
        let sandbox = try startSandbox()
        let cardholderNo = try sandbox.cardholder()
        let client = try sandbox.client()
        // README
        let card = try await client.cards.apply(
            cardholderNo: cardholderNo, cardUniqueNo: "order-7-card",  // your reference
            cardType: .virtual, packageNo: "1600000000000000101")

        do {
            let done = try await client.accounts.transfer(
                cardholderNo: cardholderNo, transferUniqueNo: "order-7-topup", type: .in, amount: Decimal(string: "25.00")!)
            print("balance is now \(done.afterBalance ?? 0)")  // an exact Decimal, never a float
        } catch let error where error.outcome == .unknown {
            print("look it up by its reference before sending it again: \(error)")
        } catch {
            print("no money was moved: \(error.localizedDescription)")
        }

        // Fetches pages on demand. A span of any length is split into the 90-day windows of the platform.
        let year = (CivilDate(year: 2026, month: 1, day: 1), CivilDate(year: 2026, month: 12, day: 31))
        for try await consumption in try client.consumptions.list(start: year.0, end: year.1, cardNo: card.cardNo) {
            print(consumption.type?.text ?? "?", consumption.amount ?? 0)
        }

        let secrets = try await client.cards.privateInfo(card.cardNo)
        print(secrets)  // CardSecrets(cardNo: "1", maskedPAN: "411111******1111")
        print(secrets.exposePAN().count)  // only expose... returns secrets
        // README
        let card2 = try await client.cards.get(card.cardNo)
        XCTAssertEqual(card2.status, .activated)
        XCTAssertEqual(secrets.exposePAN().count, 16)
        XCTAssertEqual(try sandbox.transfers().count, 1)
    }

    func testThePaymentOfTheReadmeRuns() async throws {
        let sandbox = try startSandbox()
        let cardholderNo = try sandbox.cardholder()
        let shop = try sandbox.client(store: .own(attempts: TestAttemptStore(age: .seconds(3600))))
        // README
        let done = try await shop.accounts.ensureTransfer(
            cardholderNo: cardholderNo, transferUniqueNo: "order-8-topup", type: .in, amount: 25)
        print("\(done.value.transferNo), created by this call: \(done.created)")
        // README
        XCTAssertTrue(done.created)
    }

    func testTheListsOfTheReadmeRun() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        let first = try sandbox.virtualCard(of: sandbox.cardholder())
        // README
        // Awaited:
        for try await card in try client.cards.list(in: .last(days: 30)) { print(card.cardNo) }
        // An array:
        let all = try await client.cards.list(in: .last(days: 30)).all()
        // Blocking; each element is a Result:
        for card in try client.blocking.cards.list(in: .last(days: 30)) { print(try card.get()) }
        // README
        XCTAssertEqual(all.map(\.cardNo), [first])
    }

    func testTheReceiverOfTheReadmeRepliesToPurchases() async throws {
        let (apiKey, apiSecret) = ("app-1", "0123456789abcdef0123456789abcdef")
        for (amount, expected) in [("99.50", replyAccept()), ("100.50", try replyDecline(message: "over the limit"))] {
            let purchase =
                #"{"id":"evt-1","action":"Auth","data":{"consume_no":"c-\#(amount)","card_no":"k1","cardholder_no":"h1","#
                + #""type":"Consumption","amount":\#(amount),"time":1763812800123}}"#
            let body = Data(purchase.utf8)
            let headers = try WebhookVerifier(appID: apiKey, secret: apiSecret).signForTests(timestamp: Date(), body: body)
            let names = Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
            let request = Request(headers: names, body: body)
            let text = try await reply(to: request, apiKey: apiKey, apiSecret: apiSecret, limits: Limits())
            XCTAssertEqual(text, expected)
        }
    }

    private actor Limits {
        func allow(_ amount: Decimal) -> Bool { amount <= 100 }
    }

    private struct Request {
        let headers: [String: String]
        let body: Data
    }

    private func reply(to request: Request, apiKey: String, apiSecret: String, limits: Limits) async throws -> String {
        // README
        let verifier = try WebhookVerifier(appID: apiKey, secret: apiSecret, store: .memory())  // several workers: .file, .redis
        // Throws a KeySecureError with a rejection.
        let received = try await verifier.verify(headers: request.headers, body: request.body)
        let responder = Responder { purchase in
            await limits.allow(purchase.amount) ? .approve : .decline(reason: "over the limit")
        }
        return await responder.respond(received)
        // README
    }

    func testTheSandboxOfTheReadmeInjectsAFault() throws {
        // README
        let sandbox = try Sandbox()
        defer { sandbox.stop() }
        let client = try Client(apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseURL: sandbox.baseURL)
        try sandbox.control("POST /faults", ["operation": "accounts.transfer", "kind": "drop_after_commit"])
        // README
        let cardholder = try sandbox.cardholder()
        let error = try failure {
            _ = try client.blocking.accounts.transfer(
                cardholderNo: cardholder, transferUniqueNo: "order-9", type: .in, amount: 1)
        }
        XCTAssertEqual(error.outcome, .unknown)
    }

    private struct Login {
        func token(refused: Bool) async throws -> String? { refused ? "second" : "first" }
    }

    func testTheAppOfTheReadmeCallsThroughARelay() async throws {
        let relay = try TestRelay { request, _ in
            guard request.session == "Bearer second" else { return refusedSession }
            let transfer = #"{"value":{"transfer_no":"t1","transfer_unique_no":"tap-1"},"created":true}"#
            return success(request.operation == "cards.list" ? #"{"list":[]}"# : transfer)
        }
        defer { relay.stop() }
        let (relayURL, login, cardholderNo, tap) = (relay.url, Login(), "1001", "tap-1")
        // README
        // relayURL: https://api.shop.example/keysecure; tap: a reference, chosen once for each action of the user
        let client = try Client(relay: relayURL, transport: URLSessionTransport()) { refused in
            try await login.token(refused: refused)  // of the user's session with your server
        }
        let cards = try await client.cards.list(in: .last(days: 365)).all()
        let paid = try await client.accounts.ensureTransfer(
            cardholderNo: cardholderNo, transferUniqueNo: tap, type: .in, amount: 25)
        // README
        XCTAssertEqual(cards, [])
        XCTAssertTrue(paid.created)
    }

    func testTheReadmeContainsTheCodeOfTheseTests() throws {
        let here = URL(fileURLWithPath: #filePath)
        let source = try String(contentsOf: here, encoding: .utf8).components(separatedBy: "        // README\n")
        let package = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let readme = try String(contentsOf: package.appendingPathComponent("README.md"), encoding: .utf8)
        XCTAssertEqual(source.count, 13)
        for code in stride(from: 1, to: source.count, by: 2).map({ source[$0] }) {
            let lines = code.components(separatedBy: "\n").map { $0.hasPrefix("        ") ? String($0.dropFirst(8)) : $0 }
            XCTAssertTrue(readme.contains(lines.joined(separator: "\n")), "the README has other code than \(code)")
        }
    }
}
