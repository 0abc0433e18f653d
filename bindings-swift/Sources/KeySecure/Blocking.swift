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
            threads.run {
                let answer = Result { try call() }
                return { waiting.resume(with: answer) }
            }
        }
    }

    static func run<Answer: Sendable>(_ call: @escaping @Sendable () -> Answer) async -> Answer {
        await withCheckedContinuation { waiting in
            threads.run {
                let answer = call()
                return { waiting.resume(returning: answer) }
            }
        }
    }
}

/// Threads for work that blocks, made when they are needed and gone when they have been idle.
///
/// (A dispatch queue would do on Apple's systems. On Linux it adds one thread a second to those that are blocked.)
final class Threads: @unchecked Sendable {
    /// Does the work, and gives what tells the one who waits for it. By the time that is told, the thread is free for the next
    /// job: calls one after another stay on one thread, whose memory is warm.
    typealias Job = @Sendable () -> @Sendable () -> Void

    private let most: Int
    private let idle: TimeInterval
    private let lock = NSLock()
    private var queue: [Job] = []
    private var running = 0
    /// Those without work, at the end the one that had some last.
    private var free: [Worker] = []

    /// - Parameters:
    ///   - most: How many threads there may be.
    ///   - idle: How long one waits for more work, in seconds.
    init(most: Int, idle: TimeInterval) { (self.most, self.idle) = (most, idle) }

    func run(_ job: @escaping Job) {
        lock.lock()
        if let worker = free.popLast() {
            // Woken after the lock was given back: it would only sleep again before it.
            lock.unlock()
            worker.take(job)
        } else if running < most {
            running += 1
            lock.unlock()
            let thread = Thread { self.serve(job) }
            thread.name = "keysecure.calls"
            thread.stackSize = 1 << 20
            thread.start()
        } else {
            queue.append(job)
            lock.unlock()
        }
    }

    private func serve(_ first: @escaping Job) {
        let worker = Worker()
        var next: Job? = first
        while let job = next {
            let tell = job()
            next = queued(or: worker)
            tell()
            next = next ?? worker.given(within: idle) ?? late(worker)
        }
    }

    /// A job that had to wait; when there is none, the worker is free.
    private func queued(or worker: Worker) -> Job? {
        lock.lock()
        defer { lock.unlock() }
        if queue.isEmpty {
            free.append(worker)
            return nil
        }
        return queue.removeFirst()
    }

    /// The job of a worker that was idle for too long and was given one just now. Without one it is no longer free.
    private func late(_ worker: Worker) -> Job? {
        lock.lock()
        if let place = free.firstIndex(where: { $0 === worker }) {
            free.remove(at: place)
            running -= 1
            lock.unlock()
            return nil
        }
        lock.unlock()
        return worker.given(within: .infinity)
    }
}

/// Where a thread without work sleeps. Each has a place of its own, so that a job wakes one thread and no other.
private final class Worker: @unchecked Sendable {
    private let woken = DispatchSemaphore(value: 0)
    private var job: Threads.Job?

    /// Gives it a job; it must be free.
    func take(_ job: @escaping Threads.Job) {
        self.job = job
        woken.signal()
    }

    /// The job that it is given, if it is in time.
    func given(within seconds: TimeInterval) -> Threads.Job? {
        let end = seconds.isFinite ? DispatchTime.now() + seconds : .distantFuture
        guard woken.wait(timeout: end) == .success else { return nil }
        defer { job = nil }
        return job
    }
}
