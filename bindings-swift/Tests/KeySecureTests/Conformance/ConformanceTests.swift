import Foundation
import XCTest

/// The stories that every face tells in the same way: the files of tests/conformance.
final class ConformanceTests: XCTestCase {
    func testCredit() throws { try tell("credit") }
    func testAuthorization() throws { try tell("authorization") }
    func testErrors() throws { try tell("errors") }
    func testFaults() throws { try tell("faults") }
    func testClocks() throws { try tell("clocks") }
    func testLists() throws { try tell("lists") }
    func testCallbacks() throws { try tell("callbacks") }

    func testEveryScenarioIsTold() throws {
        let there = try FileManager.default.contentsOfDirectory(atPath: folder()).filter { $0.hasSuffix(".json") }
        let told = ["authorization", "callbacks", "clocks", "credit", "errors", "faults", "lists"].map { $0 + ".json" }
        XCTAssertEqual(there.sorted(), told)
    }

    func testWhatDiffersIsFound() throws {
        let found = try Value(json: #"{"a": [1, {"b": "text"}], "c": null, "d": "10"}"#)
        for same in [
            #"{}"#, #"{"a": {"$count": 2}}"#, #"{"a": [1, {"b": "*"}]}"#, #"{"a": [1, {"b": {"$like": "te****"}}]}"#,
            #"{"d": "10.00"}"#,
        ] {
            XCTAssertNil(difference(try Value(json: same), found), same)
        }
        for other in [
            #"{"a": {"$count": 3}}"#, #"{"a": {"$first": 2}}"#, #"{"a": [1]}"#, #"{"a": [2, {}]}"#, #"{"c": "*"}"#, #"{"e": 1}"#,
            #"{"a": [1, {"b": {"$like": "****te"}}]}"#, #"[]"#, #"{"d": "10.01"}"#,
        ] {
            XCTAssertNotNil(difference(try Value(json: other), found), other)
        }
    }

    private func tell(_ name: String) throws {
        let text = try String(contentsOfFile: "\(folder())/\(name).json", encoding: .utf8)
        var scenario = try Scenario(Value(json: text))
        try scenario.tell()
    }

    private func folder() -> String {
        ProcessInfo.processInfo.environment["KEYSECURE_SCENARIOS"] ?? "../tests/conformance"
    }
}
