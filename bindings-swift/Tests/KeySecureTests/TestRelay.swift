import Foundation
import KeySecure

/// A request that a `TestRelay` received.
struct RelayRequest: Sendable {
    let line: String
    /// The names are in lower case.
    let headers: [String: String]
    let body: String

    var operation: String { String(line.split(separator: " ")[1].split(separator: "/").last ?? "") }
    var session: String? { headers["authorization"] }
}

/// A relay on loopback that records requests and responds with the text of a closure, over one connection for each request.
final class TestRelay: @unchecked Sendable {
    private let server: RawServer
    private let received: Shared<[RelayRequest]>

    /// - Parameter respond: Returns the response to a request, of which it gets the number from 0. An empty text breaks the connection.
    init(_ respond: @escaping @Sendable (RelayRequest, Int) -> String) throws {
        let received = Shared<[RelayRequest]>([])
        self.received = received
        server = try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            var number = 0
            received.change {
                number = $0.count
                $0.append(request)
            }
            connection.write(respond(request, number))
        }
    }

    /// The address of the relay, with a path.
    var url: URL { URL(string: "http://127.0.0.1:\(server.port)/app")! }

    var requests: [RelayRequest] { received.value }

    func stop() { server.stop() }
}

extension RawConnection {
    /// Reads one request; `nil` when there is none.
    fileprivate func readRequest() -> RelayRequest? {
        let lines = read(until: "\r\n\r\n").components(separatedBy: "\r\n").filter { !$0.isEmpty }
        guard let line = lines.first else { return nil }
        let headers = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.range(of: ": ") else { return nil }
            return (line[..<colon.lowerBound].lowercased(), String(line[colon.upperBound...]))
        }
        let found = Dictionary(headers) { first, _ in first }
        let body = String(decoding: read(Int(found["content-length"] ?? "0") ?? 0), as: UTF8.self)
        return RelayRequest(line: line, headers: found, body: body)
    }
}

/// A response with a body, after which the connection is closed.
func response(_ status: String, _ body: String, type: String = "application/json") -> String {
    "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
}

/// A successful response of a relay.
func success(_ data: String) -> String { response("200 OK", #"{"code":0,"data":\#(data)}"#) }

/// A relay's error.
func refusal(_ status: String, _ kind: String, _ outcome: String) -> String {
    response(status, #"{"code":1,"error":{"kind":"\#(kind)","outcome":"\#(outcome)","text":"why"}}"#)
}

let refusedSession = refusal("401 Unauthorized", "authentication", "rejected")
