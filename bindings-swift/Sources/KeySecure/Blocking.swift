import Foundation

/// Runs blocking calls for callers that await them.
///
/// The threads of Swift's concurrency must never block: there are only as many as cores. Calls therefore run on threads of their
/// own, at most 64 at a time; further ones wait their turn.
///
/// A task that was cancelled before its call began, also while it waited for a thread, throws `CancellationError`, and nothing was
/// sent. A call that has begun goes on to its end, at most for the client's `timeout`: what it did must be known.
enum Blocking {
    static let threads = Threads(most: 64, idle: 10)

    static func run<Answer: Sendable>(
        on threads: Threads = threads, _ call: @escaping @Sendable () throws -> Answer
    ) async throws -> Answer {
        try Task.checkCancellation()
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiting in
                let accepted = threads.run {
                    let answer = Result {
                        try cancellation.check()
                        return try call()
                    }
                    return { waiting.resume(with: answer) }
                }
                if !accepted { waiting.resume(throwing: KeySecureError.noThread()) }
            }
        } onCancel: {
            cancellation.happened()
        }
    }

    /// A call that cannot throw has no way to say that it was not done: it is done for a cancelled task too, and on the caller's own
    /// thread if there is no other. (Only the doctor's is one.)
    static func run<Answer: Sendable>(
        on threads: Threads = threads, _ call: @escaping @Sendable () -> Answer
    ) async -> Answer {
        await withCheckedContinuation { waiting in
            let job: Threads.Job = {
                let answer = call()
                return { waiting.resume(returning: answer) }
            }
            if !threads.run(job) { job()() }
        }
    }
}

/// Whether the task that waits for a call was cancelled.
private final class Cancellation: @unchecked Sendable {
    /// One for all: it is held for a moment only, and each call would pay for making its own.
    private static let lock = NSLock()
    private var isThere = false

    func happened() { Self.lock.withLock { isThere = true } }

    func check() throws {
        if Self.lock.withLock({ isThere }) { throw CancellationError() }
    }
}
