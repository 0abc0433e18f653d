import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// The canary: planted secrets, everything that can be printed, and a search.
final class SecretTests: XCTestCase {
    private let apiSecret = "canarySECRETcanarySECRET01234567"
    private let shareToken = "auto-approve-canary-share-93"
    private let pin = "739251"

    private var heap: [(String, String)] = []

    /// Everything that Swift can print of a value.
    private func add(_ what: String, _ value: Any) {
        var dumped = ""
        dump(value, to: &dumped)
        let mirror = Mirror(reflecting: value).children.map { "\($0.label ?? ""): \($0.value)" }.joined(separator: "\n")
        var texts = ["\(value)", String(reflecting: value), dumped, mirror, "\([value])", "\(Optional(value) as Any)"]
        if let error = value as? any Error {
            texts += [error.localizedDescription, "\((error as NSError).userInfo)", "\(error as NSError)"]
        }
        heap += texts.map { (what, $0) }
    }

    /// What a call gives, or the error it ends with.
    @discardableResult
    private func made<Answer>(_ what: String, _ call: () throws -> Answer) -> Answer? {
        do {
            let answer = try call()
            add(what, answer)
            return answer
        } catch {
            add(what, error)
            return nil
        }
    }

    func testTheSearchFindsWhatItShould() {
        XCTAssertTrue(holds(#""cvv":"417""#, "417") && holds("417", "417") && holds("a \(apiSecret) b", apiSecret))
        XCTAssertFalse(holds("http_status=4170", "417") || holds("x, 417 ms", "417") || holds("1.417", "417"))
        add("a pin", ["pin \(pin)"])
        XCTAssertEqual(leaks(["the PIN": pin]).count, heap.count)
    }

    func testNoSecretIsPrintedByAnyCallAnyValueOrAnyLog() throws {
        let sandbox = try startSandbox(options: ["--seed", "93", "--api-secret", apiSecret])
        let lines = Shared<[String]>([])
        let client = try sandbox.client(observer: LogObserver { line in lines.change { $0.append(line) } })
        let tokens = try allCalls(client, sandbox)
        heap += lines.value.map { ("the log", $0) }
        XCTAssertGreaterThan(heap.count, 150)
        check(try secrets(sandbox, tokens + [client.accessToken().expose()]))
    }

    func testNoSecretIsPrintedUnderAnyFault() throws {
        let sandbox = try startSandbox(options: ["--seed", "93", "--api-secret", apiSecret])
        let client = try sandbox.client(maxRetries: 0)
        let token = try client.accessToken().expose()
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

    func testRequestsAndAnswersOfATransportDoNotPrintThemselves() throws {
        let seen = Shared<[HttpRequest]>([])
        let transport = AnswersInMemory { request in
            seen.change { $0.append(request) }
            return #"{"card_no":"4556737586899855"}"#
        }
        let client = try Client(
            apiKey: "canary-api-key-7Q", apiSecret: apiSecret, baseUrl: "http://127.0.0.1:1", transport: transport)
        made("a call") { try client.cards().setPin(cardNo: "1", cardholderNo: "2", pin: pin) }
        made("a PAN in free text") { try client.cards().get(cardNo: "1") }
        let request = try XCTUnwrap(seen.value.first)
        add("a request", request)
        add("an answer", try transport.send(request: request))
        request.headers.forEach { add("a header", $0) }
        let planted = ClientOptions(proxy: "http://user:canary-password@127.0.0.1:9", caPem: "canary-pem")
        add("options", planted)
        add("a client", client)
        add("json", Json(#"{"cvv":"417"}"#))
        check([
            "the Api-Key": "canary-api-key-7Q", "the apiSecret": apiSecret, "the PIN": pin, "the token": "in-memory",
            "the proxy's password": "canary-password", "json": "417",
        ])
    }

    /// Makes all calls and prints all that goes in and comes out. Gives the client tokens.
    private func allCalls(_ client: Client, _ sandbox: Sandbox) throws -> [String] {
        let holder = try sandbox.cardholder()
        let physical = try sandbox.text("card_no", of: "POST /seed/physical_card", ["cardholder_no": holder])
        let cvv = try sandbox.text("cvv", of: "POST /cards/secrets_for_tests", ["card_no": physical])
        let (start, end) = (Date() - day, Date() + day)
        let (cards, cardholders, accounts) = (client.cards(), client.cardholders(), client.accounts())
        made("access_token") { try client.accessToken() }
        made("cardholders.apply") { try cardholders.apply(cardholderUniqueNo: "canary-customer", sumsubShareToken: shareToken) }
        made("cardholders.get") { try cardholders.get(cardholderNo: holder) }
        made("cardholders.list") { try cardholders.list(start: start, end: end).all() }
        let application = ApplyCard(
            cardholderNo: holder, cardUniqueNo: "canary-card", cardType: .virtual, packageNo: "1600000000000000101")
        add("ApplyCard", application)
        made("cards.apply") { try cards.apply(request: application) }
        made("cards.list") { try cards.list(start: start, end: end).all() }
        let last = made("cards.get") { try cards.get(cardNo: physical) }?.cardLastNo
        made("cards.activate") {
            try cards.activate(cardNo: physical, cardholderNo: holder, cvv: cvv, cardLastNo: last ?? "0000")
        }
        made("cards.set_pin") { try cards.setPin(cardNo: physical, cardholderNo: holder, pin: pin) }
        made("cards.set_pin, refused") { try cards.setPin(cardNo: physical, cardholderNo: holder, pin: pin + "1") }
        let secrets = made("cards.private_info") { try cards.privateInfo(cardNo: physical) }
        secrets.map { add("masked", $0.maskedPan()) }
        let token = made("pci.client_token") { try client.pci().clientToken(cardNo: physical) }
        made("pci.card_detail") {
            try client.pci().cardDetail(clientAccessToken: token?.expose() ?? "x", origin: "o", parentOrigin: "p", nonce: "n")
        }
        let moved = Transfer(cardholderNo: holder, transferUniqueNo: "canary-move", type: .in, amount: 1_000_000)
        add("Transfer", moved)
        made("accounts.transfer") { try accounts.transfer(request: moved) }
        made("accounts.get") { try accounts.get(cardholderNo: holder) }
        made("accounts.transfers") { try accounts.transfers(start: start, end: end).all() }
        made("cards.packages") { try cards.packages().all() }
        let bought = made("simulation.auth") { try client.simulation().auth(cardNo: physical, amount: 1_000) }
        made("simulation.refund") { try client.simulation().refund(consumeRelateNo: bought?.consumeNo) }
        made("consumptions.list") { try client.consumptions().list(start: start, end: end).all() }
        made("doctor") { client.doctor(cardNo: physical) }
        add("the client", client)
        return token.map { [$0.expose()] } ?? []
    }

    /// All secrets there are by now.
    private func secrets(_ sandbox: Sandbox, _ tokens: [String]) throws -> [String: String] {
        var secrets = ["the Api-Key": sandbox.apiKey, "the apiSecret": apiSecret, "the share token": shareToken, "the PIN": pin]
        for (number, token) in tokens.enumerated() { secrets["token \(number)"] = token }
        for card in try sandbox.object("GET /state")["cards"] as? [[String: Any]] ?? [] {
            guard let number = card["card_no"] as? String else { continue }
            let own = try sandbox.object("POST /cards/secrets_for_tests", ["card_no": number])
            secrets["the PAN of \(number)"] = own["pan"] as? String
            let cvv = own["cvv"] as? String
            XCTAssertFalse(["200", "307", "502"].contains(cvv), "take another seed: this CVV is an HTTP status too")
            secrets["the CVV of \(number)"] = cvv
        }
        XCTAssertGreaterThan(secrets.count, 6)
        return secrets
    }

    private func check(_ secrets: [String: String], line: UInt = #line) {
        let leaks = leaks(secrets)
        XCTAssertEqual(leaks.count, 0, "the first: \(leaks.prefix(3))", line: line)
    }

    private func leaks(_ secrets: [String: String]) -> [String] {
        heap.flatMap { what, text in
            secrets.filter { holds(text, $0.value) }.map { "\($0.key) in \(what): \(text)" }
        }
    }

    /// Whether the text holds the secret. A short one of digits counts only as a whole group of digits.
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
