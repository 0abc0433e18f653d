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
            [attached.baseURL, attached.controlURL, attached.apiKey, attached.apiSecret],
            [started.baseURL, started.controlURL, started.apiKey, started.apiSecret])
        let cardholder = try attached.cardholder()
        attached.stop()
        XCTAssertEqual(try started.client().blocking.cardholders.get(cardholder).cardholderNo, cardholder)
    }

    func testAttachingToAnythingButAControlURLThrows() throws {
        let sandbox = try startSandbox()
        XCTAssertThrowsError(try Sandbox(attachingTo: sandbox.baseURL)) { XCTAssertTrue($0 is SandboxError, "\($0)") }
        sandbox.stop()
        XCTAssertThrowsError(try Sandbox(attachingTo: sandbox.controlURL))
    }
}
