import Foundation
import KeySecure
import XCTest

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

// --8<-- [start:client]
/// Your own: it keeps the session token of the user, and gets another one when it has expired.
protocol SignIn: Sendable {
    func token(refused: Bool) async throws -> String?
}

func createClient(relayURL: URL, signIn: some SignIn) throws -> Client {
    try Client(relay: relayURL, timeout: .seconds(10), transport: URLSessionTransport()) { refused in
        try await signIn.token(refused: refused)
    }
}

func status(of cardNo: String, client: Client) async throws -> CardStatus {
    try await client.cards.get(cardNo).status
}
// --8<-- [end:client]

// --8<-- [start:pay]
/// Tops the account of the cardholder up. `tap` is chosen once for each action of the user, and kept until the result is known.
func topUp(_ amount: Decimal, cardholderNo: String, tap: String, client: Client) async -> String {
    do {
        let made = try await client.accounts.ensureTransfer(
            cardholderNo: cardholderNo, transferUniqueNo: tap, type: .in, amount: amount)
        return "paid: \(made.value.transferNo)"
    } catch let error where error.outcome == .unknown {
        return "try again"  // with the same tap: it is never done twice
    } catch {
        return "not paid: \(error.message)"
    }
}
// --8<-- [end:pay]

// --8<-- [start:events]
/// Passes on the events of the user's cards until the task is cancelled or the session ends: the name of each and its data as
/// JSON. After `reset` some are missing: read the lists again.
func followEvents(
    relayURL: URL, session: @Sendable (_ refused: Bool) async throws -> String?,
    onEvent: @Sendable (_ name: String, _ data: String) async -> Void
) async throws {
    var (lastID, isRefused, pause) = (String?.none, false, 0.25)
    while let token = try await session(isRefused) {
        var request = URLRequest(url: relayURL.appendingPathComponent("v1/events"))
        request.timeoutInterval = 45  // a line comes every 15 s
        request.setValue("text/event-stream", forHTTPHeaderField: "Accept")
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        request.setValue(lastID, forHTTPHeaderField: "Last-Event-ID")  // the relay then sends what was missed
        do {
            let (bytes, response) = try await URLSession.shared.bytes(for: request)
            let status = (response as? HTTPURLResponse)?.statusCode
            if status == 403 || status == 401 && isRefused { return }  // not granted; signed out
            isRefused = status == 401
            pause = status == 200 ? 0.25 : min(2 * pause, 30)
            var (line, id, name, data) = ([UInt8](), lastID, String?.none, "")
            for try await byte in bytes where status == 200 {
                // Not `bytes.lines`, which leaves out the empty lines that end events.
                guard byte == UInt8(ascii: "\n") else {
                    line.append(byte)
                    continue
                }
                let text = String(decoding: line, as: UTF8.self)
                line = []
                if text.isEmpty {
                    if let name { await onEvent(name, data) }
                    (lastID, name, data) = (id, nil, "")
                } else if let colon = text.range(of: ": "), colon.lowerBound > text.startIndex {
                    let value = String(text[colon.upperBound...])
                    switch text[..<colon.lowerBound] {
                    case "id": id = value
                    case "event": name = value
                    case "data": data = value  // always one line
                    default: break
                    }
                }
            }
        } catch is URLError {
            pause = min(2 * pause, 30)  // the network: connect again
        }
        try await Task.sleep(nanoseconds: UInt64(pause * 1_000_000_000))
    }
}
// --8<-- [end:events]

/// The code of the guide "Mobile apps".
final class MobileAppsGuideTests: XCTestCase {
    private struct Kept: SignIn {
        func token(refused: Bool) async throws -> String? { refused ? "second" : "first" }
    }

    func testAnAppReadsACardAndTopsUpOnceForEachTap() async throws {
        // It is the relay's word about the tap.
        let overTheLimit = #"{"code":1,"error":{"kind":"permission","outcome":"not_sent","text":"why","of_tap":true}}"#
        let relay = try TestRelay { request, _ in
            guard request.session == "Bearer second" else { return refusedSession }
            if request.operation == "cards.get" { return success(#"{"card_no":"c1","status":"Activated"}"#) }
            return request.body.contains(#""balance":"25""#)
                ? success(#"{"value":{"transfer_no":"t1","transfer_unique_no":"tap-1"},"created":true}"#)
                : response("403 Forbidden", overTheLimit)
        }
        defer { relay.stop() }
        let client = try createClient(relayURL: relay.url, signIn: Kept())
        let found = try await status(of: "c1", client: client)
        XCTAssertEqual(found, .activated)
        let paid = await topUp(25, cardholderNo: "1001", tap: "tap-1", client: client)
        XCTAssertEqual(paid, "paid: t1")
        let bodies = relay.requests.filter { $0.operation == "accounts.ensure_transfer" }.map(\.body)
        XCTAssertTrue(bodies.allSatisfy { $0.contains(#""transfer_unique_no":"tap-1","type":"In""#) }, "\(bodies)")
        let refused = await topUp(2500, cardholderNo: "1001", tap: "tap-2", client: client)
        XCTAssertTrue(refused.hasPrefix("not paid: "), refused)
    }

    func testEventsAreResumedAndEndWithTheSession() async throws {
        let purchase = "id: e-1\nevent: Auth\ndata: {\"consume_no\":\"c: 1\"}\n\n"
        let relay = try TestRelay { _, number in
            switch number {
            case 0: return stream(": connected\nid: e-0\n\n:\n\n\(purchase)id: e-2\nevent: Auth\n")
            case 1: return ""
            case 2: return response("401 Unauthorized", "{}")
            case 3: return stream("id: e-9\nevent: reset\ndata: {}\n\n")
            default: return response("403 Forbidden", "{}")
            }
        }
        defer { relay.stop() }
        let events = Shared<[String]>([])
        try await followEvents(relayURL: relay.url) { refused in
            refused ? "second" : "first"
        } onEvent: { name, data in
            events.change { $0.append("\(name) \(data)") }
        }
        XCTAssertEqual(events.value, [#"Auth {"consume_no":"c: 1"}"#, "reset {}"])
        let requests = relay.requests
        XCTAssertEqual(requests.map(\.line), Array(repeating: "GET /app/v1/events HTTP/1.1", count: 5))
        XCTAssertEqual(requests.map { $0.headers["last-event-id"] }, [nil, "e-1", "e-1", "e-1", "e-9"])
        XCTAssertEqual(requests.map(\.session), ["first", "first", "first", "second", "first"].map { "Bearer \($0)" })
    }
}

/// A stream of events that ends.
private func stream(_ text: String) -> String { response("200 OK", text, type: "text/event-stream") }

#if canImport(FoundationNetworking)
/// What Foundation has on Apple's systems alone.
extension URLSession {
    fileprivate func bytes(for request: URLRequest) async throws -> (AsyncStream<UInt8>, URLResponse) {
        let (data, response) = try await data(for: request)
        let bytes = AsyncStream<UInt8> { stream in
            for byte in data { stream.yield(byte) }
            stream.finish()
        }
        return (bytes, response)
    }
}
#endif
