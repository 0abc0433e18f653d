import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

final class ListTests: XCTestCase {
    /// Creates 250 transfers, one every 18 hours: three windows, of which the newest has one short page and the middle one two pages.
    private func seededTransfers() throws -> (Sandbox, Client, String) {
        let sandbox = try startSandbox()
        let holder = try sandbox.cardholder()
        let now = Int64(Date().timeIntervalSince1970) * 1000
        let times = (0..<250).map { now - 21_600_000_000 + Int64($0) * 64_800_000 }
        try sandbox.control("POST /seed/transfers", ["cardholder_no": holder, "times_ms": times])
        return (sandbox, try sandbox.client(), holder)
    }

    func testABlockingLoopIteratesOverAllPagesAndWindows() throws {
        let (sandbox, client, _) = try seededTransfers()
        var numbers: [String] = []
        for row in try client.blocking.accounts.transfers(start: Date() - 265 * day, end: Date()) {
            numbers.append(try row.get().transferNo)
        }
        XCTAssertEqual(numbers.count, 250)
        XCTAssertEqual(Set(numbers).count, 250)
        XCTAssertGreaterThanOrEqual(try sandbox.count("accounts.transfers"), 4)
    }

    func testAnAwaitedLoopIteratesOverAllPagesAndWindows() async throws {
        let (_, client, _) = try seededTransfers()
        var count = 0
        for try await row in try client.accounts.transfers(start: Date() - 265 * day, end: Date()) {
            XCTAssertEqual(row.amount, 1)
            count += 1
        }
        XCTAssertEqual(count, 250)
        let all = try await client.accounts.transfers(start: Date() - 265 * day, end: Date()).all()
        XCTAssertEqual(all.count, 250)
    }

    func testPagesAreFetchedOnDemand() throws {
        let (sandbox, client, _) = try seededTransfers()
        let list = try client.blocking.accounts.transfers(start: Date() - 265 * day, end: Date())
        XCTAssertEqual(try sandbox.count("accounts.transfers"), 0)
        XCTAssertEqual(Array(list.prefix(3)).count, 3)
        XCTAssertEqual(try sandbox.count("accounts.transfers"), 1)
    }

    func testASecondIterationContinuesWhereTheFirstEnded() throws {
        let (sandbox, client, _) = try seededTransfers()
        let list = try client.blocking.accounts.transfers(start: Date() - 265 * day, end: Date())
        var numbers = try list.prefix(3).map { try $0.get().transferNo }
        for row in list.prefix(2) { numbers.append(try row.get().transferNo) }
        XCTAssertEqual(try sandbox.count("accounts.transfers"), 1)
        numbers += try list.all().map(\.transferNo)
        let straight = try client.blocking.accounts.transfers(start: Date() - 265 * day, end: Date()).all().map(\.transferNo)
        XCTAssertTrue(numbers == straight)
        XCTAssertEqual(numbers.count, 250)
        XCTAssertEqual(try list.all().count, 0)
    }

    func testASecondAwaitedIterationContinuesWhereTheFirstEnded() async throws {
        let (_, client, _) = try seededTransfers()
        let list = try client.accounts.transfers(start: Date() - 265 * day, end: Date())
        var numbers: [String] = []
        // One iterator is kept, and one is abandoned.
        var first = list.makeAsyncIterator()
        for _ in 0..<3 { numbers.append(try await first.next()?.transferNo ?? "none") }
        for try await row in list {
            numbers.append(row.transferNo)
            if numbers.count == 5 { break }
        }
        numbers += try await list.all().map(\.transferNo)
        let end = try await first.next()
        XCTAssertNil(end)
        let straight = try await client.accounts.transfers(start: Date() - 265 * day, end: Date()).all().map(\.transferNo)
        XCTAssertTrue(numbers == straight)
        XCTAssertEqual(numbers.count, 250)
    }

    func testConcurrentIterationsShareTheRows() async throws {
        let (_, client, _) = try seededTransfers()
        let list = try client.accounts.transfers(start: Date() - 265 * day, end: Date())
        let numbers = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    // Each starts a new iteration after a few rows.
                    var numbers: [String] = []
                    while true {
                        let before = numbers.count
                        for try await row in list {
                            numbers.append(row.transferNo)
                            if numbers.count == before + 7 { break }
                        }
                        if numbers.count == before { return numbers }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        XCTAssertEqual(numbers.count, 250)
        XCTAssertEqual(Set(numbers).count, 250)
    }

    func testRowsAreReturnedNewestFirst() throws {
        let (_, client, _) = try seededTransfers()
        let times = try client.blocking.accounts.transfers(start: Date() - 265 * day, end: Date()).all().compactMap(\.time)
        XCTAssertEqual(times.count, 250)
        XCTAssertTrue(times == times.sorted(by: >))
    }

    /// A list of three rows, of which the second has no number.
    private func clientWithABadRow() throws -> Client {
        let transport = InMemoryTransport { _ in #"{"list":[{"transfer_no":"1"},{"transfer_no":null},{"transfer_no":"3"}]}"# }
        return try Client(apiKey: "k", apiSecret: "0123456789abcdef", transport: transport)
    }

    func testAListContinuesAfterARowWithoutItsNumber() throws {
        let rows = Array(try clientWithABadRow().blocking.accounts.transfers(in: .last(days: 1)))
        XCTAssertEqual(rows.map { try? $0.get().transferNo }, ["1", nil, "3"])
        XCTAssertThrowsError(try rows[1].get()) { error in
            XCTAssertEqual((error as? KeySecureError)?.kind, .invalidResponse)
            XCTAssertTrue("\(error)".contains("list[1] on page 0"), "\(error)")
        }
    }

    func testAnAwaitedIterationStopsAtABadRowAndTheNextContinuesAfterIt() async throws {
        let list = try clientWithABadRow().accounts.transfers(in: .last(days: 1))
        var numbers: [String] = []
        do {
            for try await row in list { numbers.append(row.transferNo) }
            XCTFail("expected a failure")
        } catch {
            XCTAssertEqual(error.kind, .invalidResponse)
        }
        for try await row in list { numbers.append(row.transferNo) }
        XCTAssertEqual(numbers, ["1", "3"])
    }

    func testAFailedRequestIsTheLastElement() throws {
        let (sandbox, client, holder) = try seededTransfers()
        try sandbox.fault(["code": 1004], on: "accounts.transfers", times: 9)
        let rows = Array(try client.blocking.accounts.transfers(start: Date() - 10 * day, end: Date(), cardholderNo: holder))
        XCTAssertEqual(rows.count, 1)
        XCTAssertThrowsError(try rows[0].get()) { XCTAssertEqual(($0 as? KeySecureError)?.code, 1004) }
    }

    func testAFailedRequestEndsAllIterations() throws {
        let (sandbox, client, _) = try seededTransfers()
        let list = try client.blocking.accounts.transfers(start: Date() - 265 * day, end: Date())
        XCTAssertEqual(Array(list.prefix(3)).count, 3)
        try sandbox.fault(["code": 1004], on: "accounts.transfers", times: 9)
        let rest = Array(list)
        XCTAssertThrowsError(try rest.last?.get())
        XCTAssertGreaterThan(rest.count, 1, "the rows that were fetched before come first")
        try sandbox.control("POST /faults/clear")
        let requests = try sandbox.count("accounts.transfers")
        // Nobody takes the rest for an empty list.
        for _ in 0..<2 {
            let again = Array(list)
            XCTAssertEqual(again.count, 1)
            XCTAssertEqual(try failure { _ = try again[0].get() }.code, 1004)
            XCTAssertEqual(try failure { _ = try list.all() }.code, 1004)
        }
        XCTAssertTrue(list.hasFailed)
        XCTAssertEqual(try sandbox.count("accounts.transfers"), requests)
    }

    func testEveryIterationOfAFailedPagerThrowsItsError() async throws {
        let (sandbox, client, _) = try seededTransfers()
        _ = try await client.accessToken()
        try sandbox.fault(["stall": 300], on: "accounts.transfers")
        try sandbox.fault(["code": 1004], on: "accounts.transfers", times: 1)
        let list = try client.accounts.transfers(in: .last(days: 265))
        // The rows of the first page go to some, the error to all.
        let codes = await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    do throws(KeySecureError) { _ = try await list.all() } catch { return error.code }
                    return nil
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(codes, [1004, 1004, 1004])
        let later = try await failure { _ = try await list.all() }
        XCTAssertEqual(later.code, 1004)
        XCTAssertTrue(list.hasFailed)
    }

    func testAnAwaitedIterationEndsAfterAnError() async throws {
        let (sandbox, client, _) = try seededTransfers()
        try sandbox.fault(["code": 1004], on: "accounts.transfers", times: 9)
        var rows = try client.accounts.transfers(start: Date() - 10 * day, end: Date()).makeAsyncIterator()
        do {
            _ = try await rows.next()
            XCTFail("expected a failure")
        } catch {
            XCTAssertEqual(error.code, 1004)
        }
        let after = try await rows.next()
        XCTAssertNil(after)
    }

    func testWindowBoundsAreDaysOrInstants() throws {
        let (_, client, _) = try seededTransfers()
        let zone = TimeZone(secondsFromGMT: 8 * 3600)!
        let from = CivilDate(of: Date() - 265 * day, in: zone)
        XCTAssertEqual(try client.blocking.accounts.transfers(start: from, end: Date()).all().count, 250)
        let error = try failure {
            _ = try client.blocking.accounts.transfers(start: CivilDate(year: 2026, month: 2, day: 31), end: Date())
        }
        XCTAssertEqual(error.kind, .invalidInput)
    }

    func testASinglePage() throws {
        let (_, client, _) = try seededTransfers()
        let page = try client.blocking.accounts.transfersPage(start: Date() - 130 * day, end: Date() - 70 * day, page: 0, size: 7)
        XCTAssertEqual(page.list.count, 7)
        for (number, size) in [(-1, 10), (0, 101), (0, 0), (Int.min, Int.max)] {
            let error = try failure {
                _ = try client.blocking.accounts.transfersPage(start: Date() - 60 * day, end: Date(), page: number, size: size)
            }
            XCTAssertEqual(error.kind, .invalidInput, "page \(number) of \(size)")
        }
    }

    func testAWindowIsARangeOfDatesOrDaysOrAnInterval() throws {
        let (_, client, _) = try seededTransfers()
        let (accounts, zone) = (client.blocking.accounts, TimeZone(secondsFromGMT: 8 * 3600)!)
        let (from, to) = (Date() - 265 * day, Date())
        XCTAssertEqual(try accounts.transfers(in: from...to).all().count, 250)
        XCTAssertEqual(try accounts.transfers(in: DateInterval(start: from, end: to)).all().count, 250)
        XCTAssertEqual(try accounts.transfers(in: .last(days: 265)).all().count, 250)
        XCTAssertEqual(try accounts.transfers(in: CivilDate(of: from, in: zone)...CivilDate(of: to, in: zone)).all().count, 250)
        XCTAssertEqual(try accounts.transfers(start: from, end: .now).all().count, 250)
        XCTAssertEqual(try accounts.transfers(start: .now - 265 * day, end: .now).all().count, 250)
        XCTAssertEqual(try accounts.transfersPage(in: (to - 130 * day)...(to - 70 * day)).list.count, 81)
        XCTAssertEqual(try failure { _ = try accounts.transfers(in: .last(days: -1)) }.kind, .invalidInput)
    }

    func testAViewModelKeepsItsIterationBetweenPages() async throws {
        let (_, client, _) = try seededTransfers()
        let list = try client.accounts.transfers(in: .last(days: 265))
        let model = await TransferModel(list)
        try await model.more()
        try await model.more()
        let shown = await model.shown
        XCTAssertEqual(Set(shown).count, 6)
    }

    func testACancelledIterationLosesNoRow() async throws {
        let (sandbox, client, _) = try seededTransfers()
        let list = try client.accounts.transfers(in: .last(days: 265))
        _ = try await client.accessToken()
        try sandbox.fault(["stall": 1000], on: "accounts.transfers")
        let first = Task { () throws(KeySecureError) -> String? in
            var rows = list.makeAsyncIterator()
            return try await rows.next()?.transferNo
        }
        try await Task.sleep(for: .milliseconds(300))
        first.cancel()
        let cancelled = await first.result
        XCTAssertThrowsError(try cancelled.get()) { XCTAssertEqual(($0 as? KeySecureError)?.kind, .cancelled) }
        let all = try await list.all()
        XCTAssertEqual(Set(all.map(\.transferNo)).count, 250)
    }

    func testACancelledIterationLosesNoError() async throws {
        let (started, gate) = (Shared(false), DispatchSemaphore(value: 0))
        let transport = InMemoryTransport { _ in
            started.change { $0 = true }
            gate.wait()
            return #"{"list":[{"transfer_no":null},{"transfer_no":"2"}]}"#
        }
        let client = try Client(apiKey: "k", apiSecret: "0123456789abcdef", transport: transport)
        let list = try client.accounts.transfers(in: .last(days: 1))
        let first = Task { try await list.all() }
        while !started.value { try await Task.sleep(for: .milliseconds(1)) }
        first.cancel()
        let cancelled = try await failure { _ = try await first.value }
        XCTAssertEqual(cancelled.kind, .cancelled)
        gate.signal()
        let error = try await failure { _ = try await list.all() }
        XCTAssertEqual(error.kind, .invalidResponse)
        XCTAssertFalse(list.hasFailed)
        let rest = try await list.all()
        XCTAssertEqual(rest.map(\.transferNo), ["2"])
    }

    func testCancelledIterationsOfOnePagerKeepNoThread() async throws {
        let (sandbox, client, holder) = try seededTransfers()
        _ = try await client.accessToken()
        try sandbox.fault(["stall": 5000], on: "accounts.transfers")
        let list = try client.accounts.transfers(in: .last(days: 265))
        let first = Task { try await list.all().count }
        try await Task.sleep(for: .milliseconds(300))
        let others = (0..<70).map { _ in Task { try await list.all().count } }
        try await Task.sleep(for: .milliseconds(200))
        others.forEach { $0.cancel() }
        let start = ContinuousClock.now
        _ = try await client.accounts.get(holder)
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(2))
        let count = try await first.value
        XCTAssertEqual(count, 250)
    }

    func testTheWaitForAnotherIterationCountsIntoTheTimeout() async throws {
        let (started, gate) = (Shared(false), DispatchSemaphore(value: 0))
        let transport = InMemoryTransport { _ in
            started.change { $0 = true }
            gate.wait()
            return #"{"list":[{"transfer_no":"1"}]}"#
        }
        let client = try Client(
            apiKey: "k", apiSecret: "0123456789abcdef", timeout: .milliseconds(500), maxRetries: 0, transport: transport)
        let list = try client.accounts.transfers(in: .last(days: 1))
        let first = Task { try await list.all() }
        while !started.value { try await Task.sleep(for: .milliseconds(1)) }
        // Opened later in case that the call waits.
        DispatchQueue.global().asyncAfter(deadline: .now() + 3) { gate.signal() }
        let start = ContinuousClock.now
        let error = try await failure { _ = try await list.all() }
        XCTAssertEqual([error.kind == .timeout, error.outcome == .notSent], [true, true], "\(error)")
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(2))
        gate.signal()
        _ = await first.result
    }
}

/// As in an app: its iterator is isolated to the main actor.
@MainActor
private final class TransferModel {
    private(set) var shown: [String] = []
    private var rows: Pager<TransferRecord>.AsyncIterator

    init(_ list: Pager<TransferRecord>) { rows = list.makeAsyncIterator() }

    /// Shows three more.
    func more() async throws {
        var rows = rows
        for _ in 0..<3 {
            guard let row = try await rows.next() else { break }
            shown.append(row.transferNo)
        }
        self.rows = rows
    }
}
