import Foundation
import KeySecure
import KeySecureSandbox

// Swift 5, blocking calls.
#if swift(>=6)
#error("this program must be compiled as Swift 5")
#endif

let sandbox = try Sandbox()
defer { sandbox.stop() }
let client = try Client(apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseURL: sandbox.baseURL)
let cardholder = try sandbox.text("cardholder_no", of: "POST /seed/approved_cardholder")

let done = try client.blocking.accounts.transfer(
    cardholderNo: cardholder, transferUniqueNo: "order-1", type: .in, amount: Decimal(string: "25.10")!)
precondition(done.afterBalance == Decimal(string: "25.10"), "\(done)")
print("by path: the balance is \(done.afterBalance ?? 0)")
