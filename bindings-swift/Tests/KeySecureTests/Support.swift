import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

let day: TimeInterval = 24 * 3600

extension XCTestCase {
    /// Starts a sandbox that is stopped after the test.
    func startSandbox(options: [String] = []) throws -> Sandbox {
        let sandbox = try Sandbox(options: options)
        addTeardownBlock { sandbox.stop() }
        return sandbox
    }
}

extension Sandbox {
    func client(
        timeout: Duration = .seconds(20), maxRetries: Int = 2, transport: Transport? = nil, observer: Observer? = nil,
        store: Store? = nil
    ) throws -> Client {
        try Client(
            apiKey: apiKey, apiSecret: apiSecret, baseURL: baseURL, timeout: timeout, maxRetries: maxRetries,
            transport: transport, observer: observer, store: store)
    }

    func cardholder() throws -> String { try text("cardholder_no", of: "POST /seed/approved_cardholder") }

    func virtualCard(of cardholderNo: String) throws -> String {
        try text("card_no", of: "POST /seed/virtual_card", ["cardholder_no": cardholderNo])
    }

    /// Injects a fault into the next `times` requests of an operation.
    func fault(_ kind: Any, on operation: String, times: Int = 1) throws {
        try control("POST /faults", ["operation": operation, "kind": kind, "times": times])
    }

    func count(_ operation: String) throws -> Int {
        try object("POST /requests/count", ["operation": operation])["count"] as? Int ?? -1
    }

    func transfers() throws -> [[String: Any]] { try object("GET /state")["transfers"] as? [[String: Any]] ?? [] }
}

/// Returns the error that a call must throw.
func failure(file: StaticString = #filePath, line: UInt = #line, _ call: () throws -> Void) throws -> KeySecureError {
    do {
        try call()
    } catch {
        return try XCTUnwrap(error as? KeySecureError, "\(error)", file: file, line: line)
    }
    XCTFail("expected a failure", file: file, line: line)
    throw Failure("expected a failure")
}

/// Returns the error that an awaited call must throw.
func failure(
    file: StaticString = #filePath, line: UInt = #line, _ call: () async throws -> Void
) async throws -> KeySecureError {
    do {
        try await call()
    } catch {
        return try XCTUnwrap(error as? KeySecureError, "\(error)", file: file, line: line)
    }
    XCTFail("expected a failure", file: file, line: line)
    throw Failure("expected a failure")
}

/// A value with a lock.
final class Shared<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var current: Value

    init(_ value: Value) { current = value }

    var value: Value { lock.withLock { current } }

    func change(_ change: (inout Value) -> Void) { lock.withLock { change(&current) } }
}

/// Counts the calls that have ended.
final class CallCounter: Observer {
    private let calls: Shared<Int>

    init(_ calls: Shared<Int>) { self.calls = calls }

    func call(record: CallRecord) { calls.change { $0 += 1 } }
}

/// Responds in process with the `data` of a closure, and to token requests with a token.
final class InMemoryTransport: Transport {
    private let data: @Sendable (HTTPRequest) throws -> String

    init(_ data: @escaping @Sendable (HTTPRequest) throws -> String) { self.data = data }

    func send(request: HTTPRequest) throws -> HTTPResponse {
        let tomorrow = Int64(Date().timeIntervalSince1970 * 1000) + 86_400_000
        let isToken = request.url.hasSuffix("/v1/merchant/token")
        let data = isToken ? #"{"access_token":"in-memory","expired_time":\#(tomorrow)}"# : try data(request)
        return HTTPResponse(status: 200, body: Data(#"{"code":0,"msg":"","data":\#(data)}"#.utf8), date: httpDate())
    }
}

func httpDate() -> String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    var text = [CChar](repeating: 0, count: 40)
    let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

extension Duration {
    /// The duration in seconds.
    var interval: TimeInterval { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
