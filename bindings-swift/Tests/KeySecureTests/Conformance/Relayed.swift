import Foundation
import KeySecure

/// A relay in front of the merchant's client: the program `relay_server` of tests/support.
final class Relayed {
    /// The calls of the protocol and their derived forms, without `_page`.
    static let calls: Set = [
        "accounts.ensure_transfer", "accounts.get", "accounts.transfer", "accounts.transfers", "cardholders.get",
        "cardholders.list", "cards.activate", "cards.apply", "cards.bins", "cards.delete", "cards.ensure_card", "cards.freeze",
        "cards.get", "cards.list", "cards.packages", "cards.private_info", "cards.set_pin", "cards.unfreeze",
        "cards.update_status", "consumptions.get", "consumptions.list", "pci.client_token",
    ]

    /// Options of an exactly-once call that belong to the relay; and the deadline, of which an app waits for half before it sends
    /// again: the scenarios have one for a settle time of 0.5 s, and that of the relay is 10 s.
    private static let ownOptions = ["settle", "since", "first_attempt", "deadline"]

    private let process = Process()
    private let input = Pipe()
    private let url: URL
    private let timezone: String?

    /// - Parameter settings: The settings of the merchant's client.
    init(_ names: Names, _ settings: Value) throws {
        let (program, output) = (ProcessInfo.processInfo.environment["KEYSECURE_RELAY_SERVER"], Pipe())
        process.executableURL = URL(fileURLWithPath: program ?? "relay_server")
        process.arguments = try ["base_url", "api_key", "api_secret"].map { try names.text($0) } + ["aged-memory"]
        if let timeout = settings["timeout"]?.seconds {
            process.arguments? += ["--timeout-ms", "\(Int(timeout.interval * 1000))"]
        }
        (process.standardInput, process.standardOutput) = (input, output)
        timezone = settings["timezone"]?.text
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let url = URL(string: line.trimmingCharacters(in: .newlines)), url.scheme == "http" else {
            throw Failure("the relay did not start: \(line)")
        }
        self.url = url
    }

    /// The program ends with its input.
    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// The client of an app of this cardholder.
    func app(of cardholderNo: String) throws -> Client {
        // Longer than the call of the relay, which knows better what became of it.
        try Client(relay: url, timeout: .seconds(60), timezone: timezone) { _ in "session-\(cardholderNo)" }
    }

    /// Whether a relay serves a call.
    static func serves(_ call: String) -> Bool {
        calls.contains(call.hasSuffix("_page") ? String(call.dropLast("_page".count)) : call)
    }

    /// The arguments of a call without those that belong to the relay.
    static func arguments(_ arguments: [String: Value]) -> [String: Value] {
        arguments.filter { !ownOptions.contains($0.key) }
    }
}
