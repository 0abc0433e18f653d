// Walks through the life cycle of a card against the offline sandbox: `cargo xtask swift run Quickstart`.

import Foundation
import KeySecure
import KeySecureSandbox

@main
enum Quickstart {
    static func main() async {
        do {
            let sandbox = try Sandbox()
            print("The offline sandbox listens on \(sandbox.baseURL).")
            let client = try Client(apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseURL: sandbox.baseURL)
            try await Walkthrough(client: client, sandbox: sandbox).run()
        } catch {
            print("\nFailed: \(error.localizedDescription)")
            exit(1)
        }
    }
}
