import Foundation
import KeySecure
import XCTest

private let card = #"{"card_no":"c1","cardholder_no":"1001","status":"Activated"}"#
private let secrets = #"{"card_no":"c1","pan":"4111111111111111","cvv":"739","exp_year":"2028","exp_month":"12"}"#
private let transferred = #"{"transfer_no":"t1","transfer_unique_no":"tap-1"}"#
private let ensured = #"{"value":\#(transferred),"created":true}"#

/// The client of a relay: its requests, and the outcomes of relays that fail.
final class RelayTests: XCTestCase {
    private func relay(_ respond: @escaping @Sendable (RelayRequest, Int) -> String) throws -> TestRelay {
        let relay = try TestRelay(respond)
        addTeardownBlock { relay.stop() }
        return relay
    }

    /// With the responses one after the other, then the last one for ever.
    private func responding(_ responses: [String]) throws -> TestRelay {
        try self.relay { _, number in responses[min(number, responses.count - 1)] }
    }

    /// A client over each transport.
    private func clients(_ relay: TestRelay) throws -> [(name: String, client: Client)] {
        try [nil, URLSessionTransport()].map { transport in
            let client = try Client(relay: relay.url, timeout: .seconds(20), transport: transport) { _ in "session-1" }
            return (transport == nil ? "built-in" : "URLSession", client)
        }
    }

    private func send(_ client: Client) throws {
        _ = try client.blocking.accounts.transfer(
            cardholderNo: "1001", transferUniqueNo: "tap-1", type: .out, amount: 25)
    }

    func testRequestsHaveTheDocumentedForm() async throws {
        for number in 0...1 {
            let relay = try self.relay { request, _ in
                switch request.operation {
                case "cards.get": return success(card)
                case "cards.set_pin", "cards.update_status", "cards.activate": return success(#"{"result":true}"#)
                case "cards.private_info": return success(secrets)
                case "accounts.transfer": return success(transferred)
                default: return success(#"{"list":[]}"#)
                }
            }
            let (name, client) = try clients(relay)[number]
            let awaited = try await client.cards.get("c1")
            XCTAssertEqual(awaited, try client.blocking.cards.get("c1"), name)
            try await client.cards.setPIN(cardNo: "c1", cardholderNo: "1001", pin: "739251")
            try await client.cards.freeze("c1")
            try await client.cards.activate(cardNo: "c1", cardholderNo: "1001", cvv: "739", cardLastNo: "1111")
            let revealed = try await client.cards.privateInfo("c1")
            XCTAssertEqual([revealed.exposePAN(), revealed.exposeCVV()], ["4111111111111111", "739"])
            let done = try await client.accounts.transfer(
                cardholderNo: "1001", transferUniqueNo: "tap-1", type: .out, amount: 25)
            XCTAssertEqual(done.transferNo, "t1")
            let day = CivilDate(year: 2026, month: 5, day: 1)
            let rows = try await client.cards.list(in: day...day).all()
            XCTAssertEqual(rows, [])

            let window = #""start_time":"2026-05-01 00:00:00","end_time":"2026-05-01 23:59:59","page":0,"size":100"#
            let expected = [
                ("cards.get", #"{"card_no":"c1"}"#, false), ("cards.get", #"{"card_no":"c1"}"#, false),
                ("cards.set_pin", #"{"card_no":"c1","cardholder_no":"1001","pin":"739251"}"#, true),
                ("cards.update_status", #"{"card_no":"c1","status":"Frozen"}"#, true),
                ("cards.activate", #"{"card_no":"c1","cardholder_no":"1001","cvv":"739","card_last_no":"1111"}"#, true),
                ("cards.private_info", #"{"card_no":"c1"}"#, false),
                (
                    "accounts.transfer",
                    #"{"cardholder_no":"1001","transfer_unique_no":"tap-1","type":"Out","balance":"25"}"#, false
                ),
                ("cards.list", "{\(window)}", false),
            ]
            XCTAssertEqual(relay.requests.count, expected.count, name)
            for (request, (operation, body, hasTap)) in zip(relay.requests, expected) {
                XCTAssertEqual(request.line, "POST /app/v1/\(operation) HTTP/1.1", name)
                XCTAssertEqual(request.body, body, "\(name) \(operation)")
                XCTAssertEqual(request.session, "Bearer session-1", "\(name) \(operation)")
                XCTAssertEqual(request.headers["idempotency-key"] != nil, hasTap, "\(name) \(operation)")
                for header in ["api-key", "access-token", "timestamp", "cookie"] {
                    XCTAssertNil(request.headers[header], "\(name) \(operation)")
                }
            }
            XCTAssertEqual(relay.requests.last?.headers["timezone"], "UTC+8")
        }
    }

    func testATapOfTheCallerIsSentAsItIs() async throws {
        let relay = try responding([success(#"{"result":true}"#)])
        let client = try clients(relay)[0].client
        try await client.cards.freeze("c1", tap: "tap-1")
        try await client.cards.unfreeze("c1", tap: "tap-1")
        try await client.cards.delete("c1", tap: "tap-1")
        try await client.cards.updateStatus(cardNo: "c1", status: .frozen, tap: "tap-1")
        try await client.cards.setPIN(cardNo: "c1", cardholderNo: "1001", pin: "739251", tap: "tap-1")
        try client.blocking.cards.activate(
            cardNo: "c1", cardholderNo: "1001", cvv: "739", cardLastNo: "1111", tap: "tap-1")
        XCTAssertEqual(relay.requests.map { $0.headers["idempotency-key"] }, Array(repeating: "tap-1", count: 6))
        let direct = try Client(apiKey: "key", apiSecret: "0123456789abcdef", baseURL: relay.url.absoluteString)
        for (client, tap) in [(client, ""), (client, "a b"), (direct, "tap-1")] {
            XCTAssertThrowsError(try client.blocking.cards.freeze("c1", tap: tap)) { error in
                let error = error as? KeySecureError
                XCTAssertEqual(error?.outcome, .notSent)
                XCTAssertEqual(error?.field, "tap")
            }
        }
        XCTAssertEqual(relay.requests.count, 6)
    }

    func testTheSettingsOfAClientReachTheRelay() throws {
        let relay = try responding([success(#"{"list":[]}"#)])
        let calls = Shared(0)
        let client = try Client(
            relay: relay.url, timeout: .seconds(20), connectTimeout: .seconds(5), maxRetries: 0, language: .chinese,
            timezone: "UTC", observer: CallCounter(calls), clock: FunctionClock { Date() }
        ) { _ in "session-1" }
        _ = try client.blocking.cards.listPage(in: .last(days: 1), size: 10)
        XCTAssertEqual(relay.requests.first?.headers["timezone"], "UTC+0")
        XCTAssertEqual(relay.requests.first?.headers["language"], "zh_CN")
        XCTAssertEqual(calls.value, 1)
        let error = try failure { _ = try Client(relay: URL(string: "http://api.shop.example/app")!) { _ in "session-1" } }
        XCTAssertEqual([error.kind == .config, error.message.contains("https")], [true, true], "\(error)")
        let url = URL(string: "http://relay.test/app")!
        XCTAssertNoThrow(try Client(relay: url, allowPlainHTTP: ["relay.test"]) { _ in "session-1" })
    }

    func testTheOutcomeIsTheRelaysOnlyIfARelayWroteIt() throws {
        let html = response("502 Bad Gateway", "<html>", type: "text/html")
        let table: [(response: String, kind: ErrorKind, outcome: Outcome)] = [
            (refusal("403 Forbidden", "permission", "rejected"), .permission, .rejected),
            (refusal("404 Not Found", "not_found", "rejected"), .notFound, .rejected),
            (refusal("409 Conflict", "conflict", "not_sent"), .conflict, .notSent),
            (refusal("502 Bad Gateway", "timeout", "unknown"), .timeout, .unknown),
            (response("200 OK", #"{"code":2002,"msg":"no cardholder"}"#), .invalidResponse, .unknown),
            (response("404 Not Found", #"{"code":404,"error":"not found"}"#), .invalidResponse, .unknown),
            (response("403 Forbidden", "<html>", type: "text/html"), .permission, .unknown),
            (html, .invalidResponse, .unknown),
            ("", .transport, .unknown),
        ]
        for (response, kind, outcome) in table {
            let relay = try responding([response])
            for (name, client) in try clients(relay) {
                let error = try failure { try send(client) }
                XCTAssertEqual(error.kind, kind, "\(name): \(error) \(response)")
                XCTAssertEqual(error.outcome, outcome, "\(name): \(error) \(response)")
                XCTAssertEqual(error.operation, "accounts.transfer")
                XCTAssertEqual(error.attempts, 1)
            }
            XCTAssertEqual(relay.requests.count, 2, "a transfer is sent once: \(response)")
        }
    }

    func testAnExactlyOnceCallIsSentAgainAfterABrokenConnection() async throws {
        for broken in ["", response("502 Bad Gateway", "<html>", type: "text/html")] {
            for number in 0...1 {
                let relay = try responding([broken, success(ensured)])
                let (name, client) = try clients(relay)[number]
                let done = try await client.accounts.ensureTransfer(
                    cardholderNo: "1001", transferUniqueNo: "tap-1", type: .out, amount: 25)
                XCTAssertTrue(done.created, name)
                XCTAssertEqual(done.value.transferNo, "t1", name)
                let requests = relay.requests
                XCTAssertEqual(requests.map(\.operation), ["accounts.ensure_transfer", "accounts.ensure_transfer"], name)
                XCTAssertEqual(Set(requests.map(\.body)).count, 1, name)
            }
        }
    }

    func testALaterRefusalDoesNotSettleAnUnknownAttempt() async throws {
        let relay = try responding(["", refusal("403 Forbidden", "permission", "rejected")])
        let client = try clients(relay)[0].client
        let error = try await failure {
            _ = try await client.accounts.ensureTransfer(
                cardholderNo: "1001", transferUniqueNo: "tap-1", type: .out, amount: 25)
        }
        XCTAssertEqual(error.outcome, .unknown, "\(error)")
    }

    func testWhatNoRelayServesIsRefusedBeforeAnythingIsSent() async throws {
        let relay = try responding([success(card)])
        let client = try clients(relay)[0].client
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await client.accessToken() },
            { _ = try await client.call(method: .post, path: "/v1/card/list") },
            { _ = try await client.cardholders.apply(cardholderUniqueNo: "u", sumsubShareToken: "s") },
            { _ = try await client.cardholders.ensureCardholder(cardholderUniqueNo: "u", sumsubShareToken: "s") },
            { _ = try await client.simulation.auth(cardNo: "c1", amount: 1) },
            { _ = try client.webhookVerifier() },
        ]
        for (number, call) in calls.enumerated() {
            let error = try await failure { try await call() }
            XCTAssertEqual(error.kind, .config, "\(number): \(error)")
            XCTAssertEqual(error.outcome, .notSent, "\(number): \(error)")
        }
        let report = await client.doctor()
        XCTAssertFalse(report.isHealthy)
        XCTAssertEqual(relay.requests.count, 0)
    }

    func testNeitherSessionNorSecretsArePrinted() throws {
        let relay = try self.relay { request, _ in
            request.operation == "cards.private_info" ? success(secrets) : refusal("403 Forbidden", "permission", "rejected")
        }
        let (output, token) = (Shared<[String]>([]), "canary-session-token")
        Warnings.send { line in output.change { $0.append(line) } }
        final class Kept: Session {
            let kept: String
            init(_ kept: String) { self.kept = kept }
            func token(refused: Bool) -> String? { kept }
        }
        let log = LogObserver { line in output.change { $0.append(line) } }
        let clients = [
            try Client(relay: relay.url, session: Kept(token), observer: log),
            try Client(relay: relay.url, observer: log) { _ in token },
            try Client(relay: relay.url, observer: log) { _ in
                await Task.yield()
                return token
            },
        ]
        for client in clients {
            let error = try failure {
                try client.blocking.cards.setPIN(cardNo: "c1", cardholderNo: "1001", pin: "739251")
            }
            let revealed = try client.blocking.cards.privateInfo("c1")
            for value in [client, client.blocking, client.cards, client.accounts.blocking, error, revealed] as [Any] {
                var dumped = ""
                dump(value, to: &dumped)
                let children = Mirror(reflecting: value).children.map { "\($0.value)" }.joined()
                output.change { $0 += ["\(value)", String(reflecting: value), dumped, children] }
            }
        }
        XCTAssertEqual(relay.requests.map(\.session), Array(repeating: "Bearer \(token)", count: 6))
        for secret in [token, "739251", "4111111111111111", "739"] {
            XCTAssertEqual(output.value.filter { $0.contains(secret) }, [], secret)
        }
        XCTAssertGreaterThan(output.value.count, 70)
    }
}
