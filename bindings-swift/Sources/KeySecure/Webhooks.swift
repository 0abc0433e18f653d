import Foundation

extension WebhookVerifier {
    /// Verifies for one secret, the apiSecret.
    public convenience init(appId: String, secret: String, tolerance: TimeInterval? = nil, store: Store? = nil) throws {
        try self.init(appId: appId, secrets: [secret], tolerance: tolerance, store: store)
    }

    /// Verifies a callback and types what it says. Header names are found without regard to case; `body` is the raw body.
    public func verify(headers: [String: String], body: Data) throws -> VerifiedWebhook {
        try verify(headers: headers.map { Header(name: $0.key, value: $0.value) }, body: body)
    }

    /// Verifies a callback as `verify` does and claims it, so that it is handled once however often it comes, and again when it
    /// could not be handled. A claim that is let go before `finish()` is released.
    public func claim(headers: [String: String], body: Data) throws -> Claim {
        try claim(headers: headers.map { Header(name: $0.key, value: $0.value) }, body: body)
    }
}

extension Responder {
    /// Decides by a closure. What is late, or throws, gets the reply `otherwise` (default: decline).
    ///
    /// Each purchase is decided once, by its `consumeNo`, among all workers whose verifiers share a `Store`, and the first reply is
    /// repeated. A reply that is later than 800 ms after the webhook arrived is a refusal. Refusals, late decisions and failures
    /// are logged: see `Warnings`.
    ///
    /// - Parameters:
    ///   - otherwise: The answer when the decision takes longer than `budget` or throws.
    ///   - budget: In seconds, default 0.6, at most 0.8.
    ///   - decide: Decides on one purchase, on a thread of its own.
    public convenience init(
        otherwise: Decision? = nil, budget: TimeInterval? = nil,
        decide: @escaping @Sendable (AuthEvent) throws -> Decision
    ) {
        self.init(decider: ClosureDecider(decide), otherwise: otherwise, budget: budget)
    }
}

private final class ClosureDecider: Decider {
    private let closure: @Sendable (AuthEvent) throws -> Decision

    init(_ closure: @escaping @Sendable (AuthEvent) throws -> Decision) { self.closure = closure }

    func decide(purchase: AuthEvent) throws -> Decision { try closure(purchase) }
}
