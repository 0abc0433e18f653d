import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// Compiles and runs the code of the articles in `KeySecure.docc`.
final class DocumentationTests: XCTestCase {
    func testTheCodeOfGettingStartedRuns() async throws {
        let sandbox = try startSandbox()
        let cardholderNo = try sandbox.cardholder()
        func create(_ apiKey: String, _ apiSecret: String) throws {
            let client = try Client(apiKey: apiKey, apiSecret: apiSecret, environment: .sandbox)
            _ = client
        }
        try create(sandbox.apiKey, sandbox.apiSecret)
        let client = try sandbox.client()
        let card = try await client.cards.apply(
            cardholderNo: cardholderNo, cardUniqueNo: "order-7-card",  // your reference
            cardType: .virtual, packageNo: "1600000000000000101")
        let issued = try await client.cards.get(card.cardNo)
        print(issued.status, issued.time ?? .distantPast)
        let same = try client.blocking.cards.get(card.cardNo)
        XCTAssertEqual(same, issued)
        for try await consumption in try client.consumptions.list(in: .last(days: 365), cardNo: card.cardNo) {
            print(consumption.type?.text ?? "?", consumption.amount ?? 0)
        }
        if let colour = issued.extra["colour"]?.string { print(colour) }
    }

    func testTheCodeOfExactlyOnceRuns() async throws {
        let sandbox = try startSandbox()
        let cardholderNo = try sandbox.cardholder()
        let (apiKey, apiSecret, baseURL) = (sandbox.apiKey, sandbox.apiSecret, sandbox.baseURL)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let directory = folder.path
        // The store is new: it waits, because it does not know who worked on the reference before.
        let shop = try Client(apiKey: apiKey, apiSecret: apiSecret, baseURL: baseURL, store: .file(directory: directory))
        let paid = try await shop.accounts.ensureTransfer(
            cardholderNo: cardholderNo, transferUniqueNo: "order-8-topup", type: .in, amount: 25)
        print(paid.value.transferNo, paid.value.amount ?? 0, paid.created)
        XCTAssertEqual(paid.value.amount, 25)
        XCTAssertTrue(paid.created)
        var queue: [String] = []
        do {
            _ = try await shop.accounts.ensureTransfer(
                cardholderNo: cardholderNo, transferUniqueNo: "order-9-topup", type: .in, amount: 25, deadline: .seconds(20))
        } catch {
            if error.outcome == .unknown { queue.append("order-9-topup") } else { print("not paid: \(error)") }
        }
        XCTAssertEqual(queue, [])
        let references = try sandbox.transfers().map { $0["transfer_unique_no"] as? String }
        XCTAssertEqual(Set(references), ["order-8-topup", "order-9-topup"])
    }

    func testTheCodeOfWebhooksRuns() async throws {
        let (apiKey, apiSecret) = ("app-1", "0123456789abcdef0123456789abcdef")
        func signed(_ id: String) throws -> (headers: [String: String], body: Data) {
            let purchase =
                #"{"consume_no":"\#(id)","card_no":"k1","cardholder_no":"h1","type":"Consumption","#
                + #""amount":10.50,"time":1763812800123}"#
            let body = Data(#"{"id":"\#(id)","action":"Auth","data":\#(purchase)}"#.utf8)
            let headers = try WebhookVerifier(appID: apiKey, secret: apiSecret).signForTests(timestamp: Date(), body: body)
            return (Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) }), body)
        }
        func receive(_ headers: [String: String], _ body: Data) async throws {
            // Several workers share a store: .file, .redis.
            let verifier = try WebhookVerifier(appID: apiKey, secret: apiSecret, store: .memory())
            let received = try await verifier.verify(headers: headers, body: body)
            switch received.event {
            case let .auth(purchase): print("may this be paid? \(purchase.amount)")
            case let .cardUpdate(update): print("card \(update.cardNo) is \(update.afterStatus.text)")
            default: print("another event")
            }
            let responder = Responder { purchase in
                purchase.amount <= 100 ? .approve : .decline(reason: "over the limit")
            }
            let reply = await responder.respond(received)
            XCTAssertEqual(reply, replyAccept())
        }
        let (first, second) = (try signed("doc-1"), try signed("doc-2"))
        try await receive(first.headers, first.body)
        let verifier = try WebhookVerifier(appID: apiKey, secret: apiSecret, store: .memory())
        let (headers, body) = second
        func save(_ received: VerifiedWebhook) throws { XCTAssertEqual(received.id, "doc-2") }
        let claim = try await verifier.claim(headers: headers, body: body)
        try save(claim.received)
        await claim.finish()
    }

    func testTheCodeOfErrorsAndOutcomesRuns() async throws {
        let sandbox = try startSandbox()
        let cardholderNo = try sandbox.cardholder()
        let client = try sandbox.client()
        do {
            let done = try await client.accounts.transfer(
                cardholderNo: cardholderNo, transferUniqueNo: "order-7-topup", type: .in, amount: 25)
            print("balance is now \(done.afterBalance ?? 0)")
        } catch let error where error.outcome == .unknown {
            print("look it up by its reference before sending it again: \(error)")
        } catch {
            print("no money was moved: \(error.localizedDescription)")
        }
        do {
            _ = try await client.cards.get("1")
        } catch {
            switch error.kind {
            case .api: print("the platform refused: \(error.code ?? 0) \(error.msg ?? "")")
            case .transport, .timeout: print("the network failed: \(error)")
            default: print("failed: \(error)")
            }
        }
        let task = Task {
            do throws(KeySecureError) {
                _ = try await client.cards.get("1")
            } catch {
                print(error.kind)
            }
        }
        await task.value
        XCTAssertEqual(try sandbox.transfers().count, 1)
    }

    func testTheCodeOfTestingWithTheSandboxRuns() async throws {
        let sandbox = try Sandbox()
        defer { sandbox.stop() }
        let client = try Client(apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseURL: sandbox.baseURL)
        let cardholderNo = try sandbox.text("cardholder_no", of: "POST /seed/approved_cardholder")
        try sandbox.control("POST /faults", ["operation": "accounts.transfer", "kind": "drop_after_commit"])
        do {
            _ = try await client.accounts.transfer(
                cardholderNo: cardholderNo, transferUniqueNo: "order-7-topup", type: .in, amount: 25)
        } catch {
            print(error.outcome)  // unknown
        }
        XCTAssertEqual(try sandbox.transfers().count, 1)
        let card = Card(cardNo: "1", status: .frozen)
        let refused = KeySecureError(kind: .state, outcome: .rejected, message: "the card is frozen", code: 4005)
        XCTAssertEqual([card.status.text, refused.message], ["Frozen", "the card is frozen"])
    }

    func testTheCodeOfCallingFromAnAppRuns() async throws {
        let relay = try TestRelay { request, _ in
            guard request.session == "Bearer token-1" else { return refusedSession }
            let transfer = #"{"value":{"transfer_no":"t1","transfer_unique_no":"tap-1"},"created":true}"#
            return success(request.operation == "cards.get" ? #"{"card_no":"c1","status":"Activated"}"# : transfer)
        }
        defer { relay.stop() }
        let (relayURL, cardNo, cardholderNo, tap) = (relay.url, "c1", "1001", "tap-1")
        let renewals = Shared(0)
        let renew: @Sendable () async throws -> String? = {
            renewals.change { $0 += 1 }
            return "token-\(renewals.value)"
        }
        actor Login {
            private let renew: @Sendable () async throws -> String?
            private var token: String?
            private var renewal: Task<String?, any Error>?
            init(renew: @escaping @Sendable () async throws -> String?) { self.renew = renew }
            func token(refused: Bool) async throws -> String? {
                if let token, !refused { return token }
                if let renewal { return try await renewal.value }
                let started = Task { try await renew() }
                renewal = started
                defer { renewal = nil }
                token = try await started.value
                return token
            }
        }
        let login = Login(renew: renew)
        let client = try Client(relay: relayURL, timeout: .seconds(20), transport: URLSessionTransport()) { refused in
            try await login.token(refused: refused)
        }
        let card = try await client.cards.get(cardNo)
        XCTAssertEqual(card.status, .activated)
        var unsettled: [String] = []
        do {
            let paid = try await client.accounts.ensureTransfer(
                cardholderNo: cardholderNo, transferUniqueNo: tap, type: .in, amount: 25)
            print(paid.value.transferNo)
        } catch {
            if error.outcome == .unknown { unsettled.append(tap) } else { print("not paid: \(error)") }
        }
        XCTAssertEqual(unsettled, [])
        XCTAssertEqual(renewals.value, 1)
    }

    func testEveryCodeOfTheArticlesIsInTheseTests() throws {
        let here = URL(fileURLWithPath: #filePath)
        let source = try String(contentsOf: here, encoding: .utf8)
        let package = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let catalogue = package.appendingPathComponent("Sources/KeySecure/KeySecure.docc")
        var codes = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: catalogue.path) where name.hasSuffix(".md") {
            let article = try String(contentsOf: catalogue.appendingPathComponent(name), encoding: .utf8)
            for part in article.components(separatedBy: "```swift\n").dropFirst() {
                let code = part.components(separatedBy: "```").first ?? ""
                let lines = code.split(separator: "\n")
                let indented = [8, 12].map { depth in
                    lines.map { String(repeating: " ", count: depth) + $0 }.joined(separator: "\n")
                }
                XCTAssertTrue(indented.contains { source.contains($0 + "\n") }, "\(name) has other code:\n\(code)")
                codes += 1
            }
        }
        XCTAssertEqual(codes, 19)
    }

    func testEverySymbolThatTheArticlesNameIsDeclared() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let sources = tests.deletingLastPathComponent().appendingPathComponent("Sources/KeySecure")
        let paths = FileManager.default.enumerator(atPath: sources.path)?.allObjects as? [String] ?? []
        func text(_ suffix: String) throws -> String {
            let files = paths.filter { $0.hasSuffix(suffix) }.map { sources.appendingPathComponent($0) }
            return try files.map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        }
        let (articles, code) = (try text(".md"), try text(".swift"))
        func declares(_ kinds: String, _ name: String) -> Bool {
            code.range(of: "\\b(\(kinds)) \(name)\\b", options: .regularExpression) != nil
        }
        let symbols = articles.matches(of: /``([\w\/:()]+)``/).map { String($0.1) }
        XCTAssertGreaterThan(symbols.count, 50)
        for symbol in Set(symbols) where symbol != "KeySecure" {
            let steps = symbol.split(separator: "/").map { String($0.prefix { $0 != "(" }) }
            XCTAssertTrue(declares("struct|enum|class|protocol", steps[0]), symbol)
            if steps.count > 1 { XCTAssertTrue(declares("let|var|func|case", steps[1]), symbol) }
        }
    }
}
