import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// Own clocks, the time of webhooks, and what warnings carry.
final class ClockTests: XCTestCase {
    private let secret = "0123456789abcdef0123456789abcdef"
    private let then = Date(timeIntervalSince1970: 1_893_553_445)
    private let update = Data(
        #"{"id":"1","action":"Card_update","data":{"card_no":"1","after_status":"Frozen"}}"#.utf8)

    private func signed(at time: Date, appID: String = "app-1", secret: String? = nil) throws -> [String: String] {
        let headers = try WebhookVerifier(appID: appID, secret: secret ?? self.secret).signForTests(timestamp: time, body: update)
        return Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
    }

    func testAVerifierUsesItsOwnClock() async throws {
        let then = then
        let verifier = try WebhookVerifier(appID: "app-1", secrets: [secret], clock: FunctionClock { then })
        let headers = try signed(at: then - 299)
        XCTAssertEqual(try verifier.blocking.verify(headers: headers, body: update).receivedAt, then)
        let received = try await verifier.verify(headers: headers, body: update)
        // The time that it waited for a thread is taken off.
        XCTAssertEqual(received.receivedAt.timeIntervalSince(then), 0, accuracy: 1)
        XCTAssertLessThanOrEqual(received.receivedAt, then)
        let now = try signed(at: Date())
        XCTAssertEqual(try failure { _ = try verifier.blocking.verify(headers: now, body: update) }.rejection, .tooOld)
    }

    func testAClientUsesItsOwnClockUntilItKnowsThePlatforms() async throws {
        let (sandbox, then) = (try startSandbox(), then)
        for awaited in [false, true] {
            let client = try Client(
                apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseURL: sandbox.baseURL, appID: "app-1",
                clock: FunctionClock { then })
            let verifier = try client.webhookVerifier(secrets: [secret])
            let headers = try signed(at: then)
            XCTAssertEqual(try verifier.blocking.verify(headers: headers, body: update).receivedAt, then)
            if awaited { _ = try await client.accessToken() } else { _ = try client.blocking.accessToken() }
            XCTAssertEqual(try failure { _ = try verifier.blocking.verify(headers: headers, body: update) }.rejection, .tooNew)
            let fixed = try client.webhookVerifier(clock: FunctionClock { then - 1 }, secrets: [secret])
            XCTAssertEqual(try fixed.blocking.verify(headers: headers, body: update).receivedAt, then - 1)
        }
    }

    func testAClockThatThrowsIsRefusedAtOnceAndToleratedLater() throws {
        let (fails, then) = (Shared(true), then)
        let clock = FunctionClock {
            if fails.value { throw Failure("s3cr3t") }
            return then
        }
        let refused = try failure { _ = try Client(apiKey: "key", apiSecret: "sixteen-letters!", clock: clock) }
        XCTAssertEqual(refused.kind, .config)
        XCTAssertTrue(refused.message.contains("clock threw KeySecureTests.Failure"), refused.message)
        fails.change { $0 = false }
        let verifier = try WebhookVerifier(appID: "app-1", secrets: [secret], clock: clock)
        fails.change { $0 = true }
        let warnings = RecordedWarnings()
        let received = try verifier.blocking.verify(headers: signed(at: then), body: update)
        XCTAssertTrue((then...then + 60).contains(received.receivedAt), "\(received.receivedAt)")
        try warnings.wait(for: "the clock threw KeySecureTests.Failure")
        XCTAssertFalse(warnings.lines.contains { $0.contains("s3cr3t") }, "\(warnings.lines)")
    }

    func testTheTimeToReplyToAPurchasePasses() throws {
        let before = Date()
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret)
        let received = try verifier.blocking.verify(headers: signed(at: before), body: update)
        XCTAssertTrue((before - 0.001...Date()).contains(received.receivedAt), "\(received.receivedAt)")
        XCTAssertTrue(received.timeLeft > .zero && received.timeLeft <= .milliseconds(800), "\(received.timeLeft)")
        XCTAssertEqual(received.replyBefore.timeIntervalSince(received.receivedAt), 0.8, accuracy: 0.1)
        Thread.sleep(forTimeInterval: 0.85)
        XCTAssertEqual(received.timeLeft, .zero)
    }

    func testTheAppIdOfTheEnvironmentReachesTheVerifier() throws {
        let settings = ["KEYSECURE_API_KEY": "key", "KEYSECURE_API_SECRET": secret, "KEYSECURE_APP_ID": "app-1"]
        for (name, value) in settings { setenv(name, value, 1) }
        defer { settings.keys.forEach { unsetenv($0) } }
        let verifier = try Client.fromEnvironment().webhookVerifier()
        XCTAssertEqual(try verifier.blocking.verify(headers: signed(at: Date()), body: update).id, "1")
    }

    func testAListThatEndsWithADateThatIsOverWarns() async throws {
        let sandbox = try startSandbox()
        // The client's zone is two hours ahead of this machine, where it is 23:00: there, the day is over.
        let offset = TimeZone.autoupdatingCurrent.secondsFromGMT()
        let midnight = ((Date().timeIntervalSince1970 + Double(offset)) / day).rounded(.down) * day - Double(offset)
        let evening = Date(timeIntervalSince1970: midnight + day + 23 * 3600)
        try sandbox.control("POST /clock/advance", ["ms": Int(evening.timeIntervalSinceNow * 1000)])
        let ahead = evening.timeIntervalSinceNow
        let zone = (offset + 7200) / 60
        let client = try Client(
            apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseURL: sandbox.baseURL,
            timezone: "UTC\(zone < 0 ? "-" : "+")\(abs(zone) / 60):\(abs(zone) % 60 < 10 ? "0" : "")\(abs(zone) % 60)",
            clock: FunctionClock { Date() + ahead })
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .autoupdatingCurrent
        let parts = calendar.dateComponents([.year, .month, .day], from: evening)
        let today = CivilDate(year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0)
        let warnings = RecordedWarnings()
        _ = try await client.cards.list(start: evening - 2 * day, end: today).all()
        try warnings.wait(for: "a list ends with \(today), which is today on this machine")
    }

    func testAWarningHasTheLevelOfItsCauseAndItsParts() async throws {
        let sandbox = try startSandbox()
        let holder = try sandbox.cardholder()
        let (warnings, lines) = (Shared<[Warning]>([]), Shared<[LogLevel]>([]))
        Warnings.receive { warning in warnings.change { $0.append(warning) } }
        let observer = LogObserver(levels: { level, line in
            if line.contains("accounts.transfer") { lines.change { $0.append(level) } }
        })
        let client = try sandbox.client(maxRetries: 0, observer: observer)
        try sandbox.fault(["code": 4005], on: "accounts.transfer")
        _ = try failure {
            _ = try client.blocking.accounts.transfer(cardholderNo: holder, transferUniqueNo: "t-1", type: .in, amount: 5)
        }
        try sandbox.fault("drop_after_commit", on: "accounts.transfer")
        _ = try await failure {
            _ = try await client.accounts.transfer(cardholderNo: holder, transferUniqueNo: "t-1", type: .in, amount: 5)
        }
        let calls = warnings.value.filter { $0["operation"] == "accounts.transfer" }
        XCTAssertEqual(calls.map(\.level), [.warning, .error])
        XCTAssertEqual(calls.map { $0["outcome"] }, ["rejected", "unknown"])
        XCTAssertEqual(calls.map { $0["code"] }, ["4005", nil])
        XCTAssertEqual(lines.value, [.debug, .warning, .debug, .error])
    }

    func testAModelReadsThePlatformsFormAndItsOwn() throws {
        let text = #"{"card_no":"c-1","card_type":"Virtual","status":"Under_review","time":1763812800123,"new_field":{"a":1}}"#
        let card = try Card(json: JSON(text))
        XCTAssertEqual(card.status.text, "Under_review")
        XCTAssertEqual(try XCTUnwrap(card.time).timeIntervalSince1970, 1_763_812_800.123, accuracy: 0.0001)
        XCTAssertEqual(card.extra.names, ["new_field"])
        XCTAssertEqual(try Card(json: card.json), card)
        XCTAssertEqual(try JSONDecoder().decode(Card.self, from: Data(text.utf8)), card)
        XCTAssertEqual(try JSONDecoder().decode(Card.self, from: JSONEncoder().encode(card)), card)
        XCTAssertEqual(try failure { _ = try Card(json: "{}") }.kind, .invalidInput)
    }
}
