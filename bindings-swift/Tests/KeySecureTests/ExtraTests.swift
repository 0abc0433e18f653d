import Foundation
import KeySecure
import XCTest

/// Fields that this version does not know.
final class ExtraTests: XCTestCase {
    private func deep(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }

    func testUnknownFieldsAreKept() throws {
        struct New: Decodable { let newField: [String: Double] }
        let card = try Card(json: JSON(#"{"card_no":"c1","status":"Activated","newField":{"a":1.50}}"#))
        XCTAssertEqual(card.extra.names, ["newField"])
        XCTAssertEqual(try card.extra.decoded(as: New.self).newField, ["a": 1.5])
        XCTAssertEqual(try card.extra["newField"]?.decoded(), ["a": 1.5])
        XCTAssertTrue(card.json.text.contains(#""newField":{"a":1.50}"#), card.json.text)
    }

    func testAValueThatFoundationCannotReadLeavesTheOtherFields() throws {
        for value in ["1e400", "1e99999999999999999999", #""\ud800""#, deep(128), deep(129), deep(100_000)] {
            let card = try Card(json: JSON(#"{"card_no":"1","new":\#(value),"other":1.50}"#))
            XCTAssertEqual(card.extra.names, ["new", "other"])
            XCTAssertFalse(card.extra.isEmpty)
            XCTAssertEqual(card.extra["new"]?.text, value.replacingOccurrences(of: "ud800", with: "ufffd"))
            XCTAssertEqual(card.extra["other"]?.decimal, Decimal(string: "1.50"))
            XCTAssertEqual(try Card(json: card.json), card)
            let decoded = try JSONDecoder().decode(Card.self, from: JSONEncoder().encode(card))
            XCTAssertEqual([decoded.cardNo, decoded.extra["other"]?.text], ["1", "1.5"])
            XCTAssertEqual(decoded.extra.names, ["new", "other"])
        }
        XCTAssertEqual(try Extra(json: #"{"a":"\ud800"}"#)["a"]?.string, "\u{fffd}")
        XCTAssertEqual(try Extra(json: #"{"\ud800":1}"#).names, ["\u{fffd}"])
    }

    /// As the README says: `json` keeps the text, an encoder the value as far as Foundation can hold it.
    func testAnEncoderKeepsTheValuesOfUnknownFieldsAndJSONTheirText() throws {
        let digits = String(repeating: "1234567890", count: 4)
        let cases = [
            ("1.50", "1.5"), ("1e2", "100"), (digits, digits), ("0." + digits, "0." + digits.dropLast()), ("1e128", #""1e128""#),
            (#"{"b":[true,null,"x"]}"#, #"{"b":[true,null,"x"]}"#), (#"{"a":1,"a":2}"#, #"{"a":1}"#),
            (#"{"x":[1e400,1.5]}"#, #"{"x":"[1e400,1.5]"}"#),
        ]
        for (value, encoded) in cases {
            let card = try Card(json: JSON(#"{"card_no":"1","new":\#(value),"status":"Frozen"}"#))
            XCTAssertEqual(try Card(json: card.json).extra["new"]?.text, value)
            let decoded = try JSONDecoder().decode(Card.self, from: JSONEncoder().encode(card))
            XCTAssertEqual(decoded.extra["new"]?.text, encoded, value)
        }
    }

    func testAFieldHasTheTypeThatItHasInJSON() throws {
        let extra = try Extra(json: #"{"text":"a\n","money":"10.50","number":10.50,"huge":1e400,"flag":true,"none":null}"#)
        XCTAssertEqual(extra["text"]?.string, "a\n")
        XCTAssertEqual(["money", "number"].map { extra[$0]?.decimal }, [Decimal(string: "10.50"), Decimal(string: "10.50")])
        XCTAssertEqual(["huge", "text", "absent"].map { extra[$0]?.decimal }, [nil, nil, nil])
        XCTAssertEqual(["flag", "text", "absent"].map { extra[$0]?.bool }, [true, nil, nil])
        XCTAssertEqual(["number", "none"].map { extra[$0]?.string }, [nil, nil])
        XCTAssertEqual(["huge", "none", "absent"].map { extra[$0]?.text }, ["1e400", "null", nil])
        XCTAssertNil(JSON("no JSON").string)
    }

    func testATextThatIsNoObjectIsATypedError() {
        do {
            _ = try Extra(json: "[]")
            XCTFail("expected a failure")
        } catch {
            XCTAssertEqual(error.kind, .invalidInput)
        }
    }

    func testTheLastValueOfANameCountsAndAnEmptyObjectHasNone() throws {
        let extra = try Extra(json: #"{"b":1,"a":1,"\u0061":2}"#)
        XCTAssertEqual(extra.names, ["a", "b"])
        XCTAssertEqual(extra["a"]?.text, "2")
        for empty in [Extra(), "{}", try Extra(json: " { } "), Card(cardNo: "1", status: .frozen).extra] {
            XCTAssertTrue(empty.isEmpty)
            XCTAssertEqual(empty.names, [])
        }
    }

    func testExtraMustBeAnObject() {
        for wrong in ["", "[]", "1", "{", "nonsense", #"{"a":1}{}"#] {
            XCTAssertThrowsError(try Extra(json: wrong)) { XCTAssertEqual(($0 as? KeySecureError)?.field, "extra") }
        }
    }

    func testValuesAreNotPrintedAndNamesAreMasked() throws {
        XCTAssertEqual("\(try Extra(json: #"{"pin":"739251","4111111111111111":1}"#))", "Extra(411111******1111, pin)")
    }

    func testTheAmountOfATransferHasThePlatformsNameInJSONOnly() throws {
        let json: JSON = #"{"transfer_no":"1","balance":"25.5"}"#
        let row = try TransferRecord(json: json)
        XCTAssertEqual(row.amount, Decimal(string: "25.5"))
        XCTAssertEqual(row.json, json)
        XCTAssertEqual("\(row)", #"TransferRecord(transferNo: "1", amount: 25.5)"#)
    }
}
