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

    func testCreditThroughARelay() throws { try run("credit", .relayed) }
    func testAuthorizationThroughARelay() throws { try run("authorization", .relayed) }
    func testErrorsThroughARelay() throws { try run("errors", .relayed) }
    func testFaultsThroughARelay() throws { try run("faults", .relayed) }
    func testClocksThroughARelay() throws { try run("clocks", .relayed) }
    func testListsThroughARelay() throws { try run("lists", .relayed) }
    func testCallbacksThroughARelay() throws { try run("callbacks", .relayed) }

    private static let names = ["authorization", "callbacks", "clocks", "credit", "errors", "faults", "lists"]

    func testEveryScenarioIsRun() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder()).filter { $0.hasSuffix(".json") }
        XCTAssertEqual(files.sorted(), Self.names.map { $0 + ".json" })
    }

    func testEveryCallOfTheRelayIsInAScenario() throws {
        let steps = try Self.names.flatMap { try scenario($0)["steps"]?.list ?? [] }
        let called = steps.compactMap { $0["call"]?.text }.filter(Relayed.serves)
        let calls = called.map { $0.hasSuffix("_page") ? String($0.dropLast("_page".count)) : $0 }
        XCTAssertEqual(Relayed.calls.subtracting(calls), [])
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

    private func run(_ name: String, _ way: Way = .direct) throws {
        var scenario = try Scenario(scenario(name), way)
        try scenario.run()
    }

    private func scenario(_ name: String) throws -> Value {
        try Value(json: String(contentsOfFile: "\(folder())/\(name).json", encoding: .utf8))
    }

    private func folder() -> String {
        ProcessInfo.processInfo.environment["KEYSECURE_SCENARIOS"] ?? "../tests/conformance"
    }
}
