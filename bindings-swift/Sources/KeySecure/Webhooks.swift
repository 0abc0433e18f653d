import Foundation

extension WebhookVerifier {
    /// Creates a verifier with one secret.
    ///
    /// - Parameters:
    ///   - appId: The Api-Key.
    ///   - secret: The apiSecret.
    ///   - tolerance: How far the timestamp may differ from the clock of this machine, in seconds, in either direction. Default: 300.
    ///   - store: Rejects webhooks that were accepted before. Use the same store in all workers. Default: none.
    /// - Throws: `KeySecureError` when an argument is not valid.
    public convenience init(appId: String, secret: String, tolerance: TimeInterval? = nil, store: Store? = nil) throws {
        try self.init(appId: appId, secrets: [secret], tolerance: tolerance, store: store)
    }

    /// Verifies a webhook and parses its event.
    ///
    /// - Parameters:
    ///   - headers: The HTTP headers; names are case-insensitive.
    ///   - body: The raw body.
    /// - Throws: `KeySecureError` of kind `.webhook` when the webhook is rejected: respond with an HTTP error.
    public func verify(headers: [String: String], body: Data) throws -> VerifiedWebhook {
        try verify(headers: headers.map { Header(name: $0.key, value: $0.value) }, body: body)
    }

    /// Verifies a webhook as `verify` does and claims it: the identical request is handled once, and again when handling
    /// failed. A claim that is deallocated before `finish()` is released.
    ///
    /// - Throws: `KeySecureError` of kind `.webhook` when the webhook is rejected. Rejection `.replayed`: it was handled before; reply
    ///   with `replyDuplicate(body:)`. Rejection `.inProgress`: another worker is handling it; respond with an HTTP error, so that the
    ///   platform sends it again.
    public func claim(headers: [String: String], body: Data) throws -> Claim {
        try claim(headers: headers.map { Header(name: $0.key, value: $0.value) }, body: body)
    }
}

extension Responder {
    /// Creates a responder that decides on purchases with a closure.
    ///
    /// Each purchase is decided once, by its `consumeNo`, by all workers whose verifiers share a `Store`, and the first reply is
    /// repeated. 800 ms after the webhook arrived, the purchase is declined, whatever was decided. Declines, late decisions and
    /// failures are logged: see `Warnings`.
    ///
    /// - Parameters:
    ///   - otherwise: The reply when the decision is late or throws. Default: decline.
    ///   - budget: How long a decision may take, in seconds. Default: 0.6; at most 0.8.
    ///   - decide: Decides on one purchase, on a separate thread.
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
