import Foundation

/// A thread pool for blocking work. Threads are created on demand and exit when they are idle.
///
/// A dispatch queue does not replace it on Linux, where it adds only one thread per second when all threads are blocked.
final class ThreadPool: @unchecked Sendable {
    /// Does the work and returns the function that resumes the caller. It is called after the thread is free for the next job, so
    /// that consecutive calls stay on one thread, with warm caches.
    typealias Job = @Sendable () -> @Sendable () -> Void

    private let limit: Int
    private let idle: TimeInterval
    private let start: @Sendable (@escaping @Sendable () -> Void) -> Bool
    private let lock = NSLock()
    private var queue: [Job] = []
    private var running = 0
    /// Idle workers; the most recently used one is last.
    private var idleWorkers: [Worker] = []

    /// - Parameters:
    ///   - limit: The maximum number of threads.
    ///   - idle: How long a thread waits for more work, in seconds.
    ///   - start: Runs work on a new thread; returns `false` when there can be none.
    init(
        limit: Int, idle: TimeInterval, start: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool = NewThread.start
    ) {
        (self.limit, self.idle, self.start) = (limit, idle, start)
    }

    /// What became of a job: a thread has it, it waits for one, or there is no thread and none can be created.
    enum Accepted {
        case started, queued, refused
    }

    /// Runs or queues the job.
    func run(_ job: @escaping Job) -> Accepted {
        lock.lock()
        if let worker = idleWorkers.popLast() {
            // Wake the worker after the lock is released: it would wait for the lock otherwise.
            lock.unlock()
            worker.assign(job)
            return .started
        }
        defer { lock.unlock() }
        // Start the thread under the lock: `running` counts only threads that exist and will empty the queue. The worker has the
        // job, because a closure with it would live as long as the thread.
        if running < limit {
            let worker = Worker(job)
            if start({ self.serve(worker) }) {
                running += 1
                return .started
            }
        }
        guard running > 0 else { return .refused }
        queue.append(job)
        return .queued
    }

    private func serve(_ worker: Worker) {
        repeat {
            while doJob(of: worker) {}
        } while worker.waitForJob(seconds: idle) || !retire(worker)
    }

    /// Does the job of a worker. Returns whether it has another one, otherwise it is idle.
    ///
    /// Not inlined: the job and its result, which may be a secret or a claim, must not live while the thread waits.
    @inline(never)
    private func doJob(of worker: Worker) -> Bool {
        guard let job = worker.takeJob() else { return false }
        let resume = job()
        let hasNext = dequeue(for: worker)
        resume()
        return hasNext
    }

    /// Gives a queued job to the worker and returns `true`; when there is none, the worker becomes idle.
    private func dequeue(for worker: Worker) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        if queue.isEmpty {
            idleWorkers.append(worker)
            return false
        }
        worker.take(queue.removeFirst())
        return true
    }

    /// Removes a worker that was idle for too long. Returns `false` when it was assigned a job in the meantime.
    private func retire(_ worker: Worker) -> Bool {
        lock.lock()
        if let index = idleWorkers.firstIndex(where: { $0 === worker }) {
            idleWorkers.remove(at: index)
            running -= 1
            lock.unlock()
            return true
        }
        lock.unlock()
        return !worker.waitForJob(seconds: .infinity)
    }
}

/// A thread's job, and the place where the idle thread waits, so that a job wakes exactly one thread.
private final class Worker: @unchecked Sendable {
    private let woken = DispatchSemaphore(value: 0)
    private var job: ThreadPool.Job?

    init(_ job: @escaping ThreadPool.Job) { self.job = job }

    /// Assigns a job. The worker must be idle.
    func assign(_ job: @escaping ThreadPool.Job) {
        self.job = job
        woken.signal()
    }

    /// Takes a job on the thread of the worker, which is busy.
    func take(_ job: @escaping ThreadPool.Job) { self.job = job }

    /// The assigned job, once.
    func takeJob() -> ThreadPool.Job? {
        defer { job = nil }
        return job
    }

    /// Waits for a job. Returns `false` when none was assigned in time.
    func waitForJob(seconds: TimeInterval) -> Bool {
        let deadline = seconds.isFinite ? DispatchTime.now() + seconds : .distantFuture
        return woken.wait(timeout: deadline) == .success
    }
}
