import Foundation

/// What every error carries.
extension KeySecureError {
    /// All that is known.
    public var details: ErrorDetails {
        switch self {
        case let .failed(details): return details
        }
    }

    /// What kind of error it is.
    public var kind: ErrorKind { details.kind }

    /// Whether the thing was done: the question to ask before sending a mutation again.
    public var outcome: Outcome { details.outcome }

    /// The platform's code, when it answered with one.
    public var code: Int64? { details.code }

    /// The platform's message, with digits that look like a PAN masked.
    public var msg: String? { details.msg }

    /// The field that broke a rule, in its name on the wire.
    public var field: String? { details.field }

    /// The HTTP status, when an answer came.
    public var httpStatus: Int? { details.httpStatus.map(Int.init) }

    /// The call that failed, such as `accounts.transfer`; none for settings and values.
    public var operation: String? { details.operation }

    /// How many times the call's own request was tried; 0 when it was never tried.
    public var attempts: Int { Int(details.attempts) }

    /// How long the platform asked to wait, in seconds, when it did.
    public var retryAfter: TimeInterval? { details.retryAfter }

    /// What went wrong on the wire, when no answer came.
    public var transportFault: TransportFault? { details.transportFault }

    /// Why a callback was not accepted.
    public var rejection: Rejection? { details.rejection }

    /// An argument that Swift can hold and the core cannot take.
    static func invalidInput(_ field: String, _ rule: String) -> KeySecureError {
        .failed(details: ErrorDetails(text: "\(field) \(rule)", kind: .invalidInput, outcome: .notSent, field: field))
    }

    /// An awaited call for which the system gave no thread.
    static func noThread() -> KeySecureError {
        let text = "the system gave no thread for the call; nothing was sent"
        return .failed(
            details: ErrorDetails(text: text, kind: .transport, outcome: .notSent, transportFault: .other))
    }
}

extension ErrorKind {
    /// Matches an error by its kind: `catch ErrorKind.conflict { ... }`.
    public static func ~= (kind: ErrorKind, error: any Error) -> Bool { (error as? KeySecureError)?.kind == kind }
}

extension KeySecureError: LocalizedError, CustomStringConvertible {
    /// The readable text. It holds no secret.
    public var errorDescription: String? { details.text }

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
        switch self {
        case let .failed(fault, sent):
            return "the exchange failed (\(fault)); the request \(sent ? "may have been carried out" : "was not sent")"
        }
    }
}
