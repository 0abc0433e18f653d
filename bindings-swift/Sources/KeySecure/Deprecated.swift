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
@available(*, deprecated, renamed: "JSON")
public typealias Json = JSON
@available(*, deprecated, renamed: "HTTPMethod")
public typealias HttpMethod = HTTPMethod
@available(*, deprecated, renamed: "HTTPRequest")
public typealias HttpRequest = HTTPRequest
@available(*, deprecated, renamed: "HTTPResponse")
public typealias HttpResponse = HTTPResponse
@available(*, deprecated, renamed: "AESSettings")
public typealias AesSettings = AESSettings
@available(*, deprecated, renamed: "PCI")
public typealias Pci = PCI

extension Client {
    @available(*, deprecated, message: "use baseURL, and Duration for the time limits")
    @_disfavoredOverload
    public init(
        apiKey: String, apiSecret: String, environment: KeySecureEnvironment? = nil, baseUrl: String,
        timeout: TimeInterval? = nil, connectTimeout: TimeInterval? = nil, maxRetries: Int? = nil,
        transport: (any Transport)? = nil, observer: (any Observer)? = nil, store: Store? = nil
    ) throws {
        try self.init(
            apiKey: apiKey, apiSecret: apiSecret, environment: environment, baseURL: baseUrl,
            timeout: timeout.map { .seconds($0) }, connectTimeout: connectTimeout.map { .seconds($0) }, maxRetries: maxRetries,
            transport: transport, observer: observer, store: store)
    }

    @available(*, deprecated, renamed: "fromEnvironment()")
    public static func fromEnv() throws -> Client { try fromEnvironment() }
}

extension HTTPResponse {
    @available(*, deprecated, message: "status is an Int")
    @_disfavoredOverload
    public init(
        status: Int32, body: Data, date: String? = nil, retryAfter: String? = nil, contentType: String? = nil,
        location: String? = nil
    ) {
        self.init(
            status: Int(status), body: body, date: date, retryAfter: retryAfter, contentType: contentType, location: location)
    }
}

extension Report {
    @available(*, deprecated, renamed: "baseURL")
    public var baseUrl: String { baseURL }
}

extension AttemptStart {
    @available(*, deprecated, renamed: "leaseID")
    public var leaseId: String { leaseID }
}

extension Acquired {
    @available(*, deprecated, renamed: "leased(leaseID:lastAttempt:storeAge:)")
    public static func leased(leaseId: String, lastAttempt: PastAttempt?, storeAge: Duration) -> Acquired {
        .leased(leaseID: leaseId, lastAttempt: lastAttempt, storeAge: storeAge)
    }
}

extension WebhookVerifier {
    @available(*, deprecated, renamed: "init(appID:secret:tolerance:store:)")
    public init(appId: String, secret: String, tolerance: Duration? = nil, store: Store? = nil) throws {
        try self.init(appID: appId, secret: secret, tolerance: tolerance, store: store)
    }
}

extension TransferRecord {
    @available(*, deprecated, renamed: "amount")
    public var balance: Decimal? { amount }
}

extension CardSecrets {
    @available(*, deprecated, renamed: "exposePAN()")
    public func exposePan() -> String { exposePAN() }
    @available(*, deprecated, renamed: "exposeCVV()")
    public func exposeCvv() -> String { exposeCVV() }
    @available(*, deprecated, renamed: "maskedPAN")
    public func maskedPan() -> String { maskedPAN }
}
