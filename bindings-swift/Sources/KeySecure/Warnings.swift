/// Where the library's warnings go: a store that cannot be reached, a purchase that was declined or decided too late, a rejected
/// webhook, the type of an error that your code threw. No warning holds a secret. Without a word they go to the standard error.
///
/// ```swift
/// Warnings.send { logger.warning("\($0)") }
/// ```
public enum Warnings {
    /// Sends all warnings of this process to a closure from now on. It is called on any thread and should be quick.
    public static func send(to log: @escaping @Sendable (String) -> Void) {
        setWarningSink(sink: Closure(log))
    }

    private final class Closure: WarningSink {
        private let log: @Sendable (String) -> Void

        init(_ log: @escaping @Sendable (String) -> Void) { self.log = log }

        func warn(text: String) { log(text) }
    }
}
