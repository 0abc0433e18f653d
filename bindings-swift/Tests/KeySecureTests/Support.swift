import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

let day: TimeInterval = 24 * 3600

extension XCTestCase {
    /// A sandbox that lives as long as the test.
    func startSandbox(options: [String] = []) throws -> Sandbox {
        let sandbox = try Sandbox(options: options)
        addTeardownBlock { sandbox.stop() }
        return sandbox
    }
}

extension Sandbox {
    func client(
        timeout: TimeInterval = 20, maxRetries: Int = 2, transport: Transport? = nil, observer: Observer? = nil,
        store: Store? = nil
    ) throws -> Client {
        try Client(
            apiKey: apiKey, apiSecret: apiSecret, baseUrl: baseUrl, timeout: timeout, maxRetries: maxRetries,
            transport: transport, observer: observer, store: store)
    }

    func cardholder() throws -> String { try text("cardholder_no", of: "POST /seed/approved_cardholder") }

    func virtualCard(of cardholderNo: String) throws -> String {
        try text("card_no", of: "POST /seed/virtual_card", ["cardholder_no": cardholderNo])
    }

    /// The next request of an operation, or `times` of them, goes wrong.
    func fault(_ kind: Any, on operation: String, times: Int = 1) throws {
        try control("POST /faults", ["operation": operation, "kind": kind, "times": times])
    }

    func count(_ operation: String) throws -> Int {
        try object("POST /requests/count", ["operation": operation])["count"] as? Int ?? -1
    }

    func transfers() throws -> [[String: Any]] { try object("GET /state")["transfers"] as? [[String: Any]] ?? [] }
}

/// The error that a call must end with.
func failure(file: StaticString = #filePath, line: UInt = #line, _ call: () throws -> Void) throws -> KeySecureError {
    do {
        try call()
    } catch {
        return try XCTUnwrap(error as? KeySecureError, "\(error)", file: file, line: line)
    }
    XCTFail("it was to fail", file: file, line: line)
    throw Failure("it was to fail")
}

/// A text or a number that threads share.
final class Shared<Thing: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var thing: Thing

    init(_ thing: Thing) { self.thing = thing }

    var value: Thing { lock.withLock { thing } }

    func change(_ change: (inout Thing) -> Void) { lock.withLock { change(&thing) } }
}

/// Answers in this process, by a closure; the token it gives itself.
final class AnswersInMemory: Transport {
    private let answer: @Sendable (HttpRequest) throws -> String

    init(_ answer: @escaping @Sendable (HttpRequest) throws -> String) { self.answer = answer }

    func send(request: HttpRequest) throws -> HttpResponse {
        let tomorrow = Int64(Date().timeIntervalSince1970 * 1000) + 86_400_000
        let isToken = request.url.hasSuffix("/v1/merchant/token")
        let data = isToken ? #"{"access_token":"in-memory","expired_time":\#(tomorrow)}"# : try answer(request)
        return HttpResponse(status: 200, body: Data(#"{"code":0,"msg":"","data":\#(data)}"#.utf8), date: httpDate())
    }
}

func httpDate() -> String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    var text = [CChar](repeating: 0, count: 40)
    strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
    return String(cString: text)
}
