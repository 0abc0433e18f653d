import Foundation
import KeySecureSandbox
import XCTest

@testable import KeySecure

final class ThreadTests: XCTestCase {
    func test32ThreadsShareOneClientAndOneToken() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(timeout: 60)
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
                        let done = try client.accounts().transfer(
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
        XCTAssertEqual(try client.accounts().get(cardholderNo: holder).list.first?.balance, 256)
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
            apiKey: "key", apiSecret: "0123456789abcdef", baseUrl: "http://127.0.0.1:1", timeout: 120, transport: transport)
        let tasks = (0..<calls).map { _ in Task { try await client.cards().get(cardNo: "c1").status } }
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
                XCTAssertTrue(accepted)
            }
            XCTAssertEqual(group.wait(timeout: .now() + 60), .success)
            // Some threads have exited by now; the next round creates others.
            Thread.sleep(forTimeInterval: 0.2)
        }
        XCTAssertLessThanOrEqual(most.value, 3)
    }

    func testACallOfACancelledTaskIsNotSent() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        let call = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await client.cards().get(cardNo: "1")
        }
        call.cancel()
        do {
            _ = try await call.value
            XCTFail("expected a cancellation")
        } catch {
            XCTAssertTrue(error is CancellationError, "\(error)")
        }
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
            try await Blocking.run(on: pool) {
                try client.accounts().transfer(cardholderNo: holder, transferUniqueNo: "t", type: .in, amount: 1)
            }
        }
        while work.value == nil { await Task.yield() }
        call.cancel()
        XCTAssertTrue(NewThread.start(try XCTUnwrap(work.value)))
        do {
            _ = try await call.value
            XCTFail("expected a cancellation")
        } catch {
            XCTAssertTrue(error is CancellationError, "\(error)")
        }
        XCTAssertEqual(try sandbox.count("accounts.transfer"), 0)
    }

    func testAStartedCallContinuesWhenItsTaskIsCancelled() async throws {
        let (started, gate) = (Shared(false), DispatchSemaphore(value: 0))
        let blocking: @Sendable () throws -> Int = {
            started.change { $0 = true }
            gate.wait()
            return 7
        }
        let call = Task { try await Blocking.run(blocking) }
        while !started.value { await Task.yield() }
        call.cancel()
        gate.signal()
        let result = try await call.value
        XCTAssertEqual(result, 7)
    }

    func testACallWithoutAThreadIsATypedError() async throws {
        let (available, calls) = (Shared(false), Shared(0))
        let pool = ThreadPool(limit: 1, idle: 10) { work in available.value && NewThread.start(work) }
        let call: @Sendable () throws -> Void = { calls.change { $0 += 1 } }
        for _ in 0..<3 {
            do {
                try await Blocking.run(on: pool, call)
                XCTFail("expected a failure")
            } catch let error as KeySecureError {
                XCTAssertEqual(error.kind, .transport)
                XCTAssertEqual(error.outcome, .notSent)
            }
        }
        XCTAssertEqual(calls.value, 0)
        let result = await Blocking.run(on: pool) { 7 }
        XCTAssertEqual(result, 7, "a call that cannot throw is made on the thread of the caller")
        // Threads that could not be created are not counted.
        available.change { $0 = true }
        try await Blocking.run(on: pool, call)
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
                let call: @Sendable () throws -> Void = { Thread.sleep(forTimeInterval: 0.001) }
                group.addTask { try await Blocking.run(on: pool, call) }
            }
            try await group.waitForAll()
        }
    }
}
