import Foundation

/// Runs blocking calls for callers that await them.
///
/// The threads of Swift's concurrency must never block: there are only as many as cores. Calls therefore run on threads of their
/// own, at most 64 at a time; further ones wait their turn.
///
/// A task that was cancelled before its call began throws `CancellationError`, and nothing was sent. A call that has begun goes on
/// to its end, at most for the client's `timeout`: what it did must be known.
enum Blocking {
    private static let threads: OperationQueue = {
        let queue = OperationQueue()
        queue.name = "keysecure.calls"
        queue.maxConcurrentOperationCount = 64
        return queue
    }()

    static func run<Answer: Sendable>(_ call: @escaping @Sendable () throws -> Answer) async throws -> Answer {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { waiting in
            threads.addOperation { waiting.resume(with: Result { try call() }) }
        }
    }

    static func run<Answer: Sendable>(_ call: @escaping @Sendable () -> Answer) async -> Answer {
        await withCheckedContinuation { waiting in
            threads.addOperation { waiting.resume(returning: call()) }
        }
    }
}
