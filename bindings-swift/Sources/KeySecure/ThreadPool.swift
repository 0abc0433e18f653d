import Foundation

/// Threads for work that blocks, made when they are needed and gone when they have been idle.
///
/// (A dispatch queue would do on Apple's systems. On Linux it adds one thread a second to those that are blocked.)
final class Threads: @unchecked Sendable {
    /// Does the work, and gives what tells the one who waits for it. By the time that is told, the thread is free for the next
    /// job: calls one after another stay on one thread, whose memory is warm.
    typealias Job = @Sendable () -> @Sendable () -> Void

    private let most: Int
    private let idle: TimeInterval
    private let start: @Sendable (@escaping @Sendable () -> Void) -> Bool
    private let lock = NSLock()
    private var queue: [Job] = []
    private var running = 0
    /// Those without work, at the end the one that had some last.
    private var free: [Worker] = []

    /// - Parameters:
    ///   - most: How many threads there may be.
    ///   - idle: How long one waits for more work, in seconds.
    ///   - start: Begins some work on a thread of its own; false when there can be none.
    init(
        most: Int, idle: TimeInterval, start: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool = NewThread.start
    ) {
        (self.most, self.idle, self.start) = (most, idle, start)
    }

    /// Whether the job will be done: not when there is no thread and none can be made.
    func run(_ job: @escaping Job) -> Bool {
        lock.lock()
        if let worker = free.popLast() {
            // Woken after the lock was given back: it would only sleep again before it.
            lock.unlock()
            worker.take(job)
            return true
        }
        defer { lock.unlock() }
        // Made under the lock: those that are counted are there, and will take what waits in the queue.
        if running < most && start({ self.serve(job) }) {
            running += 1
            return true
        }
        guard running > 0 else { return false }
        queue.append(job)
        return true
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
