import Foundation
import KeySecure
import XCTest

/// The code of the guide "Lists and time zones".
final class ListsGuideTests: XCTestCase {
    func testRowsAreListedByDaysAndByTimes() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        let cardNo = try sandbox.virtualCard(of: sandbox.cardholder())
        let before = Int(Date().timeIntervalSince1970 * 1000) - 60_000
        try sandbox.control("POST /seed/consumptions", ["card_no": cardNo, "times_ms": [before, before - 1, before - 2]])
        // --8<-- [start:days]
        var total: Decimal = 0
        let (first, last) = (CivilDate(year: 2026, month: 1, day: 1), CivilDate(year: 2026, month: 12, day: 31))
        for try await row in try client.consumptions.list(start: first, end: last, cardNo: cardNo) {
            print(row.time ?? .distantPast, row.type?.text ?? "?", row.amount ?? 0)
            total += row.amount ?? 0
        }
        // --8<-- [end:days]
        print(total)
        let now = Date()
        // --8<-- [start:times]
        let recent = try await client.consumptions.list(in: now.addingTimeInterval(-24 * 3600)...now).all()
        // --8<-- [end:times]
        XCTAssertEqual(recent.map(\.cardNo), [cardNo, cardNo, cardNo])
        // --8<-- [start:page]
        let page = try await client.consumptions.listPage(in: .last(days: 1), page: 0, size: 2)
        print(page.list.count)
        // --8<-- [end:page]
        XCTAssertEqual(page.list.count, 2)
    }

    func testAClientHasATimeZone() throws {
        let sandbox = try startSandbox()
        let (apiKey, apiSecret) = (sandbox.apiKey, sandbox.apiSecret)
        // --8<-- [start:timezone]
        let client = try Client(apiKey: apiKey, apiSecret: apiSecret, timezone: "UTC")  // a date is a day in UTC
        // --8<-- [end:timezone]
        _ = client
    }
}
