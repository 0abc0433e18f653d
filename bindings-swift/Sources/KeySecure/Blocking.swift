import Foundation

/// Runs blocking calls for callers that await them.
///
/// The threads of Swift's concurrency must never block: there are only as many as cores. Calls therefore run on threads of their
/// own, at most 64 at a time; further ones wait their turn.
///
/// A task that was cancelled before its call began throws `CancellationError`, and nothing was sent. A call that has begun goes on
/// to its end, at most for the client's `timeout`: what it did must be known.
enum Blocking {
    private static let threads = Threads(most: 64, idle: 10)

    static func run<Answer: Sendable>(_ call: @escaping @Sendable () throws -> Answer) async throws -> Answer {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { waiting in
            threads.run { waiting.resume(with: Result { try call() }) }
        }
    }

    static func run<Answer: Sendable>(_ call: @escaping @Sendable () -> Answer) async -> Answer {
        await withCheckedContinuation { waiting in
            threads.run { waiting.resume(returning: call()) }
        }
    }
}

/// Threads for work that blocks, made when they are needed and gone when they have been idle.
///
/// (A dispatch queue would do on Apple's systems. On Linux it adds one thread a second to those that are blocked.)
final class Threads: @unchecked Sendable {
    private let most: Int
    private let idle: TimeInterval
    private let changed = NSCondition()
    private var work: [@Sendable () -> Void] = []
    private var running = 0
    private var waiting = 0

    /// - Parameters:
    ///   - most: How many threads there may be.
    ///   - idle: How long one waits for more work, in seconds.
    init(most: Int, idle: TimeInterval) { (self.most, self.idle) = (most, idle) }

    func run(_ job: @escaping @Sendable () -> Void) {
        changed.lock()
        defer { changed.unlock() }
        work.append(job)
        if waiting < work.count && running < most {
            running += 1
            let thread = Thread { self.serve() }
            thread.name = "keysecure.calls"
            thread.stackSize = 1 << 20
            thread.start()
        } else {
            changed.signal()
        }
    }

    private func serve() {
        while let job = next() { job() }
    }

    private func next() -> (@Sendable () -> Void)? {
        changed.lock()
        defer { changed.unlock() }
        let end = Date() + idle
        waiting += 1
        defer { waiting -= 1 }
        while work.isEmpty {
            if !changed.wait(until: end) && work.isEmpty {
                running -= 1
                return nil
            }
        }
        return work.removeFirst()
    }
}
