import Foundation

/// The result of a task, for which one thread of the library waits.
final class TaskResult<Output: Sendable>: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var result: Result<Output, any Error>?

    /// Wakes the thread that waits. Called once.
    func finish(_ result: Result<Output, any Error>) {
        self.result = result
        done.signal()
    }

    /// Waits for the result, which it returns once. `nil` at the deadline.
    func wait(until deadline: DispatchTime) -> Result<Output, any Error>? {
        done.wait(timeout: deadline) == .success ? result : nil
    }
}
