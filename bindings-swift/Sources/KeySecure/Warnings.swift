/// Receives the warnings of the library: an unavailable store, a call that failed, a purchase that was declined or decided too late,
/// a rejected webhook, the type of an error that your code threw. No warning holds a secret. By default, warnings go to the standard error.
///
/// ```swift
/// Warnings.send { logger.warning("\($0)") }
/// ```
public enum Warnings {
    /// Sends all further warnings of this process to a closure. It is called on any thread and should return quickly.
    public static func send(to log: @escaping @Sendable (String) -> Void) {
        setWarningSink(sink: Closure(log))
    }

    private final class Closure: WarningSink {
        private let log: @Sendable (String) -> Void

        init(_ log: @escaping @Sendable (String) -> Void) { self.log = log }

        func warn(text: String) { log(text) }
    }
}
