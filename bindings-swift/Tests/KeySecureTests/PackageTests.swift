import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

final class PackageTests: XCTestCase {
    func testTheTestsAreCompiledAsSwift6WhereTheCompilerHasIt() {
        #if compiler(>=6) && swift(<6)
        XCTFail("the language mode is 5")
        #endif
    }

    func testASandboxThatIsRunningIsUsedByItsControlURLAndLeftRunning() throws {
        let started = try startSandbox()
        let attached = try Sandbox(attachingTo: started.controlURL)
        XCTAssertEqual(
            [attached.baseURL, attached.controlURL, attached.consoleURL, attached.apiKey, attached.apiSecret],
            [started.baseURL, started.controlURL, started.controlURL + "/console/", started.apiKey, started.apiSecret])
        let page = try Data(contentsOf: try XCTUnwrap(URL(string: attached.consoleURL)))
        XCTAssertTrue(String(decoding: page, as: UTF8.self).contains("console.js"))
        let cardholder = try attached.cardholder()
        attached.stop()
        XCTAssertEqual(try started.client().blocking.cardholders.get(cardholder).cardholderNo, cardholder)
    }

    func testASandboxWithoutItsProgramSaysWhatIsMissing() throws {
        func text(_ program: String?) -> String {
            do {
                try Sandbox(program: program).stop()
                return "started"
            } catch {
                XCTAssertTrue(error is SandboxError, "\(error)")
                return error.localizedDescription
            }
        }
        XCTAssertTrue(text("/nowhere/keysecure-sandbox").contains("/nowhere/keysecure-sandbox cannot be run"))
        let variable = "KEYSECURE_SANDBOX"
        let program = ProcessInfo.processInfo.environment[variable]
        unsetenv(variable)
        defer { program.map { _ = setenv(variable, $0, 1) } }
        XCTAssertEqual(text(nil), "no keysecure-sandbox on the PATH, and KEYSECURE_SANDBOX does not name one")
    }

    func testAttachingToAnythingButAControlURLThrows() throws {
        let sandbox = try startSandbox()
        XCTAssertThrowsError(try Sandbox(attachingTo: sandbox.baseURL)) { XCTAssertTrue($0 is SandboxError, "\($0)") }
        sandbox.stop()
        XCTAssertThrowsError(try Sandbox(attachingTo: sandbox.controlURL))
    }
}
