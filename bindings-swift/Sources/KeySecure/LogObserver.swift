import Foundation

/// Writes one line for each attempt and each call to a log. The lines hold no secrets, paths or card numbers.
///
/// ```swift
/// let client = try Client(apiKey: key, apiSecret: secret, observer: LogObserver { logger.info("\($0)") })
/// ```
public final class LogObserver: Observer {
    private let log: @Sendable (String) -> Void

    /// Creates an observer.
    ///
    /// - Parameter log: Receives one line. Runs on the thread of the call and should return quickly.
    public init(_ log: @escaping @Sendable (String) -> Void) { self.log = log }

    public func attempt(record: AttemptRecord) {
        let status = record.httpStatus.map { "http \($0)" } ?? "no response"
        log("\(record.operation) attempt \(record.attempt): \(status)\(code(record.code)), \(milliseconds(record.duration))")
    }

    public func call(record: CallRecord) {
        let failure = record.kind.map { "failed (\($0)\(code(record.code)), outcome \(record.outcome.map { "\($0)" } ?? "?"))" }
        log("\(record.operation) \(failure ?? "done") after \(record.attempts) attempts, \(milliseconds(record.duration))")
    }

    public func tokenStore(available: Bool) {
        log(available ? "the token store can be reached again" : "the token store cannot be reached")
    }

    public func attemptStore(available: Bool) {
        log(available ? "the attempt store can be reached again" : "the attempt store cannot be reached")
    }
}

private func code(_ code: Int64?) -> String { code.map { ", code \($0)" } ?? "" }

private func milliseconds(_ duration: Duration) -> String { "\(Int((duration.seconds * 1000).rounded())) ms" }
