import Foundation

extension WebhookVerifier {
    #if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS
    /// Creates a verifier with one secret.
    ///
    /// - Parameters:
    ///   - appID: The Api-Key.
    ///   - secret: The apiSecret.
    ///   - tolerance: How far the timestamp may differ from the clock of this machine, in either direction. Default: 300 s.
    ///   - store: Rejects webhooks that were accepted before. Use the same store in all workers. Default: none.
    /// - Throws: `KeySecureError` when an argument is not valid.
    public init(appID: String, secret: String, tolerance: Duration? = nil, store: Store? = nil) throws(KeySecureError) {
        try self.init(appID: appID, secrets: [secret], tolerance: tolerance, store: store)
    }

    /// Verifies a webhook and parses its event.
    ///
    /// - Parameters:
    ///   - headers: The HTTP headers; names are case-insensitive.
    ///   - body: The raw body.
    /// - Throws: `KeySecureError` of kind `.webhook` when the webhook is rejected: respond with an HTTP error.
    public func verify(headers: [String: String], body: Data) async throws(KeySecureError) -> VerifiedWebhook {
        try await verify(headers: list(headers), body: body)
    }

    /// Verifies a webhook as `verify` does and claims it: the identical request is handled once, and again when handling
    /// failed. A claim that is deallocated before `finish()` is released, on a thread of the library.
    ///
    /// - Throws: `KeySecureError` of kind `.webhook` when the webhook is rejected. Rejection `.replayed`: it was handled before; reply
    ///   with `replyDuplicate(body:)`. Rejection `.inProgress`: another worker is handling it; respond with an HTTP error, so that the
    ///   platform sends it again.
    public func claim(headers: [String: String], body: Data) async throws(KeySecureError) -> Claim {
        try await claim(headers: list(headers), body: body)
    }
    #else
    /// Creates a verifier with one secret.
    public init(appID: String, secret: String, tolerance: Duration? = nil, store: Store? = nil) throws {
        try self.init(appID: appID, secrets: [secret], tolerance: tolerance, store: store)
    }

    /// Verifies a webhook and parses its event.
    public func verify(headers: [String: String], body: Data) async throws -> VerifiedWebhook {
        try await verify(headers: list(headers), body: body)
    }

    /// Verifies a webhook as `verify` does and claims it.
    public func claim(headers: [String: String], body: Data) async throws -> Claim {
        try await claim(headers: list(headers), body: body)
    }
    #endif
}

extension BlockingWebhookVerifier {
    #if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS
    /// Verifies a webhook and parses its event. See `WebhookVerifier.verify(headers:body:)`.
    ///
    /// - Throws: `KeySecureError` of kind `.webhook` when the webhook is rejected.
    public func verify(headers: [String: String], body: Data) throws(KeySecureError) -> VerifiedWebhook {
        try verify(headers: list(headers), body: body)
    }

    /// Verifies a webhook and claims it. See `WebhookVerifier.claim(headers:body:)`.
    ///
    /// - Throws: `KeySecureError` of kind `.webhook` when the webhook is rejected.
    public func claim(headers: [String: String], body: Data) throws(KeySecureError) -> Claim {
        try claim(headers: list(headers), body: body)
    }
    #else
    /// Verifies a webhook and parses its event.
    public func verify(headers: [String: String], body: Data) throws -> VerifiedWebhook {
        try verify(headers: list(headers), body: body)
    }

    /// Verifies a webhook and claims it.
    public func claim(headers: [String: String], body: Data) throws -> Claim {
        try claim(headers: list(headers), body: body)
    }
    #endif
}

private func list(_ headers: [String: String]) -> [Header] {
    headers.map { Header(name: $0.key, value: $0.value) }
}

#if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS
/// Parses a webhook **without verifying it**, for stored webhooks and tests. Anybody may have sent it.
///
/// - Throws: `KeySecureError` of kind `.webhook` when it is not one.
public func parseUnverified(body: Data) throws(KeySecureError) -> Event {
    try typed { try ffiParseUnverified(body: body) }
}

/// Returns the exact body that declines a purchase. The platform requires a message.
///
/// - Throws: `KeySecureError` of kind `.invalidInput` when the message is empty.
public func replyDecline(message: String) throws(KeySecureError) -> String {
    try typed { try ffiReplyDecline(message: message) }
}
#else
/// Parses a webhook **without verifying it**, for stored webhooks and tests. Anybody may have sent it.
public func parseUnverified(body: Data) throws -> Event {
    try typed { try ffiParseUnverified(body: body) }
}

/// Returns the exact body that declines a purchase. The platform requires a message.
public func replyDecline(message: String) throws -> String {
    try typed { try ffiReplyDecline(message: message) }
}
#endif

extension Responder {
    /// Creates a responder that decides on purchases with an `async` closure, which can ask an actor or a database.
    ///
    /// Each purchase is decided once, by its `consumeNo`, by all workers whose verifiers share a `Store`, and the first reply is
    /// repeated. 800 ms after the webhook arrived, the purchase is declined, whatever was decided. Declines, late decisions and
    /// failures are logged: see `Warnings`.
    ///
    /// ```swift
    /// let responder = Responder { purchase in await limits.allow(purchase.amount) ? .approve : .decline(reason: "over the limit") }
    /// return await responder.respond(received)
    /// ```
    ///
    /// A decision may take 600 ms.
    ///
    /// - Parameters:
    ///   - otherwise: The reply when the decision is late or throws. Default: decline.
    ///   - decide: Decides on one purchase. Its task is cancelled when the decision is late; 800 ms after it began, its result is no
    ///     longer awaited.
    public init(otherwise: Decision? = nil, decide: @escaping @Sendable (AuthEvent) async throws -> Decision) {
        self.init(ffi: FfiResponder(decider: TaskDecider(patience: Self.budget, decide), otherwise: otherwise, budget: nil))
    }

    /// Creates a responder that decides on purchases with a closure that may block: it runs on a separate thread.
    ///
    /// A decision may take 600 ms.
    ///
    /// - Parameters:
    ///   - otherwise: The reply when the decision is late or throws. Default: decline.
    ///   - decide: Decides on one purchase.
    public init(otherwise: Decision? = nil, decide: @escaping @Sendable (AuthEvent) throws -> Decision) {
        self.init(ffi: FfiResponder(decider: ClosureDecider(decide), otherwise: otherwise, budget: nil))
    }

    /// The default of the budget.
    private static let budget = Duration.milliseconds(600)

    #if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS
    /// Creates a responder with a budget, which decides with an `async` closure.
    ///
    /// - Parameters:
    ///   - otherwise: The reply when the decision is late or throws. Default: decline.
    ///   - budget: How long a decision may take. Default: 600 ms; at most 800 ms.
    ///   - decide: Decides on one purchase. Its task is cancelled when the decision is late; 800 ms after it began, its result is no
    ///     longer awaited.
    /// - Throws: `KeySecureError` of kind `.invalidInput` when the budget is negative.
    public init(
        otherwise: Decision? = nil, budget: Duration?,
        decide: @escaping @Sendable (AuthEvent) async throws -> Decision
    ) throws(KeySecureError) {
        let decider = TaskDecider(patience: budget ?? Self.budget, decide)
        self.init(ffi: try typed { FfiResponder(decider: decider, otherwise: otherwise, budget: try checked("budget", budget)) })
    }

    /// Creates a responder with a budget, which decides with a closure that may block: it runs on a separate thread.
    ///
    /// - Parameters:
    ///   - otherwise: The reply when the decision is late or throws. Default: decline.
    ///   - budget: How long a decision may take. Default: 600 ms; at most 800 ms.
    ///   - decide: Decides on one purchase.
    /// - Throws: `KeySecureError` of kind `.invalidInput` when the budget is negative.
    public init(
        otherwise: Decision? = nil, budget: Duration?,
        decide: @escaping @Sendable (AuthEvent) throws -> Decision
    ) throws(KeySecureError) {
        let decider = ClosureDecider(decide)
        self.init(ffi: try typed { FfiResponder(decider: decider, otherwise: otherwise, budget: try checked("budget", budget)) })
    }
    #else
    /// Creates a responder with a budget, which decides with an `async` closure.
    public init(
        otherwise: Decision? = nil, budget: Duration?,
        decide: @escaping @Sendable (AuthEvent) async throws -> Decision
    ) throws {
        let decider = TaskDecider(patience: budget ?? Self.budget, decide)
        self.init(ffi: FfiResponder(decider: decider, otherwise: otherwise, budget: try checked("budget", budget)))
    }

    /// Creates a responder with a budget, which decides with a closure that may block.
    public init(
        otherwise: Decision? = nil, budget: Duration?,
        decide: @escaping @Sendable (AuthEvent) throws -> Decision
    ) throws {
        let decider = ClosureDecider(decide)
        self.init(ffi: FfiResponder(decider: decider, otherwise: otherwise, budget: try checked("budget", budget)))
    }
    #endif
}

private final class ClosureDecider: Decider {
    private let closure: @Sendable (AuthEvent) throws -> Decision

    init(_ closure: @escaping @Sendable (AuthEvent) throws -> Decision) { self.closure = closure }

    func decide(purchase: AuthEvent) throws -> Decision { try closure(purchase) }
}

/// A decision had not ended when the platform no longer waited for it. Its name is in the log.
struct DecisionThatDoesNotEnd: Error {}

/// Decides in a task, for which a thread of the library waits.
private final class TaskDecider: Decider {
    private let patience: Duration
    private let closure: @Sendable (AuthEvent) async throws -> Decision

    init(patience: Duration, _ closure: @escaping @Sendable (AuthEvent) async throws -> Decision) {
        (self.patience, self.closure) = (patience, closure)
    }

    /// How long the platform waits for a reply. A decision that ignores its cancellation must not keep the thread for longer.
    private static let replyDeadline = 0.8

    func decide(purchase: AuthEvent) throws -> Decision {
        let (decided, start) = (TaskResult<Decision>(), DispatchTime.now())
        let closure = closure
        let task = Task {
            do { decided.finish(.success(try await closure(purchase))) } catch { decided.finish(.failure(error)) }
        }
        if let decision = decided.wait(until: start + max(0, min(patience.seconds, Self.replyDeadline))) {
            return try decision.get()
        }
        task.cancel()
        return try decided.wait(until: start + Self.replyDeadline)?.get() ?? { throw DecisionThatDoesNotEnd() }()
    }
}
