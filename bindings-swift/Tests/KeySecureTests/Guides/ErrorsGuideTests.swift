import Foundation
import KeySecure
import XCTest

/// The code of the guide "Errors and outcomes".
final class ErrorsGuideTests: XCTestCase {
    // --8<-- [start:outcome]
    func topUp(_ client: Client, cardholderNo: String) async -> String {
        do {
            let done = try await client.accounts.transfer(
                cardholderNo: cardholderNo, transferUniqueNo: "order-7-topup", type: .in, amount: 25)
            return "balance is now \(done.afterBalance ?? 0)"
        } catch {
            switch error.outcome {
            // No whole request can have reached the platform: send it again.
            case .notSent: return "not sent: \(error)"
            // The platform says that it did not do it.
            case .rejected: return "refused: \(error.code ?? 0) \(error.msg ?? "") \(error.field ?? "")"
            // It may have been done: look it up by its reference, or use ensureTransfer.
            case .unknown: return "unknown: \(error)"
            }
        }
    }
    // --8<-- [end:outcome]

    // --8<-- [start:kinds]
    func status(_ client: Client, cardholderNo: String) async -> String {
        do {
            return try await client.cardholders.get(cardholderNo).status.text
        } catch {
            switch error.kind {
            case .notFound: return "no such cardholder"
            case .invalidInput: return "check the argument \(error.field ?? "")"
            case .state: return "not in this state: \(error.code ?? 0)"
            case .transport, .timeout: return "try again later: \(error)"
            default: return "failed: \(error) (\(error.outcome))"
            }
        }
    }
    // --8<-- [end:kinds]

    func testAnOutcomeSaysWhatToDo() async throws {
        let sandbox = try startSandbox()
        try sandbox.fault("drop_after_commit", on: "accounts.transfer")
        let text = await topUp(try sandbox.client(), cardholderNo: try sandbox.cardholder())
        XCTAssertTrue(text.hasPrefix("unknown: "), text)
    }

    func testAKindIsAProperty() async throws {
        let sandbox = try startSandbox()
        let client = try sandbox.client()
        let texts = [await status(client, cardholderNo: "nobody"), await status(client, cardholderNo: "")]
        XCTAssertEqual(texts, ["no such cardholder", "check the argument cardholder_no"])
    }
}
