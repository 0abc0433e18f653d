import Foundation
import KeySecure
import XCTest

/// Code of the former version compiles, with a warning.
final class DeprecatedTests: XCTestCase {
    @available(*, deprecated)
    func testFormerNamesAreKept() throws {
        let secret = "0123456789abcdef"
        let (status, body) = (Int32(201), Data())
        XCTAssertEqual(HTTPResponse(status: status, body: body).status, 201)
        XCTAssertEqual(AesSettings(scheme: .utf8, mode: .ecb).mode, .ecb)
        XCTAssertEqual(AttemptStart(reference: "r", leaseID: "l", operation: "o", lasts: .zero, lease: .zero).leaseId, "l")
        XCTAssertEqual(
            Acquired.leased(leaseId: "l", lastAttempt: nil, storeAge: .zero),
            .leased(leaseID: "l", lastAttempt: nil, storeAge: .zero))
        _ = try WebhookVerifier(appId: "app-1", secret: secret)
        _ = try WebhookVerifier(appId: "app-1", secrets: [secret], maxBody: 1000)
        let client = try Client(apiKey: "key", apiSecret: secret, baseURL: "http://127.0.0.1:1", appId: "app-1")
        XCTAssertEqual("\(client.cards())", "Cards")
    }
}
