/// Receives the warnings of the library: an unavailable store, a call that failed, a purchase that was declined or decided too late,
/// a rejected webhook, the type of an error that your code threw. No warning holds a secret. By default, warnings go to the standard error.
///
/// ```swift
/// Warnings.send { logger.warning("\($0)") }
/// ```
public enum Warnings {
    /// Sends all further warnings of this process to a closure, as lines of text. It is called on any thread and should return quickly.
    public static func send(to log: @escaping @Sendable (String) -> Void) {
        receive { log($0.text) }
    }

    /// Sends all further warnings of this process to a closure, with their level and their parts. It is called on any thread and should
    /// return quickly.
    ///
    /// ```swift
    /// Warnings.receive { warning in
    ///     logger.log(level: warning.level == .error ? .error : .warning, "\(warning.text)")
    /// }
    /// ```
    public static func receive(_ log: @escaping @Sendable (Warning) -> Void) {
        setWarningSink(sink: Closure(log))
    }

    private final class Closure: WarningSink {
        private let log: @Sendable (Warning) -> Void

        init(_ log: @escaping @Sendable (Warning) -> Void) { self.log = log }

        func warn(warning: Warning) { log(warning) }
    }
}

extension Warning {
    /// The value of a part: `operation`, `error`, `outcome` and `duration_ms` of a call, `action`, `consume_no`, `reason` or `rejection`
    /// of a webhook, for example. `nil` when the warning has no such part.
    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}
