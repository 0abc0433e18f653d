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
        let headers = try WebhookVerifier(appID: "app-1", secret: secret).signForTests(timestamp: time, body: body)
        return Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
    }

    func testASignedWebhookIsVerifiedAndParsed() throws {
        let received = try WebhookVerifier(appID: "app-1", secret: secret).blocking.verify(headers: signed(body), body: body)
        XCTAssertEqual(received.id, "evt-1")
        XCTAssertEqual(received.secretIndex, 0)
        guard case let .cardUpdate(data) = received.event else { return XCTFail("\(received)") }
        XCTAssertEqual(data.cardNo, "k1")
        XCTAssertEqual(data.afterStatus, .activated)
    }

    func testAVerifierOfAClientFollowsTheClockThatTheClientLearned() throws {
        let sandbox = try startSandbox()
        try sandbox.control("POST /clock/advance", ["ms": 600_000])
        let client = try sandbox.client()
        let verifier = try client.webhookVerifier()
        let headers = try verifier.signForTests(timestamp: Date() + 600, body: body)
        let early = try failure { _ = try verifier.blocking.verify(headers: headers, body: self.body) }
        XCTAssertEqual(early.rejection, .tooNew)
        _ = try client.blocking.accessToken()
        XCTAssertEqual(try verifier.blocking.verify(headers: headers, body: body).id, "evt-1")
    }

    func testHeaderNamesAreCaseInsensitive() throws {
        let headers = Dictionary(uniqueKeysWithValues: try signed(body).map { ($0.key.lowercased(), $0.value) })
        XCTAssertEqual(
            try WebhookVerifier(appID: "app-1", secret: secret).blocking.verify(headers: headers, body: body).id, "evt-1")
    }

    func testForgedOldAndReplayedWebhooksHaveATypedRejection() throws {
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret, store: .memory())
        let good = try signed(body)
        var forged = body
        forged[forged.count - 3] ^= 1
        let cases: [(String, [String: String], Data, Rejection)] = [
            ("forged", good, forged, .wrongSignature), ("old", try signed(body, at: Date() - 1000), body, .tooOld),
            ("ahead", try signed(body, at: Date() + 1000), body, .tooNew), ("bare", [:], body, .missingHeader),
        ]
        for (name, headers, body, rejection) in cases {
            let error = try failure { _ = try verifier.blocking.verify(headers: headers, body: body) }
            XCTAssertEqual(error.kind, .webhook, name)
            XCTAssertEqual(error.rejection, rejection, name)
        }
        _ = try verifier.blocking.verify(headers: good, body: body)
        XCTAssertEqual(try failure { _ = try verifier.blocking.verify(headers: good, body: body) }.rejection, .replayed)
    }

    func testAWebhookIsAcceptedAgainOnlyUntilItWasHandled() throws {
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret, store: .memory())
        let headers = try signed(body)
        do { _ = try verifier.blocking.claim(headers: headers, body: body) }  // deallocated without finish()
        let claim = try claimOnceReleased(verifier, headers)
        guard case .cardUpdate = claim.received.event else { return XCTFail("\(claim.received)") }
        XCTAssertEqual(try failure { _ = try verifier.blocking.claim(headers: headers, body: body) }.rejection, .inProgress)
        XCTAssertTrue(claim.blocking.finish())
        XCTAssertEqual(try failure { _ = try verifier.blocking.claim(headers: headers, body: body) }.rejection, .replayed)
        XCTAssertEqual(replyDuplicate(body: body), replyAccept())
        XCTAssertTrue(replyDuplicate(body: purchase).contains(#""code":1"#), "no replay approves a purchase")
    }

    /// A released claim ends on another thread.
    private func claimOnceReleased(_ verifier: WebhookVerifier, _ headers: [String: String]) throws -> Claim {
        let deadline = Date() + 3
        while true {
            do {
                return try verifier.blocking.claim(headers: headers, body: body)
            } catch {
                guard error.rejection == .inProgress, Date() < deadline else { throw error }
                Thread.sleep(forTimeInterval: 0.002)
            }
        }
    }

    func testAnAwaitedClaimThatAnErrorEndsIsReleasedAtOnce() async throws {
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret, store: .memory())
        let headers = try signed(body)
        // Twice: on a new thread, and on one that was idle.
        for _ in 0..<2 {
            do {
                _ = try await verifier.claim(headers: headers, body: body)
                throw CancellationError()  // the handler failed
            } catch is CancellationError {}
            let start = ContinuousClock.now
            let again = try claimOnceReleased(verifier, headers)
            XCTAssertLessThan(ContinuousClock.now - start, .seconds(2))
            again.blocking.release()
        }
    }

    func testAClaimThatEndsOnTheMainThreadIsReleasedOnAnother() async throws {
        let replays = ThreadedReplayStore()
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret, store: .own(replays: replays))
        let claim = Shared<Claim?>(try await verifier.claim(headers: signed(body), body: body))
        // The thread of the call lets go of it too.
        try await Task.sleep(for: .milliseconds(100))
        XCTAssertEqual(replays.released.value, [])
        await MainActor.run { claim.change { $0 = nil } }
        let deadline = Date() + 3
        while replays.released.value.isEmpty && Date() < deadline { try await Task.sleep(for: .milliseconds(2)) }
        XCTAssertEqual(replays.released.value, [false])
    }

    func testEveryInvalidWebhookHasATypedRejection() throws {
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret)
        let bodies = [Data(), Data([0, 0xff, 0xfe]), Data(repeating: 0x5b, count: 100_000), Data(count: (1 << 20) + 1)]
        for (number, body) in bodies.enumerated() {
            for headers in [try signed(self.body), ["Timestamp": "\u{0}١", "Signature": "é", "Sign-Version": "V9"]] {
                XCTAssertEqual(
                    try failure { _ = try verifier.blocking.verify(headers: headers, body: body) }.kind, .webhook,
                    "body \(number)")
            }
        }
    }

    func testSeveralSecretsAreAcceptedDuringARotation() throws {
        let verifier = try WebhookVerifier(appID: "app-1", secrets: ["another-secret-another-secret-00", secret])
        XCTAssertEqual(try verifier.blocking.verify(headers: signed(body), body: body).secretIndex, 1)
    }

    func testAFailingStoreRejectsUnlessConfiguredToAccept() throws {
        final class FailingReplays: ReplayStore {
            func insert(key: String, value: String, keep: Duration) throws -> String? { throw Failure("down") }
            func get(key: String) throws -> String? { throw Failure("down") }
            func remove(key: String) throws { throw Failure("down") }
        }
        let store = Store.own(replays: FailingReplays())
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret, store: store)
        XCTAssertEqual(try failure { _ = try verifier.blocking.verify(headers: signed(body), body: body) }.kind, .webhook)
        let lenient = try WebhookVerifier(appID: "app-1", secrets: [secret], store: store, onStoreFailure: .accept)
        XCTAssertEqual(try lenient.blocking.verify(headers: signed(body), body: body).id, "evt-1")
    }

    func testANegativeBudgetIsRefusedByName() throws {
        let error = try failure { _ = try Responder(budget: .seconds(-1)) { _ in .approve } }
        XCTAssertEqual([error.kind == .invalidInput, error.field == "budget"], [true, true], "\(error)")
    }

    func testTheReplyIsTheDecisionOfTheResponder() throws {
        let received = try WebhookVerifier(appID: "app-1", secret: secret).blocking.verify(
            headers: signed(purchase), body: purchase)
        let limit = Responder { $0.amount > 10 ? .decline(reason: "over the limit") : .approve }
        XCTAssertEqual(limit.blocking.respond(received), try replyDecline(message: "over the limit"))
        XCTAssertEqual(Responder { _ in .approve }.blocking.respond(received), replyAccept())
        let throwing = Responder(otherwise: .approve) { _ in throw Failure("no decision") }
        XCTAssertEqual(throwing.blocking.respond(received), replyAccept())
        let late = try Responder(otherwise: .decline(reason: "late"), budget: .seconds(0.05)) { _ in
            Thread.sleep(forTimeInterval: 1)
            return .approve
        }
        XCTAssertEqual(late.blocking.respond(received), try replyDecline(message: "late"))
    }

    func testAVerifierRefusesAStoreWithoutAReplayStore() throws {
        let store = Store.own(tokens: TestTokenStore())
        XCTAssertEqual(try failure { _ = try WebhookVerifier(appID: "app-1", secret: secret, store: store) }.field, "store")
    }

    func testAClaimWithACustomStore() throws {
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret, store: .own(replays: TestReplayStore()))
        let headers = try signed(body)
        do { _ = try verifier.blocking.claim(headers: headers, body: body) }  // deallocated without finish()
        let claim = try claimOnceReleased(verifier, headers)
        XCTAssertEqual(try failure { _ = try verifier.blocking.claim(headers: headers, body: body) }.rejection, .inProgress)
        XCTAssertTrue(claim.blocking.finish())
        XCTAssertEqual(try failure { _ = try verifier.blocking.claim(headers: headers, body: body) }.rejection, .replayed)
    }

    func testAnOldWebhookWithANewTimestampHeaderIsRejected() throws {
        let old = Date() - 30 * day
        let millis = Int64(old.timeIntervalSince1970 * 1000)
        let text = String(decoding: purchase, as: UTF8.self).replacingOccurrences(
            of: #""data":{"#, with: #""data":{"timestamp":"\#(millis)","#)
        var headers = try signed(purchase, at: old)
        headers["Timestamp"] = "\(Int64(Date().timeIntervalSince1970 * 1000))"
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret)
        XCTAssertEqual(
            try failure { _ = try verifier.blocking.verify(headers: headers, body: Data(text.utf8)) }.rejection, .contradiction)
    }

    func testTheMaximumBodySizeCanBeConfigured() throws {
        let name = String(repeating: "x", count: 70_000)
        let text = String(decoding: purchase, as: UTF8.self).replacingOccurrences(
            of: #""card_no":"k1","#, with: #""card_no":"k1","merchant_info":{"merchant_name":"\#(name)"},"#)
        let small = try WebhookVerifier(appID: "app-1", secret: secret)
        let large = Data(text.utf8)
        XCTAssertEqual(try failure { _ = try small.blocking.verify(headers: signed(purchase), body: large) }.rejection, .tooLarge)
        let roomy = try WebhookVerifier(appID: "app-1", secrets: [secret], maxBody: 100_000)
        let headers = try roomy.signForTests(timestamp: Date(), body: large)
        XCTAssertEqual(try roomy.blocking.verify(headers: headers, body: large).id, "evt-2")
        XCTAssertEqual(
            try failure { _ = try WebhookVerifier(appID: "app-1", secrets: [secret], maxBody: -1) }.field, "max_body")
    }

    func testWorkersWithOneStoreDecideOnceAndRepeatTheFirstReply() throws {
        let folder = try temporaryFolder()
        let decided = Shared(0)
        // Like two processes: each opens the directory, and has its own verifier and decision.
        let workers = try (1...2).map { number in
            let verifier = try WebhookVerifier(appID: "app-1", secret: secret, store: .file(directory: folder))
            let responder = Responder { _ in
                decided.change { $0 += 1 }
                return .decline(reason: "worker \(number) says no")
            }
            return (verifier, responder)
        }
        for delivery in 0..<4 {
            let (verifier, responder) = workers[delivery % 2]
            // Each delivery has another timestamp and signature.
            let headers = try signed(purchase, at: Date() - Double(delivery))
            let reply = responder.blocking.respond(try verifier.blocking.verify(headers: headers, body: purchase))
            XCTAssertEqual(reply, try replyDecline(message: "worker 1 says no"))
            XCTAssertEqual(
                try failure { _ = try workers[0].0.blocking.verify(headers: headers, body: purchase) }.rejection, .replayed)
            XCTAssertEqual(workers[1].0.blocking.replyDuplicate(body: purchase), reply)
        }
        XCTAssertEqual(decided.value, 1)
    }

    func testAnApprovalIsRepeatedForReplays() throws {
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret, store: .own(replays: TestReplayStore()))
        let headers = try signed(purchase)
        let responder = try Responder(budget: .seconds(0.8)) { _ in .approve }
        XCTAssertEqual(responder.blocking.respond(try verifier.blocking.verify(headers: headers, body: purchase)), replyAccept())
        XCTAssertEqual(try failure { _ = try verifier.blocking.verify(headers: headers, body: purchase) }.rejection, .replayed)
        XCTAssertEqual(verifier.blocking.replyDuplicate(body: purchase), replyAccept())
    }

    func testALateOrFailingDecisionIsLoggedWithoutTheErrorText() throws {
        let warnings = RecordedWarnings()
        let received = try WebhookVerifier(appID: "app-1", secret: secret).blocking.verify(
            headers: signed(purchase), body: purchase)
        let late = try Responder(budget: .seconds(0.05)) { _ in
            Thread.sleep(forTimeInterval: 0.4)
            return .approve
        }
        XCTAssertTrue(late.blocking.respond(received).contains(#""code":1"#))
        try warnings.wait(for: #"a decision came too late and is dropped: consume_no="c1""#)
        let again = try WebhookVerifier(appID: "app-1", secret: secret).blocking.verify(headers: signed(purchase), body: purchase)
        _ = Responder { _ in throw Failure("s3cr3t") }.blocking.respond(again)
        try warnings.wait(for: #"a decision threw KeySecureTests.Failure: consume_no="c1""#)
        try warnings.wait(for: #"a purchase is declined: consume_no="c1""#)
        XCTAssertFalse(warnings.lines.contains { $0.contains("s3cr3t") }, "\(warnings.lines)")
    }

    func testAStoredWebhookCanBeParsedWithoutVerification() throws {
        guard case let .auth(data) = try parseUnverified(body: purchase) else { return XCTFail("no purchase") }
        XCTAssertEqual(data.amount, Decimal(string: "10.5"))
    }

    func testAnAwaitedDecisionCanAskAnActor() async throws {
        actor Limits {
            func allow(_ amount: Decimal) -> Bool { amount <= 10 }
        }
        let limits = Limits()
        let responder = Responder { purchase in
            await limits.allow(purchase.amount) ? .approve : .decline(reason: "over the limit")
        }
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret)
        let received = try await verifier.verify(headers: signed(purchase), body: purchase)
        let reply = await responder.respond(received)
        XCTAssertEqual(reply, try replyDecline(message: "over the limit"))
    }

    /// As many as would block all threads of the cooperative pool many times over.
    func testManyAwaitedDecisionsAreMadeAtOnce() async throws {
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret)
        let responder = try Responder(budget: .milliseconds(790)) { _ in
            try await Task.sleep(for: .milliseconds(500))
            return .approve
        }
        let start = ContinuousClock.now
        let replies = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<20 {
                let text = String(decoding: purchase, as: UTF8.self).replacingOccurrences(of: #""c1""#, with: #""c\#(number)""#)
                let body = Data(text.utf8)
                let headers = try signed(body)
                group.addTask {
                    await responder.respond(try await verifier.verify(headers: headers, body: body))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(replies, [String](repeating: replyAccept(), count: 20))
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(2))
    }

    func testAnAwaitedDecisionThatNeverEndsKeepsNoThread() async throws {
        let verifier = try WebhookVerifier(appID: "app-1", secret: secret)
        let pending = Shared<[CheckedContinuation<Void, Never>]>([])
        let warnings = RecordedWarnings()
        let responder = try Responder(otherwise: .decline(reason: "late"), budget: .milliseconds(100)) { _ in
            // Ignores that it is cancelled.
            await withCheckedContinuation { continuation in pending.change { $0.append(continuation) } }
            return .approve
        }
        let received = try await verifier.verify(headers: signed(purchase), body: purchase)
        let reply = await responder.respond(received)
        XCTAssertEqual(reply, try replyDecline(message: "late"))
        try warnings.wait(for: #"a decision threw KeySecure.DecisionThatDoesNotEnd: consume_no="c1""#)
        XCTAssertEqual(pending.value.count, 1)
        pending.value.forEach { $0.resume() }
    }

    func testALateAwaitedDecisionIsCancelled() async throws {
        let cancelled = Shared(false)
        let responder = try Responder(otherwise: .decline(reason: "late"), budget: .milliseconds(100)) { _ in
            do {
                try await Task.sleep(for: .seconds(30))
            } catch {
                cancelled.change { $0 = true }
                // The approval comes after the reply.
                await Task { try? await Task.sleep(for: .milliseconds(300)) }.value
            }
            return .approve
        }
        let received = try await WebhookVerifier(appID: "app-1", secret: secret).verify(headers: signed(purchase), body: purchase)
        let reply = await responder.respond(received)
        XCTAssertEqual(reply, try replyDecline(message: "late"))
        let deadline = Date() + 5
        while !cancelled.value && Date() < deadline { try await Task.sleep(for: .milliseconds(5)) }
        XCTAssertTrue(cancelled.value)
    }
}
