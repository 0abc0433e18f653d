import Foundation

/// The details of every error. Catch a kind of error by its `kind`:
///
/// ```swift
/// catch let error as KeySecureError where error.kind == .conflict { ... }
/// ```
extension KeySecureError {
    /// All details of the error.
    public var details: ErrorDetails {
        switch self {
        case let .failed(details): return details
        }
    }

    /// The kind of the error.
    public var kind: ErrorKind { details.kind }

    /// Whether the operation was carried out. Check it before sending a mutation again.
    public var outcome: Outcome { details.outcome }

    /// The platform's code; `nil` when it sent none.
    public var code: Int64? { details.code }

    /// The platform's message, with digits that look like a PAN masked.
    public var msg: String? { details.msg }

    /// The wire name of the argument that is not valid.
    public var field: String? { details.field }

    /// The HTTP status; `nil` when there was no response.
    public var httpStatus: Int? { details.httpStatus.map(Int.init) }

    /// The call that failed, such as `accounts.transfer`; `nil` for settings and values.
    public var operation: String? { details.operation }

    /// How often the request of the call was tried; 0 when it was not tried.
    public var attempts: Int { Int(details.attempts) }

    /// How long the platform asked to wait, in seconds.
    public var retryAfter: TimeInterval? { details.retryAfter }

    /// What failed in the transport, when there was no response.
    public var transportFault: TransportFault? { details.transportFault }

    /// Why a webhook was rejected.
    public var rejection: Rejection? { details.rejection }

    /// The error for an argument that the core cannot represent.
    static func invalidInput(_ field: String, _ rule: String) -> KeySecureError {
        .failed(details: ErrorDetails(text: "\(field) \(rule)", kind: .invalidInput, outcome: .notSent, field: field))
    }

    /// The error for an awaited call when the system cannot create a thread.
    static func noThread() -> KeySecureError {
        let text = "the system cannot create a thread for the call; nothing was sent"
        return .failed(
            details: ErrorDetails(text: text, kind: .transport, outcome: .notSent, transportFault: .other))
    }
}

extension KeySecureError: LocalizedError, CustomStringConvertible {
    /// The readable text, which holds no secret.
    public var errorDescription: String? { details.text }

    /// How to proceed: look up the target, or wait.
    public var recoverySuggestion: String? {
        switch (outcome, retryAfter) {
        case (.unknown, _): return "Look it up by its reference before sending it again."
        case (_, let seconds?):
            // The platform may send any number, even one beyond the range of `Int`.
            return Int(exactly: seconds.rounded(.up)).map { "Try again in \($0) s." } ?? "Try again later."
        default: return nil
        }
    }
}

extension TransportFailure: LocalizedError {
    /// The fault, and whether the request may have been sent.
    public var errorDescription: String? {
        switch self {
        case let .failed(fault, mayHaveBeenSent):
            return "the exchange failed (\(fault)); the request \(mayHaveBeenSent ? "may have been sent" : "was not sent")"
        }
    }
}
