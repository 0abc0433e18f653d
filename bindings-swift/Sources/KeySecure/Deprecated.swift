// Former names, kept for one version.

import Foundation

@available(*, deprecated, renamed: "WindowBoundConvertible")
public typealias Moment = WindowBoundConvertible
@available(*, deprecated, renamed: "WindowBound")
public typealias When = WindowBound
@available(*, deprecated, renamed: "SimulationRequest")
public typealias Simulated = SimulationRequest
@available(*, deprecated, renamed: "FeeSchedule")
public typealias Tariff = FeeSchedule
@available(*, deprecated, renamed: "FeeWaiver")
public typealias Exemption = FeeWaiver
@available(*, deprecated, renamed: "OnStoreFailure")
public typealias WhenUnavailable = OnStoreFailure
@available(*, deprecated, renamed: "VerifiedWebhook")
public typealias Received = VerifiedWebhook
@available(*, deprecated, renamed: "SignatureMatch")
public typealias Verified = SignatureMatch
@available(*, deprecated, renamed: "CheckStatus")
public typealias Health = CheckStatus
@available(*, deprecated, renamed: "CheckResult")
public typealias Finding = CheckResult

extension WebhookVerifier {
    @available(*, deprecated, renamed: "replyDuplicate(body:)")
    public func replyAgain(body: Data) -> String { replyDuplicate(body: body) }
}
