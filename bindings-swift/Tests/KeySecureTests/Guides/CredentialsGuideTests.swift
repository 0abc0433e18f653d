import Foundation
import KeySecure
import XCTest

/// The code of the guide "Credentials and environments".
final class CredentialsGuideTests: XCTestCase {
    // --8<-- [start:from-env]
    func printExpiry() async throws {
        let client = try Client.fromEnvironment()
        print(try await client.accessToken().expiresAt)
    }
    // --8<-- [end:from-env]

    func testAProgramWithoutCredentialsSaysWhichAreMissing() async throws {
        let error = try await failure { try await printExpiry() }
        XCTAssertEqual(error.kind, .config)
    }

    func testAClientTakesItsSettingsFromTheProgram() async throws {
        let sandbox = try startSandbox()
        let (apiKey, apiSecret, baseURL) = (sandbox.apiKey, sandbox.apiSecret, sandbox.baseURL)
        // --8<-- [start:settings]
        let client = try Client(
            apiKey: apiKey, apiSecret: apiSecret,
            environment: .sandbox,  // the platform's own test system, the default; or .production
            baseURL: baseURL,  // only when it is not the address of the environment
            timeout: .seconds(10),
            timezone: "UTC+8")
        // --8<-- [end:settings]
        let token = try await client.accessToken()
        XCTAssertGreaterThan(token.expiresAt, Date())
    }

    // --8<-- [start:doctor]
    func check(_ client: Client) async -> Bool {
        let report = await client.doctor()
        print(report)
        return !report.findings.contains { $0.status == .fail }
    }
    // --8<-- [end:doctor]

    func testTheDoctorReports() async throws {
        let sandbox = try startSandbox()
        let isHealthy = await check(try sandbox.client())
        XCTAssertTrue(isHealthy)
    }
}
