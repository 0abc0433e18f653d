import Foundation
import KeySecure
import KeySecureSandbox

/// How the calls of a scenario are made.
enum Way {
    /// With the merchant's client.
    case direct
    /// With the client of an app, if a relay serves the call.
    case relayed
}

/// Runs one scenario with a sandbox and a client. tests/conformance/README.md describes the format.
struct Scenario {
    private let steps: [Value]
    private let sandbox: Sandbox
    private var names = Names()
    private let way: Way
    private var client: Client
    private var relay: Relayed?
    private var verifier: WebhookVerifier?

    init(_ data: Value, _ way: Way) throws {
        let options = data["sandbox"] ?? .null
        var arguments = ["--seed", options["seed"]?.plain ?? "1", "--mode", options["mode"]?.text ?? "credit"]
        if options["manual_cards"] == .bool(true) { arguments.append("--manual-cards") }
        sandbox = try Sandbox(options: arguments)
        for (name, value) in try Value(any: sandbox.control("GET /info")).object {
            names.save(name, value)
        }
        let settings = data["client"] ?? .null
        self.way = way
        client = try Self.client(names, settings)
        relay = try way == .relayed ? Relayed(names, settings) : nil
        steps = data["steps"]?.list ?? []
    }

    /// Runs the steps.
    ///
    /// - Throws: The first step that fails.
    mutating func run() throws {
        for (number, step) in steps.enumerated() {
            do {
                try runStep(step)
            } catch {
                throw Failure("step \(number): \(step)\n\(error.localizedDescription)")
            }
        }
    }

    private mutating func runStep(_ step: Value) throws {
        let result: Value
        // What an app must see, where that differs.
        let wanted = (way == .relayed ? step["relay"] : nil) ?? step
        do {
            result = try execute(step)
        } catch let error as KeySecureError {
            guard let expected = wanted["error"] else { throw Failure("failed: \(error)") }
            if let difference = difference(try names.fill(expected), Value(error), "error") { throw Failure(difference) }
            return
        }
        if wanted["error"] != nil { throw Failure("expected an error and got \(result)") }
        if let expected = wanted["expect"], let difference = difference(try names.fill(expected), result) {
            throw Failure("\(difference)\nin \(result)")
        }
        for (name, path) in step["save"]?.object ?? [:] {
            guard let value = result.at(path.plain) else { throw Failure("no \(path) in \(result)") }
            names.save(name, value)
        }
    }

    private mutating func execute(_ step: Value) throws -> Value {
        if let call = step["call"]?.text {
            return try make(call, with: names.fill(step["with"] ?? .null).object)
        }
        if let call = step["control"]?.text {
            let body = try step["body"].map { try names.fill($0, now: now()) } ?? .object([:])
            return try Value(any: sandbox.control(call, body.any as? [String: Any] ?? [:]))
        }
        if let settings = step["client"] {
            let settings = try names.fill(settings)
            client = try Self.client(names, settings)
            if way == .relayed { relay = try Relayed(names, settings) }
            return .null
        }
        guard let webhook = step["verify"] else { throw Failure("unknown step") }
        return try verify(names.fill(webhook))
    }

    private func make(_ call: String, with values: [String: Value]) throws -> Value {
        let relay = Relayed.serves(call) ? relay : nil
        let arguments = Arguments(relay == nil ? values : Relayed.arguments(values), now: try now())
        let client = try relay?.app(of: names.holder) ?? client
        let result = Result { try KeySecureTests.make(call, on: client, arguments) }
        if !arguments.unused.isEmpty { throw Failure("\(call) has no argument \(arguments.unused)") }
        return try result.get()
    }

    private mutating func verify(_ webhook: Value) throws -> Value {
        let own = ["secrets", "app_id", "tolerance"].contains { webhook[$0] != nil }
        if own || verifier == nil {
            verifier = try WebhookVerifier(
                appID: webhook["app_id"]?.text ?? names.text("api_key"),
                secrets: webhook["secrets"]?.list?.map(\.plain) ?? [names.text("api_secret")],
                tolerance: webhook["tolerance"]?.seconds ?? .seconds(300), store: .own(replays: TestReplayStore()))
        }
        let headers = [
            "Timestamp": webhook["timestamp"]?.plain ?? "", "Signature": webhook["signature"]?.plain ?? "",
            "Sign-Version": "V1",
        ]
        guard let received = try verifier?.blocking.verify(headers: headers, body: Data((webhook["body"]?.plain ?? "").utf8))
        else {
            throw Failure("no verifier")
        }
        return try Value(received)
    }

    private func now() throws -> Int64 {
        guard let now = try Value(any: sandbox.control("GET /clock"))["now_ms"]?.whole else { throw Failure("no clock") }
        return now
    }

    private static func client(_ names: Names, _ settings: Value) throws -> Client {
        var remaining = settings.object
        func setting(_ name: String) -> Value? { remaining.removeValue(forKey: name) }
        let client = try Client(
            apiKey: names.text("api_key"), apiSecret: names.text("api_secret"),
            environment: setting("environment")?.text == "production" ? .production : .sandbox,
            baseURL: setting("base_url")?.text ?? names.text("base_url"), timeout: setting("timeout")?.seconds,
            connectTimeout: setting("connect_timeout")?.seconds, maxRetries: setting("max_retries")?.whole.map(Int.init),
            language: setting("language")?.text == "zh_CN" ? .chinese : .english, timezone: setting("timezone")?.text,
            store: .memory())
        if !remaining.isEmpty { throw Failure("unknown settings \(remaining.keys)") }
        return client
    }
}
