import Foundation

/// The error of every call, setting and webhook.
///
/// ```swift
/// do {
///     try await client.accounts.transfer(cardholderNo: no, transferUniqueNo: "order-7", type: .in, amount: 25)
/// } catch {  // a KeySecureError
///     if error.outcome == .unknown { ... }  // look it up by its reference before sending it again
/// }
/// ```
public struct KeySecureError: Error, Hashable, Sendable {
    /// The kind of the error.
    public let kind: ErrorKind
    /// Whether the operation was carried out. Check it before sending a mutation again.
    public let outcome: Outcome
    /// The readable text, which holds no secret.
    public let message: String
    /// The platform's code; `nil` when it sent none.
    public let code: Int?
    /// The platform's message, with digits that look like a PAN masked.
    public let msg: String?
    /// The wire name of the argument that is not valid.
    public let field: String?
    /// The HTTP status; `nil` when there was no response.
    public let httpStatus: Int?
    /// The call that failed, such as `accounts.transfer`; `nil` for settings and values.
    public let operation: String?
    /// How often the request of the call was tried; 0 when it was not tried.
    public let attempts: Int
    /// How long the platform asked to wait.
    public let retryAfter: Duration?
    /// What failed in the transport, when there was no response.
    public let transportFault: TransportFault?
    /// Why a webhook was rejected.
    public let rejection: Rejection?
    /// Whether the call only reads.
    let isRead: Bool

    /// Creates an error, for tests of code that handles it.
    public init(
        kind: ErrorKind, outcome: Outcome, message: String = "", code: Int? = nil, msg: String? = nil, field: String? = nil,
        httpStatus: Int? = nil, operation: String? = nil, attempts: Int = 0, retryAfter: Duration? = nil,
        transportFault: TransportFault? = nil, rejection: Rejection? = nil
    ) {
        self.init(
            kind: kind, outcome: outcome, message: message, code: code, msg: msg, field: field, httpStatus: httpStatus,
            operation: operation, attempts: attempts, retryAfter: retryAfter, transportFault: transportFault,
            rejection: rejection, isRead: false)
    }

    private init(
        kind: ErrorKind, outcome: Outcome, message: String, code: Int?, msg: String?, field: String?, httpStatus: Int?,
        operation: String?, attempts: Int, retryAfter: Duration?, transportFault: TransportFault?, rejection: Rejection?,
        isRead: Bool
    ) {
        (self.kind, self.outcome, self.message) = (kind, outcome, message)
        (self.code, self.msg, self.field, self.httpStatus) = (code, msg, field, httpStatus)
        (self.operation, self.attempts, self.retryAfter) = (operation, attempts, retryAfter)
        (self.transportFault, self.rejection, self.isRead) = (transportFault, rejection, isRead)
    }
}

extension KeySecureError: LocalizedError, CustomStringConvertible, CustomNSError {
    /// The readable text, which holds no secret.
    public var description: String { message }

    /// The readable text, which holds no secret.
    public var errorDescription: String? { message }

    /// How to proceed: look up the target, call again, or wait; `nil` when the error names no call, or the call was refused.
    public var recoverySuggestion: String? {
        switch (outcome, retryAfter) {
        case (.unknown, _) where isRead || kind == .cancelled: return "Calling again is safe: the call only reads."
        case (.unknown, _):
            let isOfMutation = operation != nil || transportFault != nil
            return isOfMutation ? "Look it up by its reference before sending it again." : nil
        case (_, let wait?):
            // The platform may send any number, even a negative one or one beyond the range of `Int`.
            let seconds = Int(exactly: wait.seconds.rounded(.up)).flatMap { $0 >= 0 ? $0 : nil }
            return seconds.map { "Try again in \($0) s." } ?? "Try again later."
        default: return nil
        }
    }

    /// The domain of the `NSError`.
    public static var errorDomain: String { "KeySecureError" }

    /// The platform's code; 0 when it sent none.
    public var errorCode: Int { code ?? 0 }

    /// The texts of the error.
    public var errorUserInfo: [String: Any] {
        var texts = [NSLocalizedDescriptionKey: message]
        texts[NSLocalizedRecoverySuggestionErrorKey] = recoverySuggestion
        return texts
    }
}

extension KeySecureError {
    /// Converts what a call of the core threw.
    init(thrown error: any Error) {
        switch error {
        case let error as KeySecureError: self = error
        case let FfiError.failed(details):
            self.init(
                kind: details.kind, outcome: details.outcome, message: details.text, code: details.code, msg: details.msg,
                field: details.field, httpStatus: details.httpStatus, operation: details.operation,
                attempts: details.attempts, retryAfter: details.retryAfter, transportFault: details.transportFault,
                rejection: details.rejection, isRead: details.isRead)
        // A failure inside the library itself.
        default:
            self.init(
                kind: .transport, outcome: .unknown, message: "the library failed: \(type(of: error))", transportFault: .other)
        }
    }

    /// The error for an argument that the core cannot represent.
    static func invalidInput(_ field: String, _ rule: String) -> KeySecureError {
        KeySecureError(kind: .invalidInput, outcome: .notSent, message: "\(field) \(rule)", field: field)
    }

    /// The error for an awaited call when the system cannot create a thread.
    static func noThread() -> KeySecureError {
        let text = "the system cannot create a thread for the call; nothing was sent"
        return KeySecureError(kind: .transport, outcome: .notSent, message: text, transportFault: .other)
    }

    /// The error for an awaited call that got no thread within its limit.
    static func noThreadInTime() -> KeySecureError {
        let text = "other calls occupied all threads for the whole time limit of the call; nothing was sent"
        return KeySecureError(kind: .timeout, outcome: .notSent, message: text, transportFault: .timeout)
    }

    /// The error for an iteration that waited for its whole limit while others of the same pager fetched a page.
    static func noTurnInTime() -> KeySecureError {
        let text = "other iterations of the pager fetched a page for the whole time limit of the call; nothing was sent"
        return KeySecureError(kind: .timeout, outcome: .notSent, message: text, transportFault: .timeout)
    }

    /// The error for an awaited call of a cancelled task.
    static func cancelled(_ outcome: Outcome) -> KeySecureError {
        let text = outcome == .notSent ? "; nothing was sent" : " while a read was in progress"
        return KeySecureError(kind: .cancelled, outcome: outcome, message: "the task was cancelled\(text)")
    }
}

#if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS
/// Runs a blocking call of the core with its errors as `KeySecureError`.
@inline(__always)
func typed<Output>(_ call: () throws -> Output) throws(KeySecureError) -> Output {
    do { return try CancelledReads.unwatched(call) } catch { throw KeySecureError(thrown: error) }
}
#else
/// Runs a blocking call of the core with its errors as `KeySecureError`.
@inline(__always)
func typed<Output>(_ call: () throws -> Output) throws -> Output {
    do { return try CancelledReads.unwatched(call) } catch { throw KeySecureError(thrown: error) }
}
#endif

extension TransportFailure: LocalizedError {
    /// The fault, and whether the request may have been sent.
    public var errorDescription: String? {
        switch self {
        case let .failed(fault, mayHaveBeenSent):
            return "the exchange failed (\(fault)); the request \(mayHaveBeenSent ? "may have been sent" : "was not sent")"
        }
    }
}
