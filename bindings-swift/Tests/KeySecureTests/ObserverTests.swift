import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

final class ObserverTests: XCTestCase {
    func testALogGetsALineForEachAttemptAndEachCall() throws {
        let lines = Shared<[String]>([])
        let sandbox = try startSandbox()
        let client = try sandbox.client(observer: LogObserver { line in lines.change { $0.append(line) } })
        let holder = try sandbox.cardholder()
        try sandbox.fault("drop_after_commit", on: "accounts.get")
        _ = try client.blocking.accounts.get(holder)
        _ = try failure { _ = try client.blocking.accounts.get("404") }
        let starts = [
            "token attempt 1: http 200, code 0, ", "token done after 1 attempts, ", "accounts.get attempt 1: no response, ",
            "accounts.get attempt 2: http 200, code 0, ", "accounts.get done after 2 attempts, ",
            "accounts.get attempt 1: http 200, code 2002, ",
            "accounts.get failed (notFound, code 2002, outcome rejected) after 1 attempts, ",
        ]
        XCTAssertEqual(lines.value.count, starts.count, "\(lines.value)")
        for (line, start) in zip(lines.value, starts) {
            XCTAssertTrue(line.hasPrefix(start), line)
            XCTAssertFalse(line.contains(holder), line)
        }
    }

    func testAnObserverThatThrowsChangesNothing() throws {
        final class Throws: Observer {
            func attempt(record: AttemptRecord) throws { throw Failure("no") }
            func call(record: CallRecord) throws { throw Failure("no") }
        }
        let sandbox = try startSandbox()
        let holder = try sandbox.cardholder()
        XCTAssertEqual(try sandbox.client(observer: Throws()).blocking.accounts.get(holder).list.count, 1)
    }
}
