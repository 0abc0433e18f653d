import Foundation
import XCTest

final class QuickstartTests: XCTestCase {
    /// Runs the built program, as a reader does.
    func testTheQuickstartRunsToTheEnd() throws {
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
            "After the identity check: Approved.", "A weak PIN is not sent", "Frozen: the card is Frozen.",
            "Unfrozen: the card is Activated.", "Transferred 250.00 TUSDT: balance 0 -> 250.", "5 consumptions, 30 settled.",
            "1 transfer, in total 250.", "2 cards were issued.", "none left this machine.",
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
