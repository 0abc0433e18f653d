import Foundation
import XCTest

final class QuickstartTests: XCTestCase {
    /// The example as a program of its own, as a reader would run it.
    func testTheExampleTellsItsStoryToTheEnd() throws {
        let program = try builtProducts().appendingPathComponent("Quickstart")
        let process = Process()
        let output = Pipe()
        process.executableURL = program
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 0, text)
        for line in [
            "The platform checked the identity: Approved.", "Frozen: the card is Frozen.",
            "Moved 250.00 TUSDT in: balance 0 -> 250.", "5 consumptions; spent and settled: 30.", "2 cards were issued.",
            "not one left this machine.",
        ] {
            XCTAssertTrue(text.contains(line), "no \(line) in\n\(text)")
        }
        XCTAssertFalse(text.contains("739251"), "the PIN was printed")
    }

    private func builtProducts() throws -> URL {
        #if os(Linux)
        return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        #else
        return Bundle(for: Self.self).bundleURL.deletingLastPathComponent()
        #endif
    }
}
