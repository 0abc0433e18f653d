import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

final class FaultTests: XCTestCase {
    func testATransferWhoseResponseIsLostIsUnknownAndSentOnce() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        let holder = try sandbox.cardholder()
        try sandbox.fault("drop_after_commit", on: "accounts.transfer")
        let error = try failure {
            _ = try client.blocking.accounts.transfer(cardholderNo: holder, transferUniqueNo: "t-1", type: .in, amount: 5)
        }
        XCTAssertEqual(error.outcome, .unknown)
        XCTAssertEqual(error.kind, .transport)
        XCTAssertEqual(error.attempts, 1)
        XCTAssertEqual(error.operation, "accounts.transfer")
        XCTAssertEqual(try sandbox.count("accounts.transfer"), 1)
        XCTAssertEqual(try sandbox.transfers().count, 1)
    }

    func testEnsureFindsATransferWhoseResponseWasLost() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(store: .memory())
        let holder = try sandbox.cardholder()
        try sandbox.fault("drop_after_commit", on: "accounts.transfer")
        let ensured = try client.blocking.accounts.ensureTransfer(
            cardholderNo: holder, transferUniqueNo: "once", type: .in, amount: 5, deadline: .seconds(30), settle: .seconds(1),
            firstAttempt: true)
        XCTAssertEqual(ensured.value.transferUniqueNo, "once")
        XCTAssertTrue(ensured.created, "this call created it; only the response was lost")
        let again = try client.blocking.accounts.ensureTransfer(
            cardholderNo: holder, transferUniqueNo: "once", type: .in, amount: 5, deadline: .seconds(30), settle: .seconds(1))
        XCTAssertFalse(again.created)
        XCTAssertEqual(try sandbox.transfers().count, 1)
    }

    func testAReadWhoseResponseIsLostIsSentAgain() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        let holder = try sandbox.cardholder()
        try sandbox.fault("drop_after_commit", on: "accounts.get")
        XCTAssertEqual(try client.blocking.accounts.get(holder).list.count, 1)
        XCTAssertEqual(try sandbox.count("accounts.get"), 2)
    }

    func testAStalledTransferEndsWithTheTimeOut() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(timeout: .seconds(1))
        let holder = try sandbox.cardholder()
        _ = try client.blocking.accessToken()
        try sandbox.fault(["stall": 3000], on: "accounts.transfer")
        let error = try failure {
            _ = try client.blocking.accounts.transfer(cardholderNo: holder, transferUniqueNo: "t-1", type: .in, amount: 5)
        }
        XCTAssertEqual(error.kind, .timeout)
        XCTAssertEqual(error.outcome, .unknown)
    }

    func testARefusedConnectionMeansNotSent() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client(timeout: .seconds(2))
        sandbox.stop()
        let error = try failure { _ = try client.blocking.cards.get("1") }
        XCTAssertEqual(error.outcome, .notSent)
        XCTAssertEqual(error.kind, .transport)
    }

    func testAClockThatIsHoursWrongCostsOneMoreRequest() throws {
        for hours in [-3, 3] {
            let sandbox = try startSandbox()
            let client = try sandbox.client()
            let holder = try sandbox.cardholder()
            try sandbox.control(hours > 0 ? "POST /clock/advance" : "POST /clock/rewind", ["ms": abs(hours) * 3_600_000])
            for number in 1...3 {
                _ = try client.blocking.accounts.transfer(
                    cardholderNo: holder, transferUniqueNo: "t-\(number)", type: .in, amount: 1)
            }
            XCTAssertEqual(try sandbox.transfers().count, 3, "\(hours) h")
            let requests = try sandbox.object("GET /requests")["requests"] as? [Any]
            XCTAssertLessThanOrEqual(requests?.count ?? 0, 5, "\(hours) h: a token, three calls, and one to learn the clock")
        }
    }

    func testARevokedTokenIsReplacedAndTheTransferSentOnce() throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        let holder = try sandbox.cardholder()
        _ = try client.blocking.accounts.get(holder)
        try sandbox.control("POST /tokens/revoke")
        _ = try client.blocking.accounts.transfer(cardholderNo: holder, transferUniqueNo: "t-1", type: .in, amount: 1)
        XCTAssertEqual(try sandbox.transfers().count, 1)
        XCTAssertEqual(try sandbox.count("token"), 2)
    }
}
