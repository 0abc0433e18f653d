import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

// --8<-- [start:metrics]
final class Metrics: Observer, @unchecked Sendable {
    private let lock = NSLock()
    private var calls: [String: Int] = [:]  // or a timer of your metrics library

    func call(record: CallRecord) {
        lock.withLock { calls["\(record.operation) \(record.outcome.map { "\($0)" } ?? "ok")", default: 0] += 1 }
    }

    func count(_ name: String) -> Int { lock.withLock { calls[name] ?? 0 } }
}
// --8<-- [end:metrics]

/// The code of the guide "Operations".
final class OperationsGuideTests: XCTestCase {
    func testLimitsAndAProxyAreSet() throws {
        let sandbox = try startSandbox()
        let (apiKey, apiSecret) = (sandbox.apiKey, sandbox.apiSecret)
        // --8<-- [start:limits]
        let client = try Client(
            apiKey: apiKey, apiSecret: apiSecret,
            timeout: .seconds(10),  // the whole call: attempts, waits and the token included
            connectTimeout: .seconds(3),
            maxRetries: 2,  // reads, and requests that the platform refused before acting
            proxy: "http://proxy.internal:3128")
        // --8<-- [end:limits]
        _ = client
    }

    func testCallsAreLogged() async throws {
        let sandbox = try startSandbox()
        let (apiKey, apiSecret, baseURL) = (sandbox.apiKey, sandbox.apiSecret, sandbox.baseURL)
        // --8<-- [start:logging]
        let client = try Client(
            apiKey: apiKey, apiSecret: apiSecret, baseURL: baseURL, observer: LogObserver { print($0) })
        // --8<-- [end:logging]
        _ = try await client.accessToken()
    }

    func testCallsAreCounted() async throws {
        let sandbox = try startSandbox()
        let metrics = Metrics()
        _ = try await sandbox.client(observer: metrics).cards.packages().all()
        XCTAssertEqual(metrics.count("cards.packages ok"), 1)
    }
}
