import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// Plants secrets, prints everything that can be printed, and searches the output for them.
final class SecretTests: XCTestCase {
    private let apiSecret = "canarySECRETcanarySECRET01234567"
    private let shareToken = "auto-approve-canary-share-93"
    private let pin = "739251"

    private var output: [(String, String)] = []

    /// Prints a value in every way that Swift has.
    private func add(_ what: String, _ value: Any) {
        var dumped = ""
        dump(value, to: &dumped)
        let mirror = Mirror(reflecting: value).children.map { "\($0.label ?? ""): \($0.value)" }.joined(separator: "\n")
        var texts = ["\(value)", String(reflecting: value), dumped, mirror, "\([value])", "\(Optional(value) as Any)"]
        if let error = value as? any Error {
            texts += [error.localizedDescription, "\((error as NSError).userInfo)", "\(error as NSError)"]
        }
        output += texts.map { (what, $0) }
    }

    /// Prints the result of a call, or its error.
    @discardableResult
    private func printed<Output>(_ what: String, _ call: () throws -> Output) -> Output? {
        do {
            let result = try call()
            add(what, result)
            return result
        } catch {
            add(what, error)
            return nil
        }
    }

    func testTheSearchFindsSecrets() {
        XCTAssertTrue(holds(#""cvv":"417""#, "417") && holds("417", "417") && holds("a \(apiSecret) b", apiSecret))
        XCTAssertFalse(holds("http_status=4170", "417") || holds("x, 417 ms", "417") || holds("1.417", "417"))
        add("a pin", ["pin \(pin)"])
        XCTAssertEqual(leaks(["the PIN": pin]).count, output.count)
    }

    func testNoSecretIsPrintedByAnyCallValueOrLog() throws {
        let sandbox = try startSandbox(options: ["--seed", "93", "--api-secret", apiSecret])
        let lines = Shared<[String]>([])
        let client = try sandbox.client(observer: LogObserver { line in lines.change { $0.append(line) } })
        let tokens = try allCalls(client, sandbox)
        output += lines.value.map { ("the log", $0) }
        XCTAssertGreaterThan(output.count, 150)
        check(try secrets(sandbox, tokens + [client.blocking.accessToken().expose()]))
    }

    func testNoSecretIsPrintedUnderAnyFault() throws {
        let sandbox = try startSandbox(options: ["--seed", "93", "--api-secret", apiSecret])
        let client = try sandbox.client(maxRetries: 0)
        let token = try client.blocking.accessToken().expose()
        let faults: [Any] = [
            "truncate", "malformed", "wrong_type", "wrong_field_types", "missing_data", "html", "deep_nesting", "invalid_utf8",
            "redirect", "drop_after_commit", ["code": 1004], "expired_token", ["http_status": [502, NSNull()]],
        ]
        for kind in faults {
            try sandbox.control("POST /faults", ["kind": kind, "times": 1000])
            _ = try allCalls(client, sandbox)
            try sandbox.control("POST /faults/clear")
        }
        check(try secrets(sandbox, [token]))
    }

    func testRequestsAndResponsesOfATransportPrintNoSecrets() throws {
        let seen = Shared<[HTTPRequest]>([])
        let transport = InMemoryTransport { request in
            seen.change { $0.append(request) }
            return #"{"card_no":"4556737586899855"}"#
        }
        let client = try Client(
            apiKey: "canary-api-key-7Q", apiSecret: apiSecret, baseURL: "http://127.0.0.1:1", transport: transport)
        printed("a call") { try client.blocking.cards.setPIN(cardNo: "1", cardholderNo: "2", pin: pin) }
        printed("a PAN in free text") { try client.blocking.cards.get("1") }
        let request = try XCTUnwrap(seen.value.first)
        add("a request", request)
        add("a response", try transport.send(request: request))
        request.headers.forEach { add("a header", $0) }
        printed("a client with a proxy") {
            try Client(
                apiKey: "canary-api-key-7Q", apiSecret: apiSecret, proxy: "http://user:canary-password@127.0.0.1:9")
        }
        add("a client", client)
        add("json", JSON(#"{"cvv":"417"}"#))
        check([
            "the Api-Key": "canary-api-key-7Q", "the apiSecret": apiSecret, "the PIN": pin, "the token": "in-memory",
            "the proxy's password": "canary-password", "json": "417",
        ])
    }

    /// Makes all calls and prints their arguments and results. Returns the client tokens.
    private func allCalls(_ client: Client, _ sandbox: Sandbox) throws -> [String] {
        let holder = try sandbox.cardholder()
        let physical = try sandbox.text("card_no", of: "POST /seed/physical_card", ["cardholder_no": holder])
        let cvv = try sandbox.text("cvv", of: "POST /cards/secrets_for_tests", ["card_no": physical])
        let (start, end) = (Date() - day, Date() + day)
        let (cards, cardholders, accounts) = (client.blocking.cards, client.blocking.cardholders, client.blocking.accounts)
        printed("access_token") { try client.blocking.accessToken() }
        printed("cardholders.apply") {
            try cardholders.apply(cardholderUniqueNo: "canary-customer", sumsubShareToken: shareToken)
        }
        printed("cardholders.get") { try cardholders.get(holder) }
        printed("cardholders.list") { try cardholders.list(start: start, end: end).all() }
        let application = ApplyCard(
            cardholderNo: holder, cardUniqueNo: "canary-card", cardType: .virtual, packageNo: "1600000000000000101")
        add("ApplyCard", application)
        printed("cards.apply") { try cards.apply(application) }
        printed("cards.list") { try cards.list(start: start, end: end).all() }
        let last = printed("cards.get") { try cards.get(physical) }?.cardLastNo
        printed("cards.activate") {
            try cards.activate(cardNo: physical, cardholderNo: holder, cvv: cvv, cardLastNo: last ?? "0000")
        }
        printed("cards.set_pin") { try cards.setPIN(cardNo: physical, cardholderNo: holder, pin: pin) }
        printed("cards.set_pin, refused") { try cards.setPIN(cardNo: physical, cardholderNo: holder, pin: pin + "1") }
        let secrets = printed("cards.private_info") { try cards.privateInfo(physical) }
        secrets.map { add("masked", $0.maskedPAN) }
        let token = printed("pci.client_token") { try client.blocking.pci.clientToken(physical) }
        printed("pci.card_detail") {
            try client.blocking.pci.cardDetail(
                clientAccessToken: token?.expose() ?? "x", origin: "o", parentOrigin: "p", nonce: "n")
        }
        let moved = Transfer(cardholderNo: holder, transferUniqueNo: "canary-move", type: .in, amount: 1_000_000)
        add("Transfer", moved)
        printed("accounts.transfer") { try accounts.transfer(moved) }
        printed("accounts.get") { try accounts.get(holder) }
        printed("accounts.transfers") { try accounts.transfers(start: start, end: end).all() }
        printed("cards.packages") { try cards.packages().all() }
        let bought = printed("simulation.auth") { try client.blocking.simulation.auth(cardNo: physical, amount: 1_000) }
        printed("simulation.refund") { try client.blocking.simulation.refund(consumeRelateNo: bought?.consumeNo) }
        printed("consumptions.list") { try client.blocking.consumptions.list(start: start, end: end).all() }
        printed("doctor") { client.blocking.doctor(cardNo: physical) }
        add("the client", client)
        return token.map { [$0.expose()] } ?? []
    }

    /// Returns all secrets that exist now.
    private func secrets(_ sandbox: Sandbox, _ tokens: [String]) throws -> [String: String] {
        var secrets = ["the Api-Key": sandbox.apiKey, "the apiSecret": apiSecret, "the share token": shareToken, "the PIN": pin]
        for (number, token) in tokens.enumerated() { secrets["token \(number)"] = token }
        for card in try sandbox.object("GET /state")["cards"] as? [[String: Any]] ?? [] {
            guard let number = card["card_no"] as? String else { continue }
            let own = try sandbox.object("POST /cards/secrets_for_tests", ["card_no": number])
            secrets["the PAN of \(number)"] = own["pan"] as? String
            let cvv = own["cvv"] as? String
            XCTAssertFalse(["200", "307", "502"].contains(cvv), "use another seed: this CVV is also an HTTP status")
            secrets["the CVV of \(number)"] = cvv
        }
        XCTAssertGreaterThan(secrets.count, 6)
        return secrets
    }

    private func check(_ secrets: [String: String], line: UInt = #line) {
        let leaks = leaks(secrets)
        XCTAssertEqual(leaks.count, 0, "the first leaks: \(leaks.prefix(3))", line: line)
    }

    private func leaks(_ secrets: [String: String]) -> [String] {
        output.flatMap { what, text in
            secrets.filter { holds(text, $0.value) }.map { "\($0.key) in \(what): \(text)" }
        }
    }

    /// Whether the text contains the secret. Short digits count only as a complete group of digits.
    private func holds(_ text: String, _ secret: String) -> Bool {
        if secret.count > 8 { return text.contains(secret) }
        var rest = text[...]
        while let found = rest.range(of: secret) {
            let before = text[..<found.lowerBound].last, after = text[found.upperBound...]
            let joins = { (letter: Character?) in letter.map { $0.isNumber || $0 == "." } ?? false }
            if !joins(before) && !joins(after.first) && !after.hasPrefix(" ms") { return true }
            rest = text[found.upperBound...]
        }
        return false
    }
}
