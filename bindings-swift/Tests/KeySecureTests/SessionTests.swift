import Foundation
import KeySecure
import XCTest

private let card = #"{"card_no":"c1","cardholder_no":"1001","status":"Activated"}"#
private let transferred = #"{"transfer_no":"t1","transfer_unique_no":"tap-1"}"#

private func transfer(_ client: Client) async throws {
    _ = try await client.accounts.transfer(cardholderNo: "1001", transferUniqueNo: "tap-1", type: .out, amount: 25)
}

/// The sessions of the client of a relay: closures, objects and `async` sources, and those that fail or hang.
final class SessionTests: XCTestCase {
    private func relay(_ respond: @escaping @Sendable (RelayRequest, Int) -> String) throws -> TestRelay {
        let relay = try TestRelay(respond)
        addTeardownBlock { relay.stop() }
        return relay
    }

    /// A relay that accepts this session only.
    private func relay(accepting session: String) throws -> TestRelay {
        try self.relay { request, _ in
            guard request.session == "Bearer \(session)" else { return refusedSession }
            return success(request.operation == "cards.get" ? card : transferred)
        }
    }

    func testARefusedSessionIsAskedForAgainOnce() async throws {
        let renewable = try self.relay(accepting: "second")
        let asked = Shared<[Bool]>([])
        let session: @Sendable (Bool) -> String? = { refused in
            asked.change { $0.append(refused) }
            return refused ? "second" : "first"
        }
        final class Object: Session {
            let closure: @Sendable (Bool) -> String?
            init(_ closure: @escaping @Sendable (Bool) -> String?) { self.closure = closure }
            func token(refused: Bool) -> String? { closure(refused) }
        }
        let clients = [
            try Client(relay: renewable.url, session: Object(session)),
            try Client(relay: renewable.url, session: session),
            try Client(relay: renewable.url, transport: URLSessionTransport()) { refused in
                await Task.yield()
                return session(refused)
            },
        ]
        for client in clients {
            asked.change { $0 = [] }
            _ = try await client.cards.get("c1")
            XCTAssertEqual(asked.value, [false, true])
        }
        for response in [refusedSession, response("401 Unauthorized", "")] {
            let refusing = try self.relay { _, _ in response }
            let client = try Client(relay: refusing.url, session: session)
            let error = try await failure { try await transfer(client) }
            XCTAssertEqual([error.kind == .authentication, error.outcome == .rejected], [true, true], "\(error)")
            XCTAssertEqual(refusing.requests.map(\.session), ["Bearer first", "Bearer second"])
        }
    }

    func testWithoutASessionNothingIsSent() async throws {
        let relay = try self.relay(accepting: "any")
        for token in [nil, "", "a b", "a\r\nX: y", "ü"] as [String?] {
            for client in [
                try Client(relay: relay.url) { _ in token },
                try Client(relay: relay.url) { _ in
                    await Task.yield()
                    return token
                },
            ] {
                let error = try await failure { try await transfer(client) }
                XCTAssertEqual(error.kind, .authentication, "\(error)")
                XCTAssertEqual(error.outcome, .notSent, "\(error)")
            }
        }
        XCTAssertEqual(relay.requests.count, 0)
    }

    func testAnErrorOfASessionIsLoggedByItsTypeAlone() async throws {
        struct SignedOut: LocalizedError {
            var errorDescription: String? { "canary-refresh-token" }
        }
        let (relay, lines) = (try self.relay(accepting: "any"), Shared<[String]>([]))
        Warnings.send { line in lines.change { $0.append(line) } }
        for client in [
            try Client(relay: relay.url) { _ in throw SignedOut() },
            try Client(relay: relay.url) { _ in
                await Task.yield()
                throw SignedOut()
            },
        ] {
            lines.change { $0 = [] }
            let error = try await failure { try await transfer(client) }
            XCTAssertEqual([error.kind == .authentication, error.outcome == .notSent], [true, true], "\(error)")
            XCTAssertTrue(lines.value.contains { $0.contains("SignedOut") }, "\(lines.value)")
            XCTAssertFalse("\(lines.value) \(error)".contains("canary"), "\(lines.value) \(error)")
        }
        XCTAssertEqual(relay.requests.count, 0)
    }

    private actor Login {
        private(set) var renewals = 0
        private var current = "first"
        private var renewal: Task<String, Never>?

        /// Renews the token once for all calls that wait for it.
        func token(refused: Bool) async -> String? {
            if !refused { return current }
            if let renewal { return await renewal.value }
            renewals += 1
            let started = Task {
                try? await Task.sleep(for: .milliseconds(100))
                return "second"
            }
            renewal = started
            current = await started.value
            return current
        }
    }

    /// More calls wait for the actor than the cooperative thread pool has threads.
    func testManyCallsMayWaitForAnAsyncSession() async throws {
        let (relay, login) = (try self.relay(accepting: "second"), Login())
        let client = try Client(relay: relay.url) { refused in await login.token(refused: refused) }
        let calls = 3 * ProcessInfo.processInfo.activeProcessorCount + 8
        let statuses = try await withThrowingTaskGroup(of: CardStatus?.self) { group in
            for _ in 0..<calls { group.addTask { try await client.cards.get("c1").status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(statuses, Array(repeating: .activated, count: calls))
        let renewals = await login.renewals
        XCTAssertEqual(renewals, 1)
    }

    func testASessionAndItsCallMayBeOnTheMainActor() async throws {
        let relay = try self.relay(accepting: "of-the-main-actor")
        let client = try Client(relay: relay.url) { _ in await MainActor.run { "of-the-main-actor" } }
        let task = Task { @MainActor in try await client.cards.get("c1").status }
        let status = try await task.value
        XCTAssertEqual(status, .activated)
    }

    /// A session that waits until it is released, and ignores its cancellation if that is wanted.
    private final class Hanging: @unchecked Sendable {
        let (asked, cancelled) = (Shared(0), Shared(0))
        private let released = Shared(false)
        private let ignoresCancellation: Bool

        init(ignoresCancellation: Bool = false) { self.ignoresCancellation = ignoresCancellation }

        func release() { released.change { $0 = true } }

        func token() async -> String? {
            asked.change { $0 += 1 }
            var isCounted = false
            while !released.value {
                if Task.isCancelled && !isCounted {
                    cancelled.change { $0 += 1 }
                    isCounted = true
                    if !ignoresCancellation { return nil }
                }
                // A cancelled task cannot sleep.
                await withCheckedContinuation { continuation in
                    DispatchQueue.global().asyncAfter(deadline: .now() + 0.01) { continuation.resume() }
                }
            }
            return "late"
        }
    }

    func testASessionThatNeverEndsEndsWithTheTimeOfItsCall() async throws {
        let (relay, lines) = (try self.relay(accepting: "late"), Shared<[String]>([]))
        Warnings.send { line in lines.change { $0.append(line) } }
        for ignoresCancellation in [false, true] {
            let hanging = Hanging(ignoresCancellation: ignoresCancellation)
            defer { hanging.release() }
            let client = try Client(relay: relay.url, timeout: .milliseconds(400)) { _ in await hanging.token() }
            let calls: [@Sendable () async throws -> Void] = [
                { _ = try await client.cards.get("c1") },
                { _ = try await client.accounts.transfer(cardholderNo: "1", transferUniqueNo: "t", type: .out, amount: 1) },
                { try client.blocking.cards.freeze("c1") },
                {
                    _ = try await client.accounts.ensureTransfer(
                        cardholderNo: "1", transferUniqueNo: "t", type: .out, amount: 1, deadline: .milliseconds(300),
                        firstAttempt: true)
                },
            ]
            for (number, call) in calls.enumerated() {
                lines.change { $0 = [] }
                let start = Date()
                let error = try await failure { try await call() }
                XCTAssertEqual([error.kind == .timeout, error.outcome == .notSent], [true, true], "\(number): \(error)")
                XCTAssertLessThan(Date().timeIntervalSince(start), 3, "\(number)")
                XCTAssertTrue(lines.value.contains { $0.contains("SessionThatDoesNotEnd") }, "\(lines.value)")
            }
            try await eventually { hanging.cancelled.value == calls.count }
        }
        XCTAssertEqual(relay.requests.count, 0)
    }

    func testARenewalHasTheRestOfTheTimeOfItsCall() async throws {
        let (relay, hanging) = (try self.relay(accepting: "late"), Hanging())
        defer { hanging.release() }
        let client = try Client(relay: relay.url, timeout: .milliseconds(600)) { refused in
            if refused { return await hanging.token() }
            try await Task.sleep(for: .milliseconds(300))
            return "first"
        }
        let start = Date()
        let error = try await failure { try await transfer(client) }
        XCTAssertEqual([error.kind == .timeout, error.outcome == .rejected], [true, true], "\(error)")
        XCTAssertLessThan(Date().timeIntervalSince(start), 3)
        XCTAssertEqual(relay.requests.count, 1)
    }

    func testACancelledReadEndsItsSession() async throws {
        let (relay, hanging, calls) = (try self.relay(accepting: "late"), Hanging(), Shared(0))
        defer { hanging.release() }
        let client = try Client(relay: relay.url, timeout: .seconds(60), observer: CallCounter(calls)) { _ in
            await hanging.token()
        }
        let task = Task { _ = try await client.cards.get("c1") }
        try await eventually { hanging.asked.value == 1 }
        let start = Date()
        task.cancel()
        let error = try await failure { try await task.value }
        XCTAssertEqual(error.kind, .cancelled, "\(error)")
        try await eventually { hanging.cancelled.value == 1 && calls.value == 1 }
        XCTAssertLessThan(Date().timeIntervalSince(start), 5, "the thread of the call is free")
        XCTAssertEqual(relay.requests.count, 0)
    }

    func testACancelledMutationGetsItsSessionAndItsResult() async throws {
        let (relay, hanging) = (try self.relay(accepting: "late"), Hanging())
        let client = try Client(relay: relay.url, timeout: .seconds(60)) { _ in await hanging.token() }
        let task = Task { try await transfer(client) }
        try await eventually { hanging.asked.value == 1 }
        task.cancel()
        hanging.release()
        try await task.value
        XCTAssertEqual(hanging.cancelled.value, 0)
        XCTAssertEqual(relay.requests.count, 1)
    }

    private func eventually(line: UInt = #line, _ holds: () -> Bool) async throws {
        let deadline = Date() + 20
        while !holds() && Date() < deadline { try await Task.sleep(for: .milliseconds(5)) }
        XCTAssertTrue(holds(), line: line)
    }
}
