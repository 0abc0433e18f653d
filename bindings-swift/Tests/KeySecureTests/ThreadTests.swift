import Foundation
import KeySecureSandbox
import XCTest

@testable import KeySecure

final class ThreadTests: XCTestCase {
    func test32ThreadsShareOneClientAndOneToken() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(timeout: .seconds(60))
        let holder = try sandbox.cardholder()
        let failures = Shared<[String]>([])
        let group = DispatchGroup()
        for number in 0..<32 {
            group.enter()
            Thread {
                defer { group.leave() }
                for call in 0..<8 {
                    do {
                        let name = "t-\(number)-\(call)"
                        let done = try client.blocking.accounts.transfer(
                            cardholderNo: holder, transferUniqueNo: name, type: .in, amount: 1)
                        if done.transferUniqueNo != name {
                            failures.change { $0.append("\(name) got the response of another call") }
                        }
                    } catch {
                        failures.change { $0.append("\(error)") }
                    }
                }
            }.start()
        }
        group.wait()
        XCTAssertEqual(failures.value, [])
        XCTAssertEqual(try sandbox.count("token"), 1)
        XCTAssertEqual(Set(try sandbox.transfers().compactMap { $0["transfer_unique_no"] as? String }).count, 256)
        XCTAssertEqual(try client.blocking.accounts.get(holder).list.first?.balance, 256)
    }

    /// More calls are in progress than the cooperative thread pool has threads, and other tasks continue.
    func testAwaitedCallsDoNotBlockOtherTasks() async throws {
        let calls = 3 * ProcessInfo.processInfo.activeProcessorCount + 8
        let (entered, gate) = (Shared(0), DispatchSemaphore(value: 0))
        let transport = InMemoryTransport { _ in
            entered.change { $0 += 1 }
            gate.wait()
            return #"{"card_no":"c1","status":"Activated"}"#
        }
        let client = try Client(
            apiKey: "key", apiSecret: "0123456789abcdef", baseURL: "http://127.0.0.1:1", timeout: .seconds(120),
            transport: transport)
        let tasks = (0..<calls).map { _ in Task { try await client.cards.get("c1").status } }
        let deadline = Date() + 60
        while entered.value < calls && Date() < deadline { try await Task.sleep(nanoseconds: 5_000_000) }
        XCTAssertEqual(entered.value, calls, "all calls are in progress at once")
        let sums = await withTaskGroup(of: Int.self) { group in
            for number in 0..<100 { group.addTask { (0...number).reduce(0, +) } }
            return await group.reduce(0, +)
        }
        XCTAssertEqual(sums, 166_650)
        for _ in 0..<calls { gate.signal() }
        for task in tasks {
            let status = try await task.value
            XCTAssertEqual(status, .activated)
        }
    }

    func testThreadsAreLimitedAndCreatedAgainAfterTheyExit() throws {
        let pool = ThreadPool(limit: 3, idle: 0.05)
        let (now, most) = (Shared(0), Shared(0))
        for _ in 0..<3 {
            let group = DispatchGroup()
            for _ in 0..<30 {
                group.enter()
                let accepted = pool.run {
                    now.change { $0 += 1 }
                    most.change { $0 = max($0, now.value) }
                    Thread.sleep(forTimeInterval: 0.001)
                    now.change { $0 -= 1 }
                    return { group.leave() }
                }
                XCTAssertNotEqual(accepted, .refused)
            }
            XCTAssertEqual(group.wait(timeout: .now() + 60), .success)
            // Some threads have exited by now; the next round creates others.
            Thread.sleep(forTimeInterval: 0.2)
        }
        XCTAssertLessThanOrEqual(most.value, 3)
    }

    func testAnIdleThreadKeepsNoJob() async throws {
        final class Secret: Sendable {}
        let pool = ThreadPool(limit: 1, idle: 60)
        for round in ["new", "idle", "queued"] {
            weak var kept: Secret?
            do {
                let secret = Secret()
                kept = secret
                let done = Shared(false)
                if round == "queued" {
                    _ = pool.run {
                        Thread.sleep(forTimeInterval: 0.05)
                        return {}
                    }
                }
                let accepted = pool.run {
                    withExtendedLifetime(secret) {}
                    return { withExtendedLifetime(secret) { done.change { $0 = true } } }
                }
                XCTAssertEqual(accepted, round == "queued" ? .queued : .started)
                while !done.value { try await Task.sleep(for: .milliseconds(1)) }
            }
            let deadline = Date() + 3
            while kept != nil && Date() < deadline { try await Task.sleep(for: .milliseconds(1)) }
            XCTAssertNil(kept, round)
        }
    }

    func testACallOfACancelledTaskIsNotSent() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        let call = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await client.cards.get("1")
        }
        call.cancel()
        let error = try await failure { _ = try await call.value }
        XCTAssertEqual(error.kind, .cancelled)
        XCTAssertEqual(error.outcome, .notSent)
        XCTAssertEqual(try sandbox.count("cards.get"), 0)
    }

    func testAQueuedCallOfACancelledTaskIsNotSent() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        let holder = try sandbox.cardholder()
        // The test starts the thread later.
        let work = Shared<(@Sendable () -> Void)?>(nil)
        let pool = ThreadPool(limit: 1, idle: 10) { job in
            work.change { $0 = job }
            return true
        }
        let call = Task {
            try await Waiting.run(.mutation, within: nil, on: pool) { _ in
                try client.blocking.accounts.transfer(cardholderNo: holder, transferUniqueNo: "t", type: .in, amount: 1)
            }
        }
        while work.value == nil { await Task.yield() }
        call.cancel()
        let error = try await failure { _ = try await call.value }
        XCTAssertEqual(error.kind, .cancelled)
        XCTAssertEqual(error.outcome, .notSent)
        XCTAssertTrue(NewThread.start(try XCTUnwrap(work.value)))
        try await Task.sleep(for: .milliseconds(200))
        XCTAssertEqual(try sandbox.count("accounts.transfer"), 0)
    }

    func testAStartedMutationContinuesWhenItsTaskIsCancelled() async throws {
        let (started, gate) = (Shared(false), DispatchSemaphore(value: 0))
        let call = Task {
            try await Waiting.run(.mutation, within: nil) { _ in
                started.change { $0 = true }
                gate.wait()
                return 7
            }
        }
        while !started.value { await Task.yield() }
        call.cancel()
        gate.signal()
        let result = try await call.value
        XCTAssertEqual(result, 7)
    }

    func testACancelledReadReturnsAtOnce() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        _ = try await client.accessToken()
        try sandbox.fault(["stall": 3000], on: "cards.get")
        let call = Task { try await client.cards.get("1") }
        try await Task.sleep(for: .milliseconds(500))
        let start = ContinuousClock.now
        call.cancel()
        let error = try await failure { _ = try await call.value }
        XCTAssertEqual(error.kind, .cancelled)
        XCTAssertEqual(error.outcome, .unknown)
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(1))
    }

    func testCancelledReadsKeepNoThread() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(timeout: .seconds(30))
        let holder = try sandbox.cardholder()
        _ = try await client.accessToken()
        try sandbox.fault(["stall": 20_000], on: "cards.get", times: 64)
        // All threads of reads hang.
        let reads = (0..<64).map { _ in Task { try await client.cards.get("1") } }
        try await Task.sleep(for: .milliseconds(500))
        reads.forEach { $0.cancel() }
        let start = ContinuousClock.now
        _ = try await client.accounts.get(holder)
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(2))
        for read in reads {
            let error = try await failure { _ = try await read.value }
            XCTAssertEqual(error.kind, .cancelled)
        }
    }

    func testTheExchangeOfACancelledReadEndsAndThatOfAMutationDoesNot() async throws {
        let sandbox = try startSandbox()
        for transport in [nil, URLSessionTransport()] as [Transport?] {
            let ended = Shared(0)
            let client = try sandbox.client(maxRetries: 0, transport: transport, observer: CallCounter(ended))
            _ = try await client.accessToken()
            let holder = try sandbox.cardholder()
            ended.change { $0 = 0 }
            try sandbox.fault(["stall": 1500], on: "cards.get")
            let read = Task { try await client.cards.get("1") }
            try await Task.sleep(for: .milliseconds(300))
            read.cancel()
            let deadline = Date() + 0.8
            while ended.value < 1 && Date() < deadline { try await Task.sleep(for: .milliseconds(10)) }
            XCTAssertEqual(ended.value, 1, "the call has ended before the response")
            try sandbox.fault(["stall": 700], on: "accounts.transfer")
            let payment = Task {
                let no = transport == nil ? "a" : "b"
                return try await client.accounts.transfer(cardholderNo: holder, transferUniqueNo: no, type: .in, amount: 1)
            }
            try await Task.sleep(for: .milliseconds(300))
            payment.cancel()
            _ = try await payment.value
        }
    }

    func testAPaymentOnTheThreadOfACancelledReadIsNotEnded() async throws {
        let sandbox = try startSandbox()
        let holder = try sandbox.cardholder()
        let other = try sandbox.client(maxRetries: 0)
        _ = try await other.accessToken()
        let observer = PayingObserver(other, holder)
        let client = try sandbox.client(observer: observer)
        _ = try await client.accessToken()
        try sandbox.fault(["stall": 800], on: "accounts.transfer")
        let read = Task { try await client.accounts.get(holder) }
        while !observer.begun.value { try await Task.sleep(for: .milliseconds(1)) }
        try await Task.sleep(for: .milliseconds(200))
        read.cancel()
        _ = await read.result
        while observer.results.value.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        XCTAssertEqual(observer.results.value, ["paid"])
    }

    func testACancelledRawReadReturnsAtOnce() async throws {
        let (started, gate) = (Shared(0), DispatchSemaphore(value: 0))
        let transport = InMemoryTransport { _ in
            started.change { $0 += 1 }
            gate.wait()
            return "{}"
        }
        let client = try Client(
            apiKey: "key", apiSecret: "0123456789abcdef", baseURL: "http://127.0.0.1:1", timeout: .seconds(60),
            transport: transport)
        let read = Task { try await client.call(method: .get, path: "/v1/any") }
        while started.value < 1 { try await Task.sleep(for: .milliseconds(1)) }
        // Opened later in case that the call waits.
        DispatchQueue.global().asyncAfter(deadline: .now() + 3) { gate.signal() }
        let start = ContinuousClock.now
        read.cancel()
        let error = try await failure { _ = try await read.value }
        XCTAssertEqual(error.kind, .cancelled)
        XCTAssertEqual(error.outcome, .unknown)
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(1))
        // A POST may change something: it runs to its end.
        let mutation = Task { try await client.call(method: .post, path: "/v1/any") }
        while started.value < 2 { try await Task.sleep(for: .milliseconds(1)) }
        mutation.cancel()
        gate.signal()
        _ = try await mutation.value
    }

    func testReadsThatHangDoNotDelayAPayment() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(timeout: .seconds(10), store: .memory())
        let holder = try sandbox.cardholder()
        _ = try await client.accessToken()
        try sandbox.fault(["stall": 20_000], on: "cards.get", times: 80)
        let reads = (0..<80).map { _ in Task { try? await client.cards.get("1") } }
        try await Task.sleep(for: .milliseconds(500))
        let start = ContinuousClock.now
        let made = try await client.accounts.ensureTransfer(
            cardholderNo: holder, transferUniqueNo: "x", type: .in, amount: 1, deadline: .seconds(5), settle: .seconds(1),
            firstAttempt: true)
        XCTAssertTrue(made.created)
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(4))
        reads.forEach { $0.cancel() }
        for read in reads { _ = await read.value }
    }

    func testTheWaitForAThreadEndsWithTheTimeoutOfTheCall() async throws {
        let (gate, calls, pool) = (DispatchSemaphore(value: 0), Shared(0), ThreadPool(limit: 1, idle: 10))
        let busy = Task { try await Waiting.run(.read, within: nil, on: pool) { _ in gate.wait() } }
        while pool.run({ {} }) != .queued { try await Task.sleep(for: .milliseconds(1)) }
        let start = ContinuousClock.now
        let error = try await failure {
            try await Waiting.run(.mutation, within: .milliseconds(200), on: pool) { _ in calls.change { $0 += 1 } }
        }
        XCTAssertEqual(error.kind, .timeout)
        XCTAssertEqual(error.outcome, .notSent)
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(2))
        gate.signal()
        try await busy.value
        let waited = try await Waiting.run(.read, within: .seconds(9), on: pool) { waited in waited }
        XCTAssertLessThan(waited ?? .zero, .seconds(1))
        XCTAssertEqual(calls.value, 0)
    }

    func testACallGetsTheTimeThatItWaitedForAThread() async throws {
        let (gate, pool) = (DispatchSemaphore(value: 0), ThreadPool(limit: 1, idle: 10))
        let busy = Task { try await Waiting.run(.read, within: nil, on: pool) { _ in gate.wait() } }
        while pool.run({ {} }) != .queued { try await Task.sleep(for: .milliseconds(1)) }
        let call = Task { try await Waiting.run(.read, within: .seconds(9), on: pool) { waited in waited } }
        try await Task.sleep(for: .milliseconds(300))
        gate.signal()
        try await busy.value
        let waited = try await call.value
        XCTAssertGreaterThan(try XCTUnwrap(waited), .milliseconds(200))
    }

    func testTheTimeThatACallWaitedCountsIntoItsTimeoutAndDeadline() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(timeout: .seconds(4), maxRetries: 0, store: .memory())
        let holder = try sandbox.cardholder()
        _ = try client.blocking.accessToken()
        try sandbox.fault(["stall": 8000], on: "cards.get", times: 9)
        var start = ContinuousClock.now
        XCTAssertThrowsError(try client.cards.ffi.after(.milliseconds(3500)).get(cardNo: "1"))
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(2))
        try sandbox.fault(["stall": 8000], on: "accounts.transfers", times: 99)
        start = .now
        let pages = try client.accounts.ffi.transfers(
            query: ListTransfers(start: .instant(at: Date() - day), end: .instant(at: Date())))
        XCTAssertThrowsError(try pages.next(after: .milliseconds(3500)))
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(2))
        start = .now
        let transfer = Transfer(cardholderNo: holder, transferUniqueNo: "x", type: .in, amount: 1)
        let options = EnsureOptions(deadline: .seconds(10), settle: .seconds(1), firstAttempt: true)
        XCTAssertThrowsError(
            try client.accounts.ffi.after(.milliseconds(9500)).ensureTransfer(request: transfer, options: options))
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(2))
    }

    /// The wait for a thread of its own is as long as the call itself would wait.
    func testTheDeadlineOfAnEnsureCallIsThatOfTheTransport() throws {
        let sandbox = try startSandbox()
        for (transport, seconds) in [(nil, 60), (URLSessionTransport(), 180)] as [(Transport?, Int)] {
            let client = try sandbox.client(transport: transport)
            XCTAssertEqual(client.limits.ensureDeadline(), .seconds(seconds))
            XCTAssertEqual(client.accounts.limits.ensureDeadline(), .seconds(seconds))
        }
        XCTAssertEqual(try sandbox.client(timeout: .seconds(7)).cards.limits.timeout, .seconds(7))
    }

    func testTheWaitForAThreadCountsIntoTheTimeToReply() async throws {
        let gate = DispatchSemaphore(value: 0)
        // All threads of webhooks are busy.
        let busy = 256
        for _ in 0..<busy { Waiting.later(.webhook) { gate.wait() } }
        let body = Data(
            #"{"id":"e","action":"Auth","data":{"consume_no":"c1","card_no":"k1","cardholder_no":"h","amount":1,"type":"Consumption"}}"#
                .utf8)
        let verifier = try WebhookVerifier(appID: "app-1", secret: "0123456789abcdef", store: .memory())
        let headers = try verifier.signForTests(timestamp: Date(), body: body)
        let start = Date()
        let verified = Task { try await verifier.verify(headers: headers, body: body) }
        try await Task.sleep(for: .milliseconds(400))
        for _ in 0..<busy { gate.signal() }
        let received = try await verified.value
        XCTAssertLessThan(received.timeLeft, .milliseconds(450))
        XCTAssertLessThan(abs(received.receivedAt.timeIntervalSince(start)), 0.2)
    }

    func testACallWithoutAThreadIsATypedError() async throws {
        let (available, calls) = (Shared(false), Shared(0))
        let pool = ThreadPool(limit: 1, idle: 10) { work in available.value && NewThread.start(work) }
        let call: @Sendable (Duration?) throws -> Void = { _ in calls.change { $0 += 1 } }
        for _ in 0..<3 {
            let error = try await failure { try await Waiting.run(.read, within: nil, on: pool, call) }
            XCTAssertEqual(error.kind, .transport)
            XCTAssertEqual(error.outcome, .notSent)
        }
        XCTAssertEqual(calls.value, 0)
        let result = await Waiting.always(.read, on: pool) { 7 }
        XCTAssertEqual(result, 7, "a call that cannot throw is made on the thread of the caller")
        // Threads that could not be created are not counted.
        available.change { $0 = true }
        try await Waiting.run(.read, within: nil, on: pool, call)
        XCTAssertEqual(calls.value, 1)
    }

    func testCallsWaitForExistingThreadsWhenNoMoreCanBeCreated() async throws {
        let created = Shared(0)
        let pool = ThreadPool(limit: 64, idle: 10) { work in
            created.change { $0 += 1 }
            return created.value <= 2 && NewThread.start(work)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                let call: @Sendable (Duration?) throws -> Void = { _ in Thread.sleep(forTimeInterval: 0.001) }
                group.addTask { try await Waiting.run(.read, within: .seconds(60), on: pool, call) }
            }
            try await group.waitForAll()
        }
    }
}

/// Pays with another client on the thread of a read.
private final class PayingObserver: Observer {
    let begun = Shared(false)
    let results = Shared<[String]>([])
    private let other: Client
    private let holder: String

    init(_ other: Client, _ holder: String) { (self.other, self.holder) = (other, holder) }

    func attempt(record: AttemptRecord) {
        guard record.operation == "accounts.get" else { return }
        begun.change { $0 = true }
        do {
            _ = try other.blocking.accounts.transfer(cardholderNo: holder, transferUniqueNo: "o", type: .in, amount: 1)
            results.change { $0.append("paid") }
        } catch {
            results.change { $0.append("\(error)") }
        }
    }
}
