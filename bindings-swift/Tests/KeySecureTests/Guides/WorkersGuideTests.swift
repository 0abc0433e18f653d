import Foundation
import KeySecure
import KeySecureSandbox
import XCTest

/// The code of the guide "Several workers".
final class WorkersGuideTests: XCTestCase {
    func testWorkersShareAStore() async throws {
        let sandbox = try startSandbox()
        let (apiKey, apiSecret, baseURL) = (sandbox.apiKey, sandbox.apiSecret, sandbox.baseURL)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let directory = folder.path
        for _ in 1...2 {
            // --8<-- [start:shared]
            let store = try Store.file(directory: directory)  // or .redis(url: "redis://10.0.0.5/"); KEYSECURE_STORE
            let client = try Client(apiKey: apiKey, apiSecret: apiSecret, baseURL: baseURL, store: store)
            let verifier = try client.webhookVerifier(store: store)
            // --8<-- [end:shared]
            _ = try await client.accessToken()
            _ = verifier
        }
        XCTAssertEqual(try sandbox.count("token"), 1)
    }
}
