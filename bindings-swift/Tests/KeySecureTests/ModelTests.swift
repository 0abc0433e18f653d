import Foundation
import KeySecure
import XCTest

/// What models are in Swift: printed, encoded, created and compared as Swift's own types.
final class ModelTests: XCTestCase {
    private func card() throws -> Card {
        try Card(
            json: #"""
                {"card_no":"c1","card_unique_no":"order-1","status":"Activated","card_type":"Virtual","time":1763800000120,
                "fee_detail":{"month_fee":"1.25"},"new":{"a":1.50,"big":18446744073709551615,"list":[true,null,"x"]}}
                """#)
    }

    func testAModelIsReadFromJSON() throws {
        let card = try card()
        XCTAssertEqual(card.id, "c1")
        XCTAssertEqual(card.status, .activated)
        XCTAssertEqual(card.time, Date(timeIntervalSince1970: 1_763_800_000) + 0.12)
        XCTAssertEqual(card.extra.names, ["new"])
        XCTAssertEqual(try failure { _ = try Card(json: "[]") }.kind, .invalidInput)
        XCTAssertEqual(try failure { _ = try Card(json: "{") }.kind, .invalidInput)
    }

    func testADecoderThrowsADecodingErrorWithTheCause() throws {
        XCTAssertThrowsError(try JSONDecoder().decode([Card].self, from: Data(#"[{"status":1}]"#.utf8))) { error in
            guard case let DecodingError.dataCorrupted(context) = error else { return XCTFail("\(error)") }
            XCTAssertEqual(context.codingPath.map(\.intValue), [0])
            XCTAssertTrue(context.underlyingError is KeySecureError)
        }
    }

    func testNamesThatSwiftTakesForEqualCanBeEncoded() throws {
        let card = try Card(json: #"{"card_no":"1","status":"Frozen","\u00e9":1,"e\u0301":2,"x":1e400}"#)
        let encoded = try JSONEncoder().encode(card)
        XCTAssertEqual(try JSONDecoder().decode(Card.self, from: encoded).cardNo, "1")
        XCTAssertEqual(card.extra.names.count, 3, "the JSON of the card keeps both")
    }

    func testAModelSurvivesAnyEncoder() throws {
        let cards = [try card(), Card(cardNo: "c2", status: .frozen)]
        let json = try JSONDecoder().decode([Card].self, from: JSONEncoder().encode(cards))
        XCTAssertEqual(json.map(\.cardNo), ["c1", "c2"])
        XCTAssertEqual(json.map(\.time), cards.map(\.time))
        XCTAssertEqual(json[0].feeDetail, cards[0].feeDetail)
        XCTAssertEqual(json[1], cards[1])
        let list = try PropertyListEncoder().encode(["card": Card(cardNo: "c2", status: .frozen)])
        XCTAssertEqual(try PropertyListDecoder().decode([String: Card].self, from: list)["card"], cards[1])
        let transfer = TransferRecord(transferNo: "1", amount: Decimal(string: "99999999999999999999.99"))
        XCTAssertEqual(try JSONDecoder().decode(TransferRecord.self, from: JSONEncoder().encode(transfer)), transfer)
    }

    func testAnEnumIsEncodedAsItsText() throws {
        let statuses: [CardStatus] = [.frozen, .unknown(raw: "New")]
        let encoded = try JSONEncoder().encode(statuses)
        XCTAssertEqual(String(decoding: encoded, as: UTF8.self), #"["Frozen","New"]"#)
        XCTAssertEqual(try JSONDecoder().decode([CardStatus].self, from: encoded), statuses)
    }

    func testAModelPrintsInTheWordsOfSwift() throws {
        XCTAssertEqual(
            "\(Card(cardNo: "c1", cardName: "x 4111111111111111", status: .activated, time: Date(timeIntervalSince1970: 0.12)))",
            #"Card(cardNo: "c1", cardName: "x 411111******1111", status: Activated, time: 1970-01-01T00:00:00.120Z)"#)
        XCTAssertEqual(
            String(reflecting: Transfer(cardholderNo: "h", transferUniqueNo: "t", type: .in, amount: 25)),
            #"Transfer(cardholderNo: "h", transferUniqueNo: "t", type: In, amount: 25)"#)
        XCTAssertEqual(Mirror(reflecting: try card()).children.compactMap(\.label).prefix(2), ["cardNo", "cardUniqueNo"])
    }

    func testRowsHaveTheNumberAsTheirIdentity() {
        func identity<Row: Identifiable & Hashable & Codable & Sendable>(_ row: Row) -> Row.ID { row.id }
        XCTAssertEqual(identity(Card(cardNo: "c", status: .frozen)), "c")
        XCTAssertEqual(identity(TransferRecord(transferNo: "t")), "t")
        XCTAssertEqual(identity(Consumption(consumeNo: "n")), "n")
    }

    func testAnErrorCanBeCreatedForTests() {
        let error = KeySecureError(kind: .state, outcome: .rejected, message: "frozen", code: 4005)
        XCTAssertEqual(error.localizedDescription, "frozen")
        XCTAssertEqual((error as NSError).code, 4005)
        XCTAssertTrue(ErrorKind.allCases.contains(.cancelled))
    }
}
