import Foundation
import KeySecure
import XCTest

final class WebhookTests: XCTestCase {
    private let secret = "0123456789abcdef0123456789abcdef"
    private let body = Data(
        #"{"id":"evt-1","action":"Card_update","data":{"card_no":"k1","before_status":"Pending","after_status":"Activated","time":1763812800123}}"#
            .utf8)
    private let purchase = Data(
        #"{"id":"evt-2","action":"Auth","data":{"consume_no":"c1","card_no":"k1","cardholder_no":"h1","type":"Consumption","amount":10.50,"time":1763812800123}}"#
            .utf8)

    private func signed(_ body: Data, at time: Date = Date()) throws -> [String: String] {
        let headers = try WebhookVerifier(appId: "app-1", secret: secret).signForTests(timestamp: time, body: body)
        return Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
    }

    func testACallbackThatIsSignedIsTyped() throws {
        let received = try WebhookVerifier(appId: "app-1", secret: secret).verify(headers: signed(body), body: body)
        XCTAssertEqual(received.id(), "evt-1")
        XCTAssertEqual(received.secret(), 0)
        guard case let .cardUpdate(data) = received.event() else { return XCTFail("\(received)") }
        XCTAssertEqual(data.cardNo, "k1")
        XCTAssertEqual(data.afterStatus, .activated)
    }

    func testHeadersAreFoundWithoutRegardToCase() throws {
        let headers = Dictionary(uniqueKeysWithValues: try signed(body).map { ($0.key.lowercased(), $0.value) })
        XCTAssertEqual(try WebhookVerifier(appId: "app-1", secret: secret).verify(headers: headers, body: body).id(), "evt-1")
    }

    func testWhatIsForgedOldOrPlayedAgainIsOneTypedRejection() throws {
        let verifier = try WebhookVerifier(appId: "app-1", secret: secret, replayStore: ReplayStore.memory(capacity: 100))
        let good = try signed(body)
        var forged = body
        forged[forged.count - 3] ^= 1
        let cases: [(String, [String: String], Data, Rejection)] = [
            ("forged", good, forged, .wrongSignature), ("old", try signed(body, at: Date() - 1000), body, .tooOld),
            ("ahead", try signed(body, at: Date() + 1000), body, .tooNew), ("bare", [:], body, .missingHeader),
        ]
        for (name, headers, body, rejection) in cases {
            let error = try failure { _ = try verifier.verify(headers: headers, body: body) }
            XCTAssertEqual(error.kind, .webhook, name)
            XCTAssertEqual(error.rejection, rejection, name)
        }
        _ = try verifier.verify(headers: good, body: body)
        XCTAssertEqual(try failure { _ = try verifier.verify(headers: good, body: body) }.rejection, .replayed)
    }

    func testWhatCouldNotBeHandledIsNewWhenItComesAgainAndWhatWasHandledIsTold() throws {
        let verifier = try WebhookVerifier(appId: "app-1", secret: secret, replayStore: ReplayStore.memory(capacity: 100))
        let headers = try signed(body)
        do { _ = try verifier.claim(headers: headers, body: body) }  // let go: not handled
        let claim = try verifier.claim(headers: headers, body: body)
        guard case .cardUpdate = claim.received().event() else { return XCTFail("\(claim.received())") }
        XCTAssertEqual(try failure { _ = try verifier.claim(headers: headers, body: body) }.rejection, .inProgress)
        XCTAssertTrue(claim.finish())
        XCTAssertEqual(try failure { _ = try verifier.claim(headers: headers, body: body) }.rejection, .replayed)
        XCTAssertEqual(replyAgain(body: body), replyAccept())
        XCTAssertTrue(replyAgain(body: purchase).contains(#""code":1"#), "no replay approves a purchase")
    }

    func testAnythingHostileIsATypedRejection() throws {
        let verifier = try WebhookVerifier(appId: "app-1", secret: secret)
        let bodies = [Data(), Data([0, 0xff, 0xfe]), Data(repeating: 0x5b, count: 100_000), Data(count: (1 << 20) + 1)]
        for (number, body) in bodies.enumerated() {
            for headers in [try signed(self.body), ["Timestamp": "\u{0}١", "Signature": "é", "Sign-Version": "V9"]] {
                XCTAssertEqual(
                    try failure { _ = try verifier.verify(headers: headers, body: body) }.kind, .webhook, "body \(number)")
            }
        }
    }

    func testSeveralSecretsServeWhileOneIsReplaced() throws {
        let verifier = try WebhookVerifier(appId: "app-1", secrets: ["another-secret-another-secret-00", secret])
        XCTAssertEqual(try verifier.verify(headers: signed(body), body: body).secret(), 1)
    }

    func testAStoreOfTheMerchantsThatThrowsRejects() throws {
        final class Broken: ReplayMemory {
            func insert(key: String, value: String, keep: TimeInterval) throws -> String? { throw Failure("down") }
            func get(key: String) throws -> String? { throw Failure("down") }
            func remove(key: String) throws { throw Failure("down") }
        }
        let store = ReplayStore.own(memory: Broken())
        let verifier = try WebhookVerifier(appId: "app-1", secret: secret, replayStore: store)
        XCTAssertEqual(try failure { _ = try verifier.verify(headers: signed(body), body: body) }.kind, .webhook)
        let lenient = try WebhookVerifier(appId: "app-1", secrets: [secret], replayStore: store, acceptWhenUnavailable: true)
        XCTAssertEqual(try lenient.verify(headers: signed(body), body: body).id(), "evt-1")
    }

    func testARespondersDecisionIsTheReply() throws {
        let received = try WebhookVerifier(appId: "app-1", secret: secret).verify(headers: signed(purchase), body: purchase)
        let limit = Responder { $0.amount > 10 ? .decline(reason: "over the limit") : .approve }
        XCTAssertEqual(limit.respond(received: received), try replyDecline(message: "over the limit"))
        XCTAssertEqual(Responder { _ in .approve }.respond(received: received), replyAccept())
        let throwing = Responder(otherwise: .approve) { _ in throw Failure("no decision") }
        XCTAssertEqual(throwing.respond(received: received), replyAccept())
        let late = Responder(otherwise: .decline(reason: "late"), budget: 0.05) { _ in
            Thread.sleep(forTimeInterval: 1)
            return .approve
        }
        XCTAssertEqual(late.respond(received: received), try replyDecline(message: "late"))
    }

    func testAStoredCallbackCanBeTypedWithoutASignature() throws {
        guard case let .auth(data) = try parseUnverified(body: purchase) else { return XCTFail("no purchase") }
        XCTAssertEqual(data.amount, Decimal(string: "10.5"))
    }
}
