import Foundation

/// Writes one line for each attempt and each call to a log. The lines hold no secrets, paths or card numbers.
///
/// ```swift
/// let client = try Client(apiKey: key, apiSecret: secret, observer: LogObserver { logger.info("\($0)") })
/// ```
public final class LogObserver: Observer {
    private let log: @Sendable (LogLevel, String) -> Void

    /// Creates an observer.
    ///
    /// - Parameter log: Receives one line. Runs on the thread of the call and should return quickly.
    public init(_ log: @escaping @Sendable (String) -> Void) { self.log = { _, line in log(line) } }

    /// Creates an observer whose lines have a level: attempts are `.debug`, calls `.info`. A call that failed is `.error` when it is a
    /// mutation of unknown outcome, and `.warning` when it is another mutation or a read without a reply of the platform.
    ///
    /// - Parameter log: Receives the level and one line. Runs on the thread of the call and should return quickly.
    public init(levels log: @escaping @Sendable (LogLevel, String) -> Void) { self.log = log }

    public func attempt(record: AttemptRecord) {
        let status = record.httpStatus.map { "http \($0)" } ?? "no response"
        let took = milliseconds(record.duration)
        log(.debug, "\(record.operation) attempt \(record.attempt): \(status)\(code(record.code)), \(took)")
    }

    public func call(record: CallRecord) {
        let failure = record.kind.map { "failed (\($0)\(code(record.code)), outcome \(record.outcome.map { "\($0)" } ?? "?"))" }
        let took = milliseconds(record.duration)
        log(level(record), "\(record.operation) \(failure ?? "done") after \(record.attempts) attempts, \(took)")
    }

    public func tokenStore(available: Bool) {
        store("token", available)
    }

    public func attemptStore(available: Bool) {
        store("attempt", available)
    }

    private func store(_ name: String, _ available: Bool) {
        log(available ? .info : .warning, "the \(name) store can\(available ? " be reached again" : "not be reached")")
    }
}

/// As the log of the core has it.
private func level(_ record: CallRecord) -> LogLevel {
    switch record.outcome {
    case nil: return .info
    case .unknown: return record.isMutation ? .error : .warning
    case .rejected: return record.isMutation ? .warning : .info
    case .notSent: return .warning
    }
}

private func code(_ code: Int?) -> String { code.map { ", code \($0)" } ?? "" }

private func milliseconds(_ duration: Duration) -> String { "\(Int((duration.seconds * 1000).rounded())) ms" }
