import Foundation

/// A session over a closure that runs on the thread of the call.
final class ClosureSession: Session {
    private let closure: @Sendable (Bool) throws -> String?

    init(_ closure: @escaping @Sendable (Bool) throws -> String?) { self.closure = closure }

    func token(refused: Bool) throws -> String? { try closure(refused) }
}

/// The closure had not returned a token when the time of the call had passed. Its name is in the log.
struct SessionThatDoesNotEnd: Error {}

/// A session over an `async` closure: it runs in a task, for which the thread of the call waits.
final class TaskSession: Session {
    private let closure: @Sendable (Bool) async throws -> String?

    init(_ closure: @escaping @Sendable (Bool) async throws -> String?) { self.closure = closure }

    /// The time between two checks whether somebody still waits for the call, in seconds.
    private static let interval = 0.05

    func token(refused: Bool) throws -> String? {
        let (result, closure) = (TaskResult<String?>(), closure)
        let deadline = DispatchTime.now() + sessionTimeLeft().seconds
        let task = Task {
            do { result.finish(.success(try await closure(refused))) } catch { result.finish(.failure(error)) }
        }
        while !CancelledReads.isAbandoned {
            if let token = result.wait(until: min(DispatchTime.now() + Self.interval, deadline)) { return try token.get() }
            if DispatchTime.now() >= deadline {
                task.cancel()
                throw SessionThatDoesNotEnd()
            }
        }
        // Nobody waits for the call any more, so there is nothing to log.
        task.cancel()
        return nil
    }
}
