import Foundation

/// The limits of the calls of a client.
struct CallLimits: Sendable {
    /// The limit of every call but the `ensure` calls.
    let timeout: Duration
    /// Returns the deadline of an `ensure` call without one of its own.
    let ensureDeadline: @Sendable () -> Duration
}

extension Client {
    init(ffi: FfiClient, timeout: Duration?) {
        let limits = CallLimits(timeout: timeout ?? .seconds(30), ensureDeadline: { ffi.defaultEnsureDeadline() })
        self.init(ffi: ffi, limits: limits)
        CancelledReads.install()
    }

    /// The address of the platform.
    var baseURL: String { ffi.baseURL() }
}

/// Runs blocking calls for callers that await them, on threads of the library.
///
/// The cooperative thread pool of Swift has only as many threads as there are cores, so its threads must not block. Reads, mutations
/// and webhooks have separate pools: reads that hang do not delay a payment. A call waits in a queue while all threads of its pool are
/// busy; the wait counts into its limit.
///
/// A cancelled task gets an error of kind `.cancelled`, and nothing is sent, when its call has not started. A read that has started is
/// abandoned, and its exchange is ended within 50 ms (see `CancelledReads`). A mutation or a webhook that has started runs to its end, because its outcome must be known.
enum Waiting {
    /// What a call does, and so where it runs.
    enum Kind: Sendable {
        case read, mutation, webhook

        var pool: ThreadPool {
            switch self {
            case .read: return reads
            case .mutation: return mutations
            case .webhook: return webhooks
            }
        }
    }

    private static let reads = ThreadPool(limit: 64, idle: 10)
    private static let mutations = ThreadPool(limit: 64, idle: 10)
    /// A purchase must be decided in 0.8 s, so a webhook should never wait for a thread.
    private static let webhooks = ThreadPool(limit: 256, idle: 10)

    /// Runs a call, which gets the time that it has waited, if that is worth counting.
    ///
    /// - Parameter limit: The longest wait for a thread; `nil` without a limit.
    static func result<Output: Sendable>(
        _ kind: Kind, within limit: Duration?, on pool: ThreadPool? = nil,
        _ call: @escaping @Sendable (Duration?) throws -> Output
    ) async -> Result<Output, KeySecureError> {
        if Task.isCancelled { return .failure(.cancelled(.notSent)) }
        let pending = PendingCall<Output>(isRead: kind == .read)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard pending.begin(continuation) else { return }
                let queued = DispatchTime.now()
                let accepted = (pool ?? kind.pool).run {
                    guard pending.start() else { return {} }
                    let result = CancelledReads.watching(kind == .read ? pending : nil) {
                        Result { try call(waited(since: queued)) }.mapError(KeySecureError.init(thrown:))
                    }
                    return { pending.finish(result) }
                }
                switch accepted {
                case .started: break
                case .queued: if let limit { deadlines.asyncAfter(deadline: queued + limit.seconds) { pending.expire() } }
                case .refused: pending.finish(.failure(.noThread()))
                }
            }
        } onCancel: {
            pending.cancel()
        }
    }

    #if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS
    static func run<Output: Sendable>(
        _ kind: Kind, within limit: Duration?, on pool: ThreadPool? = nil,
        _ call: @escaping @Sendable (Duration?) throws -> Output
    ) async throws(KeySecureError) -> Output {
        try await result(kind, within: limit, on: pool, call).get()
    }
    #else
    static func run<Output: Sendable>(
        _ kind: Kind, within limit: Duration?, on pool: ThreadPool? = nil,
        _ call: @escaping @Sendable (Duration?) throws -> Output
    ) async throws -> Output {
        try await result(kind, within: limit, on: pool, call).get()
    }
    #endif

    /// Runs a call that cannot throw, and so cannot report that it was not made, such as the reply to a webhook: it is made for a
    /// cancelled task too, and on the caller's thread when the pool cannot create one.
    static func always<Output: Sendable>(
        _ kind: Kind, on pool: ThreadPool? = nil, _ call: @escaping @Sendable () -> Output
    ) async -> Output {
        await withCheckedContinuation { continuation in
            let job: ThreadPool.Job = {
                let output = call()
                return { continuation.resume(returning: output) }
            }
            if (pool ?? kind.pool).run(job) == .refused { job()() }
        }
    }

    /// Runs work that nobody waits for and that may call a store, away from the thread of the caller, which may be the main thread.
    static func later(_ kind: Kind, _ work: @escaping @Sendable () -> Void) {
        let job: ThreadPool.Job = {
            work()
            return {}
        }
        if kind.pool.run(job) == .refused { work() }
    }

    /// Where queued calls expire: never behind other work of the process.
    private static let deadlines = DispatchQueue(label: "keysecure.deadlines", qos: .userInitiated)

    private static func waited(since start: DispatchTime) -> Duration? {
        let waited = DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds
        return waited > 1_000_000 ? .nanoseconds(waited) : nil
    }
}

/// Shared by all calls: it is held briefly, and creating one for each call would cost more.
private let stateLock = NSLock()

/// One awaited call, which is resumed exactly once.
private final class PendingCall<Output: Sendable>: AbandonableCall, @unchecked Sendable {
    private enum State {
        case new, queued, started, finished
    }

    private let isRead: Bool
    private var state = State.new
    private var isCancelled = false
    private var continuation: CheckedContinuation<Result<Output, KeySecureError>, Never>?

    init(isRead: Bool) { self.isRead = isRead }

    override var isAbandoned: Bool { stateLock.withLock { isCancelled } }

    /// Queues the call. Returns `false` when it was cancelled before.
    func begin(_ continuation: CheckedContinuation<Result<Output, KeySecureError>, Never>) -> Bool {
        let accepted = stateLock.withLock {
            guard !isCancelled else { return false }
            (self.continuation, state) = (continuation, .queued)
            return true
        }
        if !accepted { continuation.resume(returning: .failure(.cancelled(.notSent))) }
        return accepted
    }

    /// Whether a thread may make the call: its caller still waits.
    func start() -> Bool {
        stateLock.withLock {
            guard state == .queued else { return false }
            state = .started
            return true
        }
    }

    func finish(_ result: Result<Output, KeySecureError>) {
        resume(with: result) { $0 != .finished }
    }

    /// The wait for a thread took the whole limit of the call.
    func expire() {
        resume(with: .failure(.noThreadInTime())) { $0 == .queued }
    }

    func cancel() {
        stateLock.withLock { isCancelled = true }
        resume(with: .failure(.cancelled(.notSent))) { $0 == .queued }
        if isRead { resume(with: .failure(.cancelled(.unknown))) { $0 == .started } }
    }

    private func resume(with result: Result<Output, KeySecureError>, if isDue: (State) -> Bool) {
        let waiting = stateLock.withLock { () -> CheckedContinuation<Result<Output, KeySecureError>, Never>? in
            guard isDue(state), let waiting = continuation else { return nil }
            (continuation, state) = (nil, .finished)
            return waiting
        }
        waiting?.resume(returning: result)
    }
}
