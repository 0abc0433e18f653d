// The offline sandbox of the KeySecure platform, for tests in Swift. It depends on Foundation only: use the product of this package,
// or copy this file.

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Runs the program `keysecure-sandbox` on loopback until the object is deallocated, or uses one that is running already.
///
/// ```swift
/// let sandbox = try Sandbox()
/// defer { sandbox.stop() }  // without it, Swift may deallocate the sandbox after its last use
/// let client = try Client(apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseURL: sandbox.baseURL)
/// ```
public final class Sandbox: @unchecked Sendable {
    /// The base URL of the platform's API.
    public let baseURL: String
    /// The base URL of the sandbox's admin API.
    public let controlURL: String
    /// The Api-Key of the merchant.
    public let apiKey: String
    /// The apiSecret of the merchant.
    public let apiSecret: String

    /// Ends the program, if this object started it.
    private let end: () -> Void

    #if (os(macOS) || os(Linux)) && !KEYSECURE_NO_PROCESS  // The flag compiles this file here as for an iPhone.
    /// Starts the program. Only on macOS and Linux; other systems have `init(attachingTo:)`.
    ///
    /// Each sandbox has another Api-Key, unless the options name one, so that its clients share no record of a store.
    ///
    /// - Parameters:
    ///   - program: The path of the program. Default: `KEYSECURE_SANDBOX`, otherwise `keysecure-sandbox` on the PATH.
    ///   - options: Options of `keysecure-sandbox serve`, such as `["--mode", "authorization"]`.
    /// - Throws: `SandboxError` when the program does not start.
    public convenience init(program: String? = nil, options: [String] = []) throws {
        let program = program ?? ProcessInfo.processInfo.environment["KEYSECURE_SANDBOX"]
        let (process, input, output) = (Process(), Pipe(), Pipe())
        let serve = ["serve", "--port", "0", "--exit-with-stdin", "--api-key", "sandbox-\(UUID().uuidString)"] + options
        process.executableURL = URL(fileURLWithPath: program ?? "/usr/bin/env")
        process.arguments = program == nil ? ["keysecure-sandbox"] + serve : serve
        process.standardInput = input
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            throw SandboxError("\(program ?? "/usr/bin/env") cannot be run: \(error.localizedDescription)")
        }
        var line = Data()
        while line.last != UInt8(ascii: "\n"), case let more = output.fileHandleForReading.availableData, !more.isEmpty {
            line.append(more)
        }
        guard let info = try? JSONSerialization.jsonObject(with: line) else {
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
            // `env` found no program of this name.
            let isMissing = program == nil && process.terminationStatus == 127
            let ended = "\(program ?? "keysecure-sandbox") ended with status \(process.terminationStatus)"
            throw SandboxError(
                isMissing
                    ? "no keysecure-sandbox on the PATH, and KEYSECURE_SANDBOX does not name one"
                    : "the sandbox did not start: \(ended)")
        }
        try self.init(info: info) {
            try? input.fileHandleForWriting.close()
            if process.isRunning { process.waitUntilExit() }
        }
    }
    #endif

    /// Uses a sandbox that is running already on this machine, as tests in the simulator of an iPhone need it:
    /// `keysecure-sandbox serve` on the Mac prints its `control_url`. `stop()` leaves it running.
    ///
    /// - Parameter controlURL: The base URL of the sandbox's admin API.
    /// - Throws: `SandboxError`, or the error of `URLSession`, when no sandbox responds there.
    public convenience init(attachingTo controlURL: String) throws {
        try self.init(info: try Self.call("GET /info", [:], at: controlURL)) {}
    }

    private init(info: Any, end: @escaping () -> Void) throws {
        guard let info = info as? [String: Any], let baseURL = info["base_url"] as? String,
            let controlURL = info["control_url"] as? String, let apiKey = info["api_key"] as? String,
            let apiSecret = info["api_secret"] as? String
        else {
            end()
            throw SandboxError("the sandbox did not start")
        }
        (self.baseURL, self.controlURL, self.apiKey, self.apiSecret, self.end) = (baseURL, controlURL, apiKey, apiSecret, end)
    }

    deinit { stop() }

    @available(*, deprecated, renamed: "baseURL")
    public var baseUrl: String { baseURL }
    @available(*, deprecated, renamed: "controlURL")
    public var controlUrl: String { controlURL }

    /// Stops the program, if this object started it. Called when the object is deallocated.
    public func stop() { end() }

    /// Calls the admin API: `try sandbox.control("POST /clock/advance", ["ms": 60_000])`. The README of the sandbox lists the calls.
    ///
    /// - Returns: The JSON of the response; `NSNull` when a call returns nothing.
    /// - Throws: `SandboxError` when the sandbox refuses the call.
    @discardableResult
    public func control(_ call: String, _ body: [String: Any] = [:]) throws -> Any {
        try Self.call(call, body, at: controlURL)
    }

    private static func call(_ call: String, _ body: [String: Any], at controlURL: String) throws -> Any {
        let words = call.split(separator: " ")
        guard words.count == 2, let url = URL(string: controlURL + words[1]) else {
            throw SandboxError("a control call must be a method and a path: \(call)")
        }
        var request = URLRequest(url: url)
        request.httpMethod = String(words[0])
        if request.httpMethod != "GET" { request.httpBody = try JSONSerialization.data(withJSONObject: body) }
        let response = PendingResponse()
        let task = URLSession.shared.dataTask(with: request) { response.complete(data: $0, response: $1, error: $2) }
        task.resume()
        let data = try response.wait(for: call)
        return try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
    }

    /// Changes the behavior of the platform: `try sandbox.settings(["http_statuses": "strict", "tariffs": true])`.
    ///
    /// - Throws: `SandboxError` when the sandbox refuses or does not respond.
    public func settings(_ settings: [String: Any]) throws {
        try control("POST /settings", settings)
    }

    /// Changes the contents of lists: `try sandbox.listSettings(["reference": "trimmed", "page_cap": 50])`.
    ///
    /// - Throws: `SandboxError` when the sandbox refuses or does not respond.
    public func listSettings(_ settings: [String: Any]) throws {
        try control("POST /lists/settings", settings)
    }

    /// Charges the management fee of a card, or `amount`, and returns the number of the consumption.
    ///
    /// - Throws: `SandboxError` when the sandbox refuses or does not respond.
    public func manageFee(cardNo: String, amount: String? = nil) throws -> String {
        var body = ["card_no": cardNo]
        body["amount"] = amount
        return try text("consume_no", of: "POST /cards/manage_fee", body)
    }

    /// Calls the admin API and returns the response, which must be an object.
    ///
    /// - Throws: `SandboxError` when the sandbox refuses or does not respond.
    public func object(_ call: String, _ body: [String: Any] = [:]) throws -> [String: Any] {
        guard let object = try control(call, body) as? [String: Any] else { throw SandboxError("\(call) returns no object") }
        return object
    }

    /// Calls the admin API and returns a field of the response, such as `cardholder_no`.
    ///
    /// - Throws: `SandboxError` when the sandbox refuses or does not respond.
    public func text(_ name: String, of call: String, _ body: [String: Any] = [:]) throws -> String {
        guard let text = try object(call, body)[name] as? String else { throw SandboxError("\(call) returns no \(name)") }
        return text
    }
}

/// Waits for the response of a control call.
private final class PendingResponse: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var data = Data()
    private var status: Int?
    private var error: (any Error)?

    func complete(data: Data?, response: URLResponse?, error: (any Error)?) {
        (self.data, self.status, self.error) = (data ?? Data(), (response as? HTTPURLResponse)?.statusCode, error)
        done.signal()
    }

    func wait(for call: String) throws -> Data {
        done.wait()
        if let error { throw error }
        guard status == 200 else { throw SandboxError("\(call): \(String(decoding: data, as: UTF8.self))") }
        return data
    }
}

/// An error of the sandbox itself.
public struct SandboxError: LocalizedError {
    let text: String

    init(_ text: String) { self.text = text }

    public var errorDescription: String? { text }
}
