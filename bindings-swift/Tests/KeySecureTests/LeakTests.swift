import Foundation
import KeySecure
import XCTest

final class LeakTests: XCTestCase {
    /// Responds in process, to measure the conversion of requests, responses, objects and errors in both directions.
    func test100000CallsDoNotGrowTheMemory() throws {
        let transport = InMemoryTransport { request in
            if request.url.contains("/404") { throw TransportFailure.failed(fault: .closed, mayHaveBeenSent: true) }
            return
                #"{"card_no":"c1","status":"Activated","card_remain":"12.34","create_time":1763800000123,"new_field":{"a":1.50}}"#
        }
        let client = try Client(
            apiKey: "key", apiSecret: "0123456789abcdef", baseURL: "http://127.0.0.1:1", maxRetries: 0, transport: transport,
            observer: LogObserver { _ in })
        var (made, failed) = (0, 0)
        func calls(_ count: Int) throws {
            made += count
            for turn in 0..<count {
                if turn % 10 == 0 {
                    failed += (try? client.blocking.cards.get("404")) == nil ? 1 : 0
                } else {
                    XCTAssertEqual(try client.blocking.cards.get("c1").cardNo, "c1")
                }
            }
        }
        try calls(20_000)
        // A leak of 100 bytes per call would be 10 MB.
        let left = try growth(limit: 6_000) { try calls(100_000) }
        XCTAssertEqual(failed, made / 10)
        print("memory: \(left) KiB more after 100,000 calls")
        XCTAssertLessThan(left, 6_000)
    }

    func testClientsAndListsAreFreedWithTheirOwners() throws {
        let transport = InMemoryTransport { _ in #"{"list":[{"package_no":"p"}],"total":1}"# }
        func clients(_ count: Int) throws {
            for _ in 0..<count {
                let client = try Client(
                    apiKey: "key", apiSecret: "0123456789abcdef", baseURL: "http://127.0.0.1:1", transport: transport)
                XCTAssertEqual(try client.blocking.cards.packages().all().count, 1)
            }
        }
        try clients(1_000)
        // A leaked client is more than 2 KiB.
        let left = try growth(limit: 4_000) { try clients(2_000) }
        print("memory: \(left) KiB more after 2,000 clients")
        XCTAssertLessThan(left, 4_000)
    }

    /// A later list, which may get the same address, must not return them either.
    func testTheRemainingRowsOfADeallocatedListAreFreed() throws {
        let (turn, name) = (Shared(0), String(repeating: "n", count: 200))
        let transport = InMemoryTransport { _ in
            let rows = (0..<100).map { #"{"package_no":"\#(turn.value)-\#($0)","package_name":"\#(name)"}"# }
            return #"{"list":[\#(rows.joined(separator: ","))],"total":1000}"#
        }
        let client = try Client(
            apiKey: "key", apiSecret: "0123456789abcdef", baseURL: "http://127.0.0.1:1", transport: transport)
        func lists(_ count: Int) throws {
            for _ in 0..<count {
                turn.change { $0 += 1 }
                let first = try client.blocking.cards.packages().prefix(1).map { try $0.get().packageNo }
                XCTAssertEqual(first, ["\(turn.value)-0"])
            }
        }
        try lists(100)
        // The rows of one list are more than 20 KiB.
        let left = try growth(limit: 4_000) { try lists(400) }
        print("memory: \(left) KiB more after 400 abandoned lists")
        XCTAssertLessThan(left, 4_000)
    }
}

/// The smallest growth of several runs: a leak grows every time, the allocator only sometimes.
private func growth(limit: Int, of work: () throws -> Void) rethrows -> Int {
    var smallest = Int.max
    for _ in 0..<4 where smallest >= limit {
        let before = resident()
        try work()
        smallest = min(smallest, resident() - before)
    }
    return smallest
}

/// The resident memory of this process, in KiB.
private func resident() -> Int {
    #if os(Linux)
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return Int(line.filter(\.isNumber)) ?? 0
    #else
    var info = mach_task_basic_info()
    var count = mach_msg_type_number_t(MemoryLayout<mach_task_basic_info>.size / MemoryLayout<natural_t>.size)
    _ = withUnsafeMutablePointer(to: &info) {
        $0.withMemoryRebound(to: integer_t.self, capacity: Int(count)) {
            task_info(mach_task_self_, task_flavor_t(MACH_TASK_BASIC_INFO), $0, &count)
        }
    }
    return Int(info.resident_size / 1024)
    #endif
}
