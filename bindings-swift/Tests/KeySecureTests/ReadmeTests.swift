import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// Compiles and runs the code of the README.
final class ReadmeTests: XCTestCase {
    func testTheOverviewOfTheReadmeRuns() async throws {
        let sandbox = try startSandbox()
        let cardholderNo = try sandbox.cardholder()
        let client = try sandbox.client()
        // README
        let card = try await client.cards.apply(
            cardholderNo: cardholderNo, cardUniqueNo: "order-7-card",  // your reference
            cardType: .virtual, packageNo: "1600000000000000101")

        do {
            let done = try await client.accounts.transfer(
                cardholderNo: cardholderNo, transferUniqueNo: "order-7-topup", type: .in, amount: Decimal(string: "25.00")!)
            print("balance is now \(done.afterBalance ?? 0)")  // an exact Decimal, never a float
        } catch where error.outcome == .unknown {
            print("look it up by its reference before sending it again: \(error)")
        } catch {
            print("no money was moved: \(error.localizedDescription)")
        }

        // Fetches pages on demand. A span of any length is split into the 90-day windows of the platform.
        let year = (CivilDate(year: 2026, month: 1, day: 1), CivilDate(year: 2026, month: 12, day: 31))
        for try await consumption in try client.consumptions.list(start: year.0, end: year.1, cardNo: card.cardNo) {
            print(consumption.type?.text ?? "?", consumption.amount ?? 0)
        }

        let secrets = try await client.cards.privateInfo(card.cardNo)
        print(secrets)  // pan: "411111******1111", cvv: ***
        print(secrets.exposePAN().count)  // only expose... returns secrets
        // README
        let card2 = try await client.cards.get(card.cardNo)
        XCTAssertEqual(card2.status, .activated)
        XCTAssertEqual(secrets.exposePAN().count, 16)
        XCTAssertEqual(try sandbox.transfers().count, 1)
    }

    func testThePaymentOfTheReadmeRuns() async throws {
        let sandbox = try startSandbox()
        let cardholderNo = try sandbox.cardholder()
        let shop = try sandbox.client(store: .own(attempts: TestAttemptStore(age: .seconds(3600))))
        // README
        let done = try await shop.accounts.ensureTransfer(
            cardholderNo: cardholderNo, transferUniqueNo: "order-8-topup", type: .in, amount: 25)
        print("\(done.value.transferNo), created by this call: \(done.created)")
        // README
        XCTAssertTrue(done.created)
    }

    func testTheReadmeContainsTheCodeOfTheseTests() throws {
        let here = URL(fileURLWithPath: #filePath)
        let source = try String(contentsOf: here, encoding: .utf8).components(separatedBy: "        // README\n")
        let package = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let readme = try String(contentsOf: package.appendingPathComponent("README.md"), encoding: .utf8)
        XCTAssertEqual(source.count, 5)
        for code in [source[1], source[3]] {
            let lines = code.components(separatedBy: "\n").map { $0.hasPrefix("        ") ? String($0.dropFirst(8)) : $0 }
            XCTAssertTrue(readme.contains(lines.joined(separator: "\n")), "the README has other code than \(code)")
        }
    }
}
