import Foundation

/// What every error carries, whatever its case.
extension KeySecureError {
    /// All that is known.
    public var facts: ErrorDetails {
        switch self {
        case let .Config(facts), let .InvalidInput(facts), let .Transport(facts), let .Timeout(facts),
            let .Authentication(facts), let .Permission(facts), let .RateLimit(facts), let .NotFound(facts),
            let .State(facts), let .Conflict(facts), let .Api(facts), let .InvalidResponse(facts),
            let .Webhook(facts), let .Decrypt(facts):
            return facts
        }
    }

    /// What kind of error it is.
    public var kind: ErrorKind { facts.kind }

    /// Whether the thing was done: the question to ask before sending a mutation again.
    public var outcome: Outcome { facts.outcome }

    /// The platform's code, when it answered with one.
    public var code: Int64? { facts.code }

    /// The platform's message, with digits that look like a PAN masked.
    public var msg: String? { facts.msg }

    /// The field that broke a rule, in its name on the wire.
    public var field: String? { facts.field }

    /// The HTTP status, when an answer came.
    public var httpStatus: Int? { facts.httpStatus.map(Int.init) }

    /// The call that failed, such as `accounts.transfer`; none for settings and values.
    public var operation: String? { facts.operation }

    /// How many times the call's own request was tried; 0 when it was never tried.
    public var attempts: Int { Int(facts.attempts) }

    /// How long the platform asked to wait, in seconds, when it did.
    public var retryAfter: TimeInterval? { facts.retryAfter }

    /// What went wrong on the wire, when no answer came.
    public var transportFault: TransportFault? { facts.transportFault }

    /// Why a callback was not accepted.
    public var rejection: Rejection? { facts.rejection }

    /// An argument that Swift can hold and the core cannot take.
    static func refused(_ field: String, _ rule: String) -> KeySecureError {
        .InvalidInput(
            facts: ErrorDetails(
                text: "\(field) \(rule)", kind: .invalidInput, outcome: .notSent, code: nil, msg: nil, field: field,
                httpStatus: nil, operation: nil, attempts: 0, retryAfter: nil, transportFault: nil, rejection: nil))
    }

    /// An awaited call for which the system gave no thread.
    static func noThread() -> KeySecureError {
        .Transport(
            facts: ErrorDetails(
                text: "the system gave no thread for the call; nothing was sent", kind: .transport, outcome: .notSent, code: nil,
                msg: nil, field: nil, httpStatus: nil, operation: nil, attempts: 0, retryAfter: nil, transportFault: .other,
                rejection: nil))
    }
}

extension KeySecureError: LocalizedError, CustomStringConvertible {
    /// The readable text. It holds no secret.
    public var errorDescription: String? { facts.text }

    /// The field that broke a rule, or how long to wait.
    public var recoverySuggestion: String? {
        switch (outcome, retryAfter) {
        case (.unknown, _): return "Look the thing up by its number before sending it again."
        case (_, let seconds?):
            // The platform may say anything, even what no `Int` holds.
            return Int(exactly: seconds.rounded(.up)).map { "Try again in \($0) s." } ?? "Try again later."
        default: return nil
        }
    }
}

extension TransportFailure: LocalizedError {
    /// What went wrong, and whether the request may have been carried out.
    public var errorDescription: String? {
        guard case let .Failed(fault, sent) = self else { return nil }
        return "the exchange failed (\(fault)); the request \(sent ? "may have been carried out" : "was not sent")"
    }
}
