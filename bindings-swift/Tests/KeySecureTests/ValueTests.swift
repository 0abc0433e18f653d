import Foundation
import XCTest

@testable import KeySecure

final class ValueTests: XCTestCase {
    func testAmountsAreExact() throws {
        let amounts = ["0.01", "0.1", "12345678901234567890.12", "99999999999999999999999999.99"]
        let sent = Shared<[String]>([])
        let client = try client { request in
            sent.change { $0.append(String(decoding: request.body, as: UTF8.self)) }
            return #"{"transfer_no":"1","before_balance":"0.10","after_balance":"79228162514264337593543950.335"}"#
        }
        for amount in amounts {
            let done = try client.blocking.accounts.transfer(
                cardholderNo: "1", transferUniqueNo: "t", type: .in, amount: XCTUnwrap(Decimal(string: amount)))
            XCTAssertTrue(sent.value.last?.contains(amount) == true, sent.value.last ?? "")
            XCTAssertEqual(done.beforeBalance, Decimal(string: "0.1"))
            XCTAssertEqual(done.afterBalance, Decimal(string: "79228162514264337593543950.335"))
        }
    }

    func testDecimalsAreParsedExactly() {
        let texts = ["0", "-0.01", "10.00", "-12.50", "0.000000001", "9999999999999999999", "99999999999999999.9"]
        for text in texts + ["79228162514264337593543950335", "-7922816251426433759354395.0335"] {
            XCTAssertEqual(decimal(lifted: text), Decimal(string: text), text)
        }
    }

    func testMillisecondsAreKeptInBothDirections() {
        for milliseconds in [0, 1, -1, 999, -1001, 1_763_800_000_123] + (0..<20_000).map({ 1_763_800_000_000 + Int64($0) * 977 })
        {
            let date = Date(timeIntervalSince1970: Double(milliseconds / 1000)) + Double(milliseconds % 1000) / 1000
            let wire = WireTime(date)
            let back = wire.seconds * 1000 + Int64(wire.nanoseconds / 1_000_000) * (milliseconds < 0 ? -1 : 1)
            XCTAssertEqual(back, milliseconds)
        }
        for date in [Date.distantPast, .distantFuture, Date(timeIntervalSince1970: .infinity), Date(timeIntervalSince1970: .nan)]
        {
            XCTAssertLessThan(WireTime(date).nanoseconds, 1_000_000_000)
        }
    }

    func testDurationsAreConvertedOrClamped() {
        XCTAssertEqual(WireDuration(.milliseconds(1500)).seconds, 1)
        XCTAssertEqual(WireDuration(.milliseconds(1500)).nanoseconds, 500_000_000)
        XCTAssertEqual(WireDuration(.seconds(-1)).seconds, 0)
        XCTAssertEqual(WireDuration(.seconds(Int64.max)).seconds, 3_155_760_000)
    }

    func testReadingBeyondTheEndReturnsNil() {
        let bytes: [UInt8] = [0, 0, 1, 2, 7]
        bytes.withUnsafeBufferPointer { bytes in
            var reader = WireReader(bytes.baseAddress, length: 5, capacity: 5)
            XCTAssertEqual(reader.integer() as Int32?, 258)
            XCTAssertNil(reader.integer() as Int16?)
            XCTAssertNil(reader.next(2))
            XCTAssertNil(reader.next(-1))
            XCTAssertTrue(reader.hasRemaining)
            XCTAssertEqual(reader.next(1).map(Array.init), [7])
            XCTAssertFalse(reader.hasRemaining)
            XCTAssertNil(reader.integer() as UInt8?)
            XCTAssertEqual(reader.next(0)?.count, 0)
        }
    }

    func testAMalformedBufferIsNotRead() {
        let bytes: [UInt8] = [0, 0, 1, 2, 7]
        bytes.withUnsafeBufferPointer { bytes in
            let start = bytes.baseAddress
            let malformed: [(UnsafePointer<UInt8>?, UInt64)] = [(start, 6), (start, .max), (nil, 1), (nil, 5)]
            for (start, length) in malformed {
                var reader = WireReader(start, length: length, capacity: 5)
                XCTAssertNil(reader.integer() as UInt8?, "\(length)")
                XCTAssertNil(reader.next(1), "\(length)")
                XCTAssertNil(reader.next(.max), "\(length)")
            }
        }
    }

    func testDaysAreFormattedAndParsed() {
        XCTAssertEqual(CivilDate(year: 2026, month: 1, day: 31).description, "2026-01-31")
        XCTAssertEqual(CivilDate(lifted: "0987-06-05"), CivilDate(year: 987, month: 6, day: 5))
        let midnight = Date(timeIntervalSince1970: 1_767_225_600)
        XCTAssertEqual(CivilDate(of: midnight, in: TimeZone(secondsFromGMT: 0)!).description, "2026-01-01")
        XCTAssertEqual(CivilDate(of: midnight, in: TimeZone(secondsFromGMT: -3600)!).description, "2025-12-31")
    }

    func testADayIsItsTextInJSON() throws {
        let days = ["due": CivilDate(year: 987, month: 6, day: 5)]
        let json = try JSONEncoder().encode(days)
        XCTAssertEqual(String(decoding: json, as: UTF8.self), #"{"due":"0987-06-05"}"#)
        XCTAssertEqual(try JSONDecoder().decode([String: CivilDate].self, from: json), days)
        for wrong in ["", "2026", "2026-1-1", "2026-01-01T00:00:00Z", "2026-01-01-01", "today", "-026-01-01", "2026-01-+1"] {
            XCTAssertThrowsError(try JSONDecoder().decode(CivilDate.self, from: JSONEncoder().encode(wrong)), wrong) {
                XCTAssertTrue($0 is DecodingError, "\($0)")
            }
        }
    }

    func testAnAmountThatTheCoreCannotRepresentIsRefusedByItsName() throws {
        let client = try client { _ in "{}" }
        let long = try XCTUnwrap(Decimal(string: "1.0000000000000000000000000000001"))
        let huge = try XCTUnwrap(Decimal(string: "1E+60"))
        for wrong in [Decimal.nan, long, huge] {
            let errors = try [
                failure { _ = try client.blocking.simulation.auth(SimulationRequest(amount: wrong)) },
                failure { _ = try client.blocking.simulation.auth(cardNo: "1", amount: 1, localAmount: wrong) },
                failure {
                    let fee = SimulatedFee(feeType: .atmFee, amount: wrong)
                    _ = try client.blocking.simulation.auth(SimulationRequest(amount: 1, feeDetail: [fee]))
                },
                failure {
                    let transfer = Transfer(cardholderNo: "1", transferUniqueNo: "t", type: .in, amount: wrong)
                    _ = try client.blocking.accounts.transfer(transfer)
                },
            ]
            XCTAssertEqual(errors.map(\.field), ["amount", "local_amount", "fee_detail.amount", "amount"], "\(wrong)")
            XCTAssertEqual(Set(errors.map(\.kind)), [.invalidInput])
            XCTAssertEqual(Set(errors.map(\.outcome)), [.notSent])
        }
        let largest = try XCTUnwrap(Decimal(string: "79228162514264337593543950335"))
        _ = try client.blocking.simulation.auth(cardNo: "1", amount: largest, localAmount: 1, localCurrency: "USD")
    }

    func testAModelWithAValueThatIsNoNumberIsNotEncoded() {
        let row = TransferRecord(transferNo: "1", amount: .nan)
        XCTAssertThrowsError(try JSONEncoder().encode(row)) { XCTAssertTrue($0 is EncodingError, "\($0)") }
        XCTAssertEqual(row.json, "null")
    }

    func testAnEnumIsCreatedFromItsTextAndKeepsUnknownText() {
        XCTAssertEqual("Frozen" as CardStatus, .frozen)
        XCTAssertEqual(CardStatus.toActivate.text, "ToActivate")
        XCTAssertEqual(CardStatus("Brand_new"), .unknown(raw: "Brand_new"))
        XCTAssertEqual(CardStatus("Brand_new").text, "Brand_new")
        XCTAssertEqual(ConsumptionType.openCard.text, "Open_card")
    }

    func testTheStartOfALookupIsADateOrADay() {
        let (date, day) = (Date(timeIntervalSince1970: 1_000_000_000), CivilDate(year: 2026, month: 1, day: 31))
        XCTAssertEqual(EnsureOptions(since: date).since, .instant(at: date))
        XCTAssertEqual(EnsureOptions(since: day), EnsureOptions(since: .day(date: day)))
        XCTAssertEqual(EnsureOptions(since: nil), EnsureOptions())
    }

    func testARawCallTakesAndReturnsJson() throws {
        struct Sum: Codable, Equatable { let sum: Int }
        let client = try client { _ in #"{"sum":3}"# }
        let response = try client.blocking.call(method: .post, path: "/v1/any", body: JSON(encoding: Sum(sum: 2)))
        XCTAssertEqual(try response.decoded(as: Sum.self), Sum(sum: 3))
        let error = try failure { _ = try client.blocking.call(method: .post, path: "/v1/any", body: "no json") }
        XCTAssertEqual(error.kind, .invalidInput)
    }

    func testAmountsAreSentInPlainDigitsAndARawBodyUnchanged() throws {
        struct Body: Encodable {
            let big = Decimal(string: "18446744073709551617")!
            let round = Decimal(string: "1E+2")!
            let cents = Decimal(string: "25.10")!
            let whole = UInt64.max
        }
        let bodies = Shared<[String]>([])
        let client = try client { request in
            bodies.change { $0.append(String(decoding: request.body, as: UTF8.self)) }
            return #"{"transfer_no":"1"}"#
        }
        _ = try client.blocking.accounts.transfer(
            cardholderNo: "1", transferUniqueNo: "t", type: .in, amount: Decimal(string: "1E+2")!)
        XCTAssertTrue(bodies.value[0].contains(#""balance":"100""#), bodies.value[0])
        _ = try client.blocking.call(method: .post, path: "/v1/any", body: JSON(encoding: Body()))
        for field in [
            #""big":18446744073709551617"#, #""round":100"#, #""cents":25.1"#, #""whole":18446744073709551615"#,
        ] {
            XCTAssertTrue(bodies.value[1].contains(field), bodies.value[1])
        }
        XCTAssertFalse(bodies.value[1].contains("100.") || bodies.value[1].contains("1E"), bodies.value[1])
        let text: JSON = #"{"a":18446744073709551617,"c":1E+2}"#
        _ = try client.blocking.call(method: .post, path: "/v1/any", body: text)
        XCTAssertEqual(bodies.value[2], text.text)
    }

    func testTheAddressOfAVirtualCardHasFiveFields() throws {
        let sandbox = try startSandbox()
        let (client, holder) = (try sandbox.client(), try sandbox.cardholder())
        let five = Address(
            postalCode: "SW1Y 4JH", country: "GB", state: "London", city: "London", addressLine1: "12 St James's Square")
        func apply(_ type: CardType) throws -> CardApplied {
            let package = try client.blocking.cards.packages().all().first { $0.packageType == type }?.packageNo
            return try client.blocking.cards.apply(
                cardholderNo: holder, cardUniqueNo: "card-\(type)", cardType: type, packageNo: package, addressInfo: five)
        }
        XCTAssertEqual(try client.blocking.cards.get(apply(.virtual).cardNo).status, .activated)
        XCTAssertEqual(try failure { _ = try apply(.physical) }.field, "address_info.first_name")
    }

    func testTheSandboxChargesFeesAndUsesHttpStatusesWhenConfigured() throws {
        let sandbox = try startSandbox()
        let (client, holder) = (try sandbox.client(), try sandbox.cardholder())
        let card = try sandbox.virtualCard(of: holder)
        _ = try client.blocking.accounts.transfer(cardholderNo: holder, transferUniqueNo: "t", type: .in, amount: 100)
        try sandbox.settings(["tariffs": true, "http_statuses": "strict"])
        let fee = try client.blocking.consumptions.get(sandbox.manageFee(cardNo: card, amount: "1.25"))
        XCTAssertEqual(fee.amount, Decimal(string: "1.25"))
        XCTAssertEqual(try failure { _ = try client.blocking.cards.get("404") }.httpStatus, 400)
        try sandbox.listSettings(["left_out": ["card_no"]])
        let rows = Array(try client.blocking.cards.list(start: Date() - day, end: Date() + day))
        XCTAssertFalse(rows.isEmpty)
        for row in rows { XCTAssertThrowsError(try row.get()) }
    }

    func testAValueThatIsNoNumberIsPrinted() {
        XCTAssertEqual("\(SimulationRequest(amount: .nan))", "SimulationRequest(amount: NaN, feeDetail: [])")
    }

    func testTheLibraryReportsItsVersion() {
        XCTAssertFalse(libraryVersion().isEmpty)
    }

    private func client(_ data: @escaping @Sendable (HTTPRequest) throws -> String) throws -> Client {
        try Client(
            apiKey: "key", apiSecret: "0123456789abcdef", baseURL: "http://127.0.0.1:1", transport: InMemoryTransport(data))
    }
}
