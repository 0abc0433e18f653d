import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// `URLSessionTransport` behaves as the built-in HTTP stack does; and custom transports.
final class TransportTests: XCTestCase {
    func testEverythingWorksOverURLSession() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(transport: URLSessionTransport())
        let holder = try sandbox.cardholder()
        let card = try sandbox.virtualCard(of: holder)
        XCTAssertEqual(try client.blocking.cards.get(card).status, .activated)
        XCTAssertEqual(try client.blocking.cards.privateInfo(card).exposePAN().count, 16)
        for number in 1...20 {
            _ = try client.blocking.accounts.transfer(cardholderNo: holder, transferUniqueNo: "t-\(number)", type: .in, amount: 1)
        }
        XCTAssertEqual(try client.blocking.accounts.transfers(start: Date() - day, end: Date() + day).all().count, 20)
        XCTAssertTrue(client.blocking.doctor(cardNo: card).isComplete)
        XCTAssertTrue(client.blocking.doctor(cardNo: card).isHealthy, "\(client.blocking.doctor(cardNo: card))")
        client.close()
    }

    func testURLSessionSendsATransferOnceWhenTheResponseIsLost() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(transport: URLSessionTransport())
        let holder = try sandbox.cardholder()
        _ = try client.blocking.accounts.get(holder)
        for number in 1...5 {
            try sandbox.fault("drop_after_commit", on: "accounts.transfer")
            let error = try failure {
                _ = try client.blocking.accounts.transfer(
                    cardholderNo: holder, transferUniqueNo: "t-\(number)", type: .in, amount: 1)
            }
            XCTAssertEqual(error.outcome, .unknown)
            XCTAssertEqual(try sandbox.count("accounts.transfer"), number)
        }
        XCTAssertEqual(try sandbox.transfers().count, 5)
    }

    /// `localhost` may resolve to an address that refuses the connection before one that accepts it, and a system may report that
    /// refusal when the response is cut off later.
    func testURLSessionSendsATransferOnceToLocalhost() throws {
        let sandbox = try startSandbox()
        let client = try Client(
            apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret,
            baseURL: sandbox.baseURL.replacingOccurrences(of: "127.0.0.1", with: "localhost"), timeout: .seconds(20),
            transport: URLSessionTransport())
        let holder = try sandbox.cardholder()
        _ = try client.blocking.accounts.get(holder)
        for (number, kind) in zip(1..., ["truncate", "drop_after_commit"]) {
            try sandbox.fault(kind, on: "accounts.transfer", times: 9)
            let error = try failure {
                _ = try client.blocking.accounts.transfer(
                    cardholderNo: holder, transferUniqueNo: "t-\(number)", type: .in, amount: 1)
            }
            XCTAssertEqual(error.outcome, .unknown, kind)
            XCTAssertEqual(error.attempts, 1, kind)
            XCTAssertEqual(try sandbox.count("accounts.transfer"), number, kind)
            XCTAssertEqual(try sandbox.transfers().count, number, kind)
            try sandbox.control("POST /faults/clear")
        }
    }

    func testURLSessionFollowsNoRedirect() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(transport: URLSessionTransport())
        _ = try client.blocking.accessToken()
        try sandbox.fault("redirect", on: "cards.get", times: 9)
        let error = try failure { _ = try client.blocking.cards.get("1") }
        XCTAssertEqual(error.httpStatus, 307)
        XCTAssertEqual(try sandbox.object("GET /redirect_calls")["calls"] as? Int, 0)
    }

    func testURLSessionStopsReadingALargeResponse() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(transport: URLSessionTransport())
        _ = try client.blocking.accessToken()
        for kind in [["oversize": 64 << 20], "gzip_bomb"] as [Any] {
            try sandbox.fault(kind, on: "cards.get", times: 9)
            let error = try failure { _ = try client.blocking.cards.get("1") }
            XCTAssertEqual(error.kind, .invalidResponse, "\(kind): \(error)")
            try sandbox.control("POST /faults/clear")
        }
    }

    func testURLSessionRespectsTheTimeOut() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(timeout: .seconds(1), maxRetries: 0, transport: URLSessionTransport())
        _ = try client.blocking.accessToken()
        try sandbox.fault(["stall": 3000], on: "cards.get")
        XCTAssertEqual(try failure { _ = try client.blocking.cards.get("1") }.kind, .timeout)
    }

    func testURLSessionReportsARefusedConnectionAsNotSent() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(timeout: .seconds(2), maxRetries: 0, transport: URLSessionTransport())
        _ = try client.blocking.accessToken()
        sandbox.stop()
        let read = try failure { _ = try client.blocking.cards.get("1") }
        let transfer = try failure {
            _ = try client.blocking.accounts.transfer(cardholderNo: "1", transferUniqueNo: "t", type: .in, amount: 1)
        }
        for error in [read, transfer] {
            XCTAssertEqual(error.outcome, .notSent, "\(error)")
            XCTAssertEqual(error.transportFault, .connect, "\(error)")
        }
    }

    func testAnyErrorOfATransportIsATypedErrorOfUnknownOutcome() throws {
        let client = try client(with: InMemoryTransport { _ in throw Failure("canary-of-the-transport") })
        let error = try failure {
            _ = try client.blocking.accounts.transfer(cardholderNo: "1", transferUniqueNo: "t", type: .in, amount: 1)
        }
        XCTAssertEqual(error.kind, .transport)
        XCTAssertEqual(error.outcome, .unknown)
        XCTAssertEqual(error.transportFault, .other)
        XCTAssertEqual(error.attempts, 1)
        XCTAssertFalse("\(error) \(String(reflecting: error))".contains("canary"))
    }

    func testATransportFailureDeterminesTheOutcome() throws {
        let calls = Shared(0)
        let client = try client(
            with: InMemoryTransport { _ in
                calls.change { $0 += 1 }
                throw TransportFailure.failed(fault: .dns, mayHaveBeenSent: false)
            })
        let error = try failure {
            _ = try client.blocking.accounts.transfer(cardholderNo: "1", transferUniqueNo: "t", type: .in, amount: 1)
        }
        XCTAssertEqual(error.outcome, .notSent)
        XCTAssertEqual(error.transportFault, .dns)
        XCTAssertEqual(calls.value, 3, "a request that was not sent is sent again")
    }

    func testAResponseOverTheLimitIsAnError() throws {
        let client = try client(
            with: InMemoryTransport { request in String(repeating: " ", count: Int(request.maxResponseBytes) + 1) })
        XCTAssertEqual(try failure { _ = try client.blocking.cards.get("1") }.kind, .invalidResponse)
    }

    private func client(with transport: Transport) throws -> Client {
        try Client(apiKey: "key", apiSecret: "0123456789abcdef", baseURL: "http://127.0.0.1:1", transport: transport)
    }
}
