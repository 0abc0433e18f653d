// The offline sandbox of the KeySecure platform, for tests in Swift. It needs nothing but Foundation: use it as the package's
// product, or copy this file.

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A running sandbox: the program `keysecure-sandbox`, on loopback, for as long as this object lives.
///
/// ```swift
/// let sandbox = try Sandbox()
/// defer { sandbox.stop() }  // Swift may let go of it after its last use otherwise
/// let client = try Client(apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseUrl: sandbox.baseUrl)
/// ```
public final class Sandbox: @unchecked Sendable {
    /// Where the platform listens.
    public let baseUrl: String
    /// Where the sandbox is steered.
    public let controlUrl: String
    public let apiKey: String
    public let apiSecret: String

    private let process = Process()
    private let input = Pipe()

    /// Starts the program.
    ///
    /// - Parameters:
    ///   - program: Its path; without one, `KEYSECURE_SANDBOX`, else `keysecure-sandbox` on the PATH.
    ///   - options: Options of `keysecure-sandbox serve`, such as `["--mode", "authorization"]`.
    public init(program: String? = nil, options: [String] = []) throws {
        let program = program ?? ProcessInfo.processInfo.environment["KEYSECURE_SANDBOX"]
        let output = Pipe()
        let serve = ["serve", "--port", "0", "--exit-with-stdin"] + options
        process.executableURL = URL(fileURLWithPath: program ?? "/usr/bin/env")
        process.arguments = program == nil ? ["keysecure-sandbox"] + serve : serve
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while line.last != UInt8(ascii: "\n"), case let more = output.fileHandleForReading.availableData, !more.isEmpty {
            line.append(more)
        }
        guard let info = try? JSONSerialization.jsonObject(with: line) as? [String: Any],
            let baseUrl = info["base_url"] as? String, let controlUrl = info["control_url"] as? String,
            let apiKey = info["api_key"] as? String, let apiSecret = info["api_secret"] as? String
        else { throw SandboxError("the sandbox did not start") }
        (self.baseUrl, self.controlUrl, self.apiKey, self.apiSecret) = (baseUrl, controlUrl, apiKey, apiSecret)
    }

    deinit { stop() }

    /// Ends the program. Called when the object goes.
    public func stop() {
        try? input.fileHandleForWriting.close()
        if process.isRunning { process.waitUntilExit() }
    }

    /// Steers the sandbox: `try sandbox.control("POST /clock/advance", ["ms": 60_000])`. See the sandbox's README for the calls.
    ///
    /// - Returns: The answer's JSON; `NSNull` for calls that only do something.
    @discardableResult
    public func control(_ call: String, _ body: [String: Any] = [:]) throws -> Any {
        let words = call.split(separator: " ")
        guard words.count == 2, let url = URL(string: controlUrl + words[1]) else {
            throw SandboxError("a control call is a method and a path: \(call)")
        }
        var request = URLRequest(url: url)
        request.httpMethod = String(words[0])
        if request.httpMethod != "GET" { request.httpBody = try JSONSerialization.data(withJSONObject: body) }
        let answer = Answer()
        let task = URLSession.shared.dataTask(with: request) { answer.come(data: $0, response: $1, error: $2) }
        task.resume()
        let data = try answer.wait(for: call)
        return try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
    }

    /// How the platform behaves: `try sandbox.settings(["http_statuses": "strict", "tariffs": true])`.
    public func settings(_ settings: [String: Any]) throws {
        try control("POST /settings", settings)
    }

    /// What lists leave out or change: `try sandbox.listSettings(["reference": "trimmed", "page_cap": 50])`.
    public func listSettings(_ settings: [String: Any]) throws {
        try control("POST /lists/settings", settings)
    }

    /// Charges a card's management fee, or another amount, and returns the number of the consumption.
    public func manageFee(cardNo: String, amount: String? = nil) throws -> String {
        var body = ["card_no": cardNo]
        body["amount"] = amount
        return try text("consume_no", of: "POST /cards/manage_fee", body)
    }

    /// A control call that answers an object.
    public func object(_ call: String, _ body: [String: Any] = [:]) throws -> [String: Any] {
        guard let object = try control(call, body) as? [String: Any] else { throw SandboxError("\(call) answers no object") }
        return object
    }

    /// A text of an object that a control call answers, such as `cardholder_no`.
    public func text(_ name: String, of call: String, _ body: [String: Any] = [:]) throws -> String {
        guard let text = try object(call, body)[name] as? String else { throw SandboxError("\(call) answers no \(name)") }
        return text
    }
}

/// The answer of a control call, waited for.
private final class Answer: @unchecked Sendable {
    private let here = DispatchSemaphore(value: 0)
    private var data = Data()
    private var status: Int?
    private var error: (any Error)?

    func come(data: Data?, response: URLResponse?, error: (any Error)?) {
        (self.data, self.status, self.error) = (data ?? Data(), (response as? HTTPURLResponse)?.statusCode, error)
        here.signal()
    }

    func wait(for call: String) throws -> Data {
        here.wait()
        if let error { throw error }
        guard status == 200 else { throw SandboxError("\(call): \(String(decoding: data, as: UTF8.self))") }
        return data
    }
}

/// What went wrong with the sandbox itself.
public struct SandboxError: LocalizedError {
    let text: String

    init(_ text: String) { self.text = text }

    public var errorDescription: String? { text }
}
