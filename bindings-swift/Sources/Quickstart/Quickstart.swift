// A card's whole life, offline: `cargo xtask swift run Quickstart` starts the sandbox and walks through everything a merchant does.

import Foundation
import KeySecure
import KeySecureSandbox

@main
enum Quickstart {
    static func main() async {
        do {
            let sandbox = try Sandbox()
            print("An offline sandbox of the platform listens on \(sandbox.baseUrl).")
            let client = try Client(apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseUrl: sandbox.baseUrl)
            try await Story(client: client, sandbox: sandbox).tell()
        } catch {
            print("\nStopped: \(error.localizedDescription)")
            exit(1)
        }
    }
}
