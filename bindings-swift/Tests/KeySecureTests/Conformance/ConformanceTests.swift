import Foundation
import XCTest

/// Runs the scenarios of tests/conformance, which the tests of all languages run.
final class ConformanceTests: XCTestCase {
    func testCredit() throws { try run("credit") }
    func testAuthorization() throws { try run("authorization") }
    func testErrors() throws { try run("errors") }
    func testFaults() throws { try run("faults") }
    func testClocks() throws { try run("clocks") }
    func testLists() throws { try run("lists") }
    func testCallbacks() throws { try run("callbacks") }

    func testEveryScenarioIsRun() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder()).filter { $0.hasSuffix(".json") }
        let run = ["authorization", "callbacks", "clocks", "credit", "errors", "faults", "lists"].map { $0 + ".json" }
        XCTAssertEqual(files.sorted(), run)
    }

    func testDifferencesAreFound() throws {
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

    private func run(_ name: String) throws {
        let text = try String(contentsOfFile: "\(folder())/\(name).json", encoding: .utf8)
        var scenario = try Scenario(Value(json: text))
        try scenario.run()
    }

    private func folder() -> String {
        ProcessInfo.processInfo.environment["KEYSECURE_SCENARIOS"] ?? "../tests/conformance"
    }
}
