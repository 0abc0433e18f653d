import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

final class ErrorTests: XCTestCase {
    func testAnErrorHasAllDetailsAndAReadableText() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        let error = try failure { _ = try client.blocking.accounts.get("404") }
        XCTAssertEqual(error.kind, .notFound)
        XCTAssertEqual(error.outcome, .rejected)
        XCTAssertEqual(error.code, 2002)
        XCTAssertEqual(error.httpStatus, 200)
        XCTAssertEqual(error.operation, "accounts.get")
        XCTAssertEqual(error.attempts, 1)
        XCTAssertNil(error.field)
        XCTAssertNotNil(error.msg)
        XCTAssertTrue(error.localizedDescription.hasPrefix("accounts.get: the platform refused with code 2002"))
        XCTAssertEqual("\(error)", error.localizedDescription)
    }

    func testAnErrorIsCaughtByItsKind() throws {
        let sandbox = try startSandbox()
        do {
            _ = try sandbox.client().blocking.accounts.get("404")
            XCTFail("expected a failure")
        } catch let error as KeySecureError where error.kind == .conflict {
            XCTFail("caught as another kind: \(error)")
        } catch let error as KeySecureError where error.kind == .notFound {}
    }

    func testInvalidInputNamesItsFieldAndIsNotSent() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        for (amount, field) in [(Decimal(string: "1.234")!, "amount"), (-1, "amount"), (Decimal.nan, "amount")] {
            let error = try failure {
                _ = try client.blocking.accounts.transfer(cardholderNo: "1", transferUniqueNo: "t", type: .in, amount: amount)
            }
            XCTAssertEqual(error.kind, .invalidInput, "\(amount)")
            XCTAssertEqual(error.field, field)
            XCTAssertEqual(error.outcome, .notSent)
        }
        XCTAssertEqual(try sandbox.count("accounts.transfer"), 0)
    }

    func testNegativeAndHugeDurationsAreTypedErrors() throws {
        for wrong in [Duration.seconds(-1), .nanoseconds(-1), .seconds(Int64.max)] {
            let error = try failure { _ = try Client(apiKey: "k", apiSecret: "0123456789abcdef", timeout: wrong) }
            XCTAssertEqual(error.kind, .invalidInput, "\(wrong)")
            XCTAssertEqual(error.field, "timeout")
            let verifier = try failure { _ = try WebhookVerifier(appID: "k", secret: "0123456789abcdef", tolerance: wrong) }
            XCTAssertEqual(verifier.field, "tolerance")
        }
        XCTAssertEqual(
            try failure { _ = try Client(apiKey: "k", apiSecret: "0123456789abcdef", timeout: .zero) }.kind, .config)
    }

    func testInvalidSettingsAreTypedErrors() throws {
        XCTAssertEqual(try failure { _ = try Client(apiKey: "k", apiSecret: "short") }.kind, .config)
        XCTAssertEqual(
            try failure { _ = try Client(apiKey: "k", apiSecret: "0123456789abcdef", baseURL: "http://example.com") }.kind,
            .config)
        XCTAssertEqual(
            try failure { _ = try Client(apiKey: "k", apiSecret: "0123456789abcdef", timezone: "Mars") }.outcome, .notSent)
    }

    func testPlainHttpNeedsLoopbackOrAListedHost() throws {
        func make(_ hosts: [String], _ environment: KeySecureEnvironment? = nil) throws {
            _ = try Client(
                apiKey: "k", apiSecret: "0123456789abcdef", environment: environment, baseURL: "http://sandbox:9",
                allowPlainHTTP: hosts)
        }
        XCTAssertEqual(try failure { try make([]) }.kind, .config)
        XCTAssertNoThrow(try make(["other", "sandbox"]))
        XCTAssertEqual(try failure { try make(["sandbox"], .production) }.kind, .config)
    }

    func testARefusedConnectionIsNamedInTheText() throws {
        let client = try Client(apiKey: "k", apiSecret: "0123456789abcdef", baseURL: "http://127.0.0.1:1", maxRetries: 0)
        let error = try failure { _ = try client.blocking.cards.get("1") }
        XCTAssertTrue("\(error)".contains("it was refused"), "\(error)")
    }

    func testTheRecoverySuggestionHandlesAnyRetryAfter() throws {
        func suggestion(_ retryAfter: Duration) -> String? {
            KeySecureError(kind: .rateLimit, outcome: .rejected, code: 1009, httpStatus: 429, retryAfter: retryAfter)
                .recoverySuggestion
        }
        XCTAssertEqual(suggestion(.milliseconds(1200)), "Try again in 2 s.")
        XCTAssertEqual(suggestion(.zero), "Try again in 0 s.")
        XCTAssertEqual(suggestion(.seconds(Int64.max)), "Try again later.")
        XCTAssertEqual(suggestion(.seconds(-5)), "Try again later.")
    }

    func testTheRecoverySuggestionAgreesWithTheText() throws {
        let client = try Client(
            apiKey: "k", apiSecret: "0123456789abcdef", timeout: .seconds(9), maxRetries: 0,
            transport: InMemoryTransport { _ in throw TransportFailure.failed(fault: .closed, mayHaveBeenSent: true) })
        let read = try failure { _ = try client.blocking.accounts.get("1") }
        XCTAssertTrue("\(read)".contains("calling again is safe"), "\(read)")
        XCTAssertEqual(read.recoverySuggestion, "Calling again is safe: the call only reads.")
        let payment = try failure {
            _ = try client.blocking.accounts.transfer(cardholderNo: "1", transferUniqueNo: "t", type: .in, amount: 1)
        }
        XCTAssertEqual(payment.recoverySuggestion, "Look it up by its reference before sending it again.")
        XCTAssertNil(try failure { _ = try Card(json: "[]") }.recoverySuggestion)
    }

    func testACallOnAClosedClientIsAConfigError() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        client.close()
        let error = try failure { _ = try client.blocking.cards.get("1") }
        XCTAssertEqual(error.kind, .config)
        XCTAssertEqual(error.outcome, .notSent)
    }

    func testAClientReadsEnvironmentVariablesWhenItIsCreated() throws {
        let sandbox = try startSandbox()
        XCTAssertEqual(try failure { _ = try Client.fromEnvironment() }.kind, .config)
        let settings = [
            "KEYSECURE_API_KEY": sandbox.apiKey, "KEYSECURE_API_SECRET": sandbox.apiSecret, "KEYSECURE_BASE_URL": sandbox.baseURL,
        ]
        for (name, value) in settings { setenv(name, value, 1) }
        defer { settings.keys.forEach { unsetenv($0) } }
        XCTAssertFalse(try Client.fromEnvironment(timeout: .seconds(20)).blocking.accessToken().expose().isEmpty)
        let folder = try temporaryFolder()
        setenv("KEYSECURE_STORE", "file:\(folder)", 1)
        defer { unsetenv("KEYSECURE_STORE") }
        let made = try Client.fromEnvironment().blocking.accounts.ensureTransfer(
            cardholderNo: sandbox.cardholder(), transferUniqueNo: "t", type: .in, amount: 5, firstAttempt: true)
        XCTAssertTrue(made.created)
        XCTAssertTrue(FileManager.default.fileExists(atPath: folder), "the variable names the store")
        let wrong = [
            "KEYSECURE_STORE": "nonsense", "KEYSECURE_TIMEZONE": "Mars", "KEYSECURE_PROXY": "ftp://proxy",
            "KEYSECURE_CA_PEM": "\(folder)/there-is-none.pem",
        ]
        for (name, value) in wrong {
            setenv(name, value, 1)
            XCTAssertEqual(try failure { _ = try Client.fromEnvironment() }.kind, .config, name)
            unsetenv(name)
        }
    }
}
