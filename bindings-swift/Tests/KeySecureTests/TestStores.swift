import Foundation
import KeySecure

// In-memory implementations of the store protocols.

final class TestTokenStore: TokenStore, @unchecked Sendable {
    private let lock = NSLock()
    private var tokens: [String: StoredToken] = [:]
    private var locks: [String: String] = [:]

    func load(slot: String, within: Duration) -> StoredToken? { lock.withLock { tokens[slot] } }

    func save(slot: String, token: StoredToken, within: Duration) { lock.withLock { tokens[slot] = token } }

    func tryLock(slot: String, within: Duration) -> String? {
        lock.withLock {
            if locks[slot] != nil { return nil }
            locks[slot] = UUID().uuidString
            return locks[slot]
        }
    }

    func unlock(slot: String, lockID: String, within: Duration) {
        lock.withLock { if locks[slot] == lockID { locks[slot] = nil } }
    }
}

final class TestAttemptStore: AttemptStore, @unchecked Sendable {
    private struct Record {
        let lease: String
        let ends: Date
        var end: AttemptEnd?
        var ended: Date
    }

    private let lock = NSLock()
    private let age: Duration
    private var records: [String: Record] = [:]
    private var leases: [String: (id: String, ends: Date)] = [:]
    private var recordedCalls: [String] = []

    /// - Parameter age: How long the store has been recording.
    init(age: Duration) { self.age = age }

    var calls: [String] { lock.withLock { recordedCalls } }

    func acquire(reference: String, lease: Duration, within: Duration) -> Acquired {
        lock.withLock {
            recordedCalls.append("acquire")
            let (now, past) = (Date(), records[reference])
            if let held = leases[reference], held.ends > now { return .busy }
            if let past, past.end == nil, past.ends > now { return .busy }
            let id = UUID().uuidString
            leases[reference] = (id, now + lease.interval)
            let last = past.map { PastAttempt(ended: .seconds(max(0, now.timeIntervalSince($0.ended))), end: $0.end) }
            return .leased(leaseID: id, lastAttempt: last, storeAge: age)
        }
    }

    func begin(attempt: AttemptStart, within: Duration) -> Bool {
        lock.withLock {
            recordedCalls.append("begin \(attempt.operation)")
            guard let held = leases[attempt.reference], held.id == attempt.leaseID, held.ends > Date() else { return false }
            leases[attempt.reference] = (attempt.leaseID, Date() + attempt.lease.interval)
            let ends = Date() + attempt.lasts.interval
            records[attempt.reference] = Record(lease: attempt.leaseID, ends: ends, end: nil, ended: ends)
            return true
        }
    }

    func finish(reference: String, leaseID: String, end: AttemptEnd, within: Duration) {
        lock.withLock {
            recordedCalls.append("finish \(end)")
            guard var record = records[reference], record.lease == leaseID || end == .done else { return }
            (record.end, record.ended) = (end, Date())
            records[reference] = record
        }
    }

    func release(reference: String, leaseID: String, within: Duration) {
        lock.withLock {
            recordedCalls.append("release")
            if leases[reference]?.id == leaseID { leases[reference] = nil }
        }
    }
}

final class TestReplayStore: ReplayStore, @unchecked Sendable {
    private let lock = NSLock()
    private var values: [String: String] = [:]

    func insert(key: String, value: String, keep: Duration) -> String? {
        lock.withLock {
            if let there = values[key] { return there }
            values[key] = value
            return nil
        }
    }

    func get(key: String) -> String? { lock.withLock { values[key] } }

    func remove(key: String) { lock.withLock { values[key] = nil } }
}

/// A store whose methods throw.
final class FailingStore: TokenStore, AttemptStore {
    func load(slot: String, within: Duration) throws -> StoredToken? { throw Failure("s3cr3t") }
    func save(slot: String, token: StoredToken, within: Duration) throws { throw Failure("s3cr3t") }
    func tryLock(slot: String, within: Duration) throws -> String? { throw Failure("s3cr3t") }
    func unlock(slot: String, lockID: String, within: Duration) throws { throw Failure("s3cr3t") }
    func acquire(reference: String, lease: Duration, within: Duration) throws -> Acquired { throw Failure("s3cr3t") }
    func begin(attempt: AttemptStart, within: Duration) throws -> Bool { throw Failure("s3cr3t") }
    func finish(reference: String, leaseID: String, end: AttemptEnd, within: Duration) throws { throw Failure("s3cr3t") }
    func release(reference: String, leaseID: String, within: Duration) throws { throw Failure("s3cr3t") }
}

/// Records the further warnings of the library.
final class RecordedWarnings: Sendable {
    private let all = Shared<[String]>([])

    init() {
        let all = all
        Warnings.send { line in all.change { $0.append(line) } }
    }

    var lines: [String] { all.value }

    /// Waits for a line that contains a text: some warnings come from other threads.
    func wait(for text: String) throws {
        let end = Date() + 10
        while !lines.contains(where: { $0.contains(text) }) {
            if Date() > end { throw Failure("no warning with \(text) in \(lines)") }
            Thread.sleep(forTimeInterval: 0.005)
        }
    }
}

/// Notes for each released webhook whether it was on the main thread.
final class ThreadedReplayStore: ReplayStore {
    let released = Shared<[Bool]>([])

    func insert(key: String, value: String, keep: Duration) -> String? { nil }
    func get(key: String) -> String? { nil }
    func remove(key: String) { released.change { $0.append(Thread.isMainThread) } }
}
