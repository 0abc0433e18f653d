import Foundation

/// Runs blocking calls for callers that await them.
///
/// The cooperative thread pool of Swift has only as many threads as there are cores, so its threads must not block. Calls run on
/// a separate pool of at most 64 threads; further calls are queued.
///
/// A task that is cancelled before its call starts, also while the call is queued, throws `CancellationError`, and nothing is sent.
/// A call that has started runs to its end, at most for the `timeout` of the client, because its outcome must be known.
enum Blocking {
    static let pool = ThreadPool(limit: 64, idle: 10)

    static func run<Output: Sendable>(
        on pool: ThreadPool = pool, _ call: @escaping @Sendable () throws -> Output
    ) async throws -> Output {
        try Task.checkCancellation()
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let accepted = pool.run {
                    let result = Result {
                        try cancellation.check()
                        return try call()
                    }
                    return { continuation.resume(with: result) }
                }
                if !accepted { continuation.resume(throwing: KeySecureError.noThread()) }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// Runs a call that cannot throw, and so cannot report that it was not made: it is made for a cancelled task too, and on the
    /// caller's thread when the pool cannot create one. Only `doctor` is such a call.
    static func run<Output: Sendable>(
        on pool: ThreadPool = pool, _ call: @escaping @Sendable () -> Output
    ) async -> Output {
        await withCheckedContinuation { continuation in
            let job: ThreadPool.Job = {
                let output = call()
                return { continuation.resume(returning: output) }
            }
            if !pool.run(job) { job()() }
        }
    }
}

/// Records whether the task that awaits a call was cancelled.
private final class Cancellation: @unchecked Sendable {
    /// Shared by all calls: it is held briefly, and creating one for each call would cost more.
    private static let lock = NSLock()
    private var isCancelled = false

    func cancel() { Self.lock.withLock { isCancelled = true } }

    func check() throws {
        if Self.lock.withLock({ isCancelled }) { throw CancellationError() }
    }
}
