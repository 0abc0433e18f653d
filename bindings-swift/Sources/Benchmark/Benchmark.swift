// Measures the CPU time of a call in Swift, in the whole process, against the Rust call as the baseline. Both take turns, round by
// round, with one sandbox. Run by `cargo xtask swift-bench`.

import Foundation
import KeySecure
import KeySecureSandbox

@main
enum Benchmark {
    static let rounds = 9
    /// The calls in a round; enough for systems that measure CPU time in hundredths of a second.
    static let tasks = [("get", 20_000), ("list", 5_000)]
    /// The budgets of a call as ratios to the Rust call.
    static let (blockingBudget, awaitedBudget) = (1.5, 2.0)

    static func main() async throws {
        let sandbox = try Sandbox()
        let holder = try sandbox.text("cardholder_no", of: "POST /seed/approved_cardholder")
        let times = [Int](repeating: 1_749_945_600_000, count: 100)
        let cards = try sandbox.object("POST /seed/cards", ["cardholder_no": holder, "times_ms": times])
        guard let cardNo = (cards["numbers"] as? [String])?.first else { throw BenchmarkError(text: "no cards") }
        let baseline = try Baseline("\(sandbox.baseURL) \(sandbox.apiKey) \(sandbox.apiSecret) \(cardNo)")
        let calls = Calls(
            client: try Client(apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, baseURL: sandbox.baseURL), cardNo: cardNo)

        for (task, count) in tasks {
            var (rust, blocking, awaited): ([Double], [Double], [Double]) = ([], [], [])
            for round in 0...rounds {
                let costs = (
                    try baseline.ask("\(task) \(count)"), try calls.block(task, count), try await calls.wait(task, count)
                )
                if round == 0 { continue }  // warm-up
                rust.append(costs.0)
                blocking.append(costs.1)
                awaited.append(costs.2)
            }
            print("CPU of one call, `\(task)`, median of \(rounds) rounds; in brackets the ratio to Rust in the same round")
            print(String(format: "  Rust: %.1f us", median(rust)))
            let measured = [("Swift", blocking, blockingBudget), ("Swift, awaited", awaited, awaitedBudget)]
            for (name, costs, budget) in measured {
                let ratio = median(zip(costs, rust).map { $0 / $1 })
                let verdict = ratio <= budget ? "ok" : "over"
                print("  \(name): \(String(format: "%.1f us (%.2f, budget %.1f: ", median(costs), ratio, budget))\(verdict))")
            }
        }
        let empty = (try calls.block("token", 20_000), try await calls.wait("token", 20_000))
        let text = String(format: "%.1f us, of which %.1f us the call", empty.1, empty.0)
        print("CPU of awaiting a call that sends nothing: \(text)")
        withExtendedLifetime((sandbox, baseline)) {}
    }

    static func median(_ samples: [Double]) -> Double { samples.sorted()[samples.count / 2] }
}

/// The measured calls. Each function returns the CPU time of one call in microseconds.
struct Calls {
    let client: Client
    let cardNo: String
    private let start = CivilDate(year: 2025, month: 6, day: 1)
    private let end = CivilDate(year: 2025, month: 6, day: 30)

    init(client: Client, cardNo: String) { (self.client, self.cardNo) = (client, cardNo) }

    func block(_ task: String, _ count: Int) throws -> Double {
        let before = used()
        for _ in 0..<count {
            switch task {
            case "get": _ = try client.blocking.cards.get(cardNo)
            case "list": _ = try client.blocking.cards.listPage(start: start, end: end, page: 0, size: 100)
            default: _ = try client.blocking.accessToken()
            }
        }
        return (used() - before) / Double(count)
    }

    func wait(_ task: String, _ count: Int) async throws -> Double {
        let before = used()
        for _ in 0..<count {
            switch task {
            case "get": _ = try await client.cards.get(cardNo)
            case "list": _ = try await client.cards.listPage(start: start, end: end, page: 0, size: 100)
            default: _ = try await client.accessToken()
            }
        }
        return (used() - before) / Double(count)
    }

    /// Returns the CPU time that the process has used so far, in microseconds.
    private func used() -> Double {
        var times = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &times)
        return Double(times.tv_sec) * 1e6 + Double(times.tv_nsec) / 1e3
    }
}

/// The Rust call in a separate program, which replies to each line with a line.
final class Baseline {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(_ first: String) throws {
        guard let program = ProcessInfo.processInfo.environment["KEYSECURE_RUST_BASELINE"] else {
            throw BenchmarkError(text: "KEYSECURE_RUST_BASELINE is not set")
        }
        process.executableURL = URL(fileURLWithPath: program)
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try send(first)
    }

    deinit { try? input.fileHandleForWriting.close() }

    func ask(_ line: String) throws -> Double {
        try send(line)
        let reply = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let cost = Double(reply.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw BenchmarkError(text: "the baseline program replied \(reply)")
        }
        return cost
    }

    private func send(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8)) }
}

struct BenchmarkError: LocalizedError {
    let text: String

    var errorDescription: String? { text }
}
