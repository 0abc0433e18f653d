import Foundation
import KeySecure
import XCTest

/// `URLSessionTransport` reports correctly whether a request may have been sent.
final class MayHaveBeenSentTests: XCTestCase {
    private static let tunnel = "HTTP/1.1 200 Connection established\r\n\r\n"

    /// Replies of a proxy to CONNECT, and the faults that are allowed.
    private let refusals: [(reply: String, faults: [TransportFault])] = [
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", [.proxy]),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 2\r\n\r\nno",
            [.proxy]
        ),
        ("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", [.proxy]),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>", [.proxy]),
        ("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n", [.proxy]),
        ("", [.proxy, .closed]),
        ("SSH-2.0-OpenSSH_9.2\r\n", [.proxy, .protocol, .closed]),
        (tunnel, [.tls, .closed]),
        (tunnel + "220 mail.example ESMTP ready\r\n", [.tls]),
    ]

    func testARequestThatAProxyRefusesIsNotSent() throws {
        for (reply, faults) in refusals {
            let heads = Shared([String]())
            let proxy = try RawServer { connection in
                let head = connection.read(until: "\r\n\r\n")
                heads.change { $0.append(head) }
                connection.write(reply)
                connection.finish()
                if !reply.isEmpty { connection.drain() }
            }
            defer { proxy.stop() }
            for method in [HTTPMethod.post, .get] {
                let failed = try failing { _ = try self.through(proxy).send(request: self.request(method)) }
                XCTAssertTrue(faults.contains(failed.fault), "\(method) \(reply): \(failed)")
                if method == .post { XCTAssertFalse(failed.mayHaveBeenSent, "\(reply): \(failed)") }
            }
            let received = heads.value
            XCTAssertTrue(
                !received.isEmpty && received.allSatisfy { $0.hasPrefix("CONNECT platform.test:443 ") }, "\(received)")
        }
    }

    func testARequestToASilentProxyIsNotSent() throws {
        let end = DispatchSemaphore(value: 0)
        let proxy = try RawServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            end.wait()
        }
        defer {
            end.signal()
            proxy.stop()
        }
        let late = try failing { _ = try self.through(proxy).send(request: self.request(.post, timeout: .seconds(1))) }
        XCTAssertEqual(late, Failed(fault: .timeout, mayHaveBeenSent: false))
        end.signal()
        // Without the limit, the test would take an hour.
        let limited = request(.post, timeout: .seconds(3600), startWithin: .seconds(0.3))
        XCTAssertEqual(
            try failing { _ = try self.through(proxy).send(request: limited) }, Failed(fault: .timeout, mayHaveBeenSent: false))
    }

    func testAnUntrustedCertificateIsATlsFault() throws {
        let server = try RawServer { connection in
            let header = connection.read(5)
            if header.count == 5 { _ = connection.read(Int(header[3]) << 8 | Int(header[4])) }
            connection.write(untrustedServer)
            connection.drain()
        }
        defer { server.stop() }
        for method in [HTTPMethod.post, .get] {
            let failed = try failing {
                _ = try URLSessionTransport().send(request: self.request(method, url: "https://localhost:\(server.port)/"))
            }
            XCTAssertEqual(failed, Failed(fault: .tls, mayHaveBeenSent: false), "\(method)")
        }
    }

    func testAnUnknownHostIsADnsFault() throws {
        let failed = try failing {
            _ = try URLSessionTransport().send(request: self.request(.post, url: "https://nowhere.invalid/"))
        }
        XCTAssertEqual(failed, Failed(fault: .dns, mayHaveBeenSent: false))
    }

    func testARequestWhoseBodyWasStartedIsNeverReportedAsNotSent() throws {
        for reply in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "SSH-2.0-OpenSSH_9.2\r\n"] {
            let bodies = Shared([String]())
            let server = try RawServer { connection in
                _ = connection.read(until: "\r\n\r\n")
                let body = String(decoding: connection.read(4), as: UTF8.self)
                bodies.change { $0.append(body) }
                connection.write(reply)
            }
            defer { server.stop() }
            let limited = request(.post, url: "http://127.0.0.1:\(server.port)/", startWithin: .seconds(10))
            let failed = try failing { _ = try URLSessionTransport().send(request: limited) }
            XCTAssertTrue(failed.mayHaveBeenSent, "\(reply): \(failed)")
            XCTAssertEqual(bodies.value, ["BODY"], reply)
        }
    }

    func testAResponseAfterTheTimeToStartIsAccepted() throws {
        let server = try RawServer { connection in
            _ = connection.read(until: "BODY")
            Thread.sleep(forTimeInterval: 0.6)
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        }
        defer { server.stop() }
        let limited = request(.post, url: "http://127.0.0.1:\(server.port)/", startWithin: .seconds(0.3))
        XCTAssertEqual(try URLSessionTransport().send(request: limited).status, 200)
    }

    private func request(
        _ method: HTTPMethod, url: String = "https://platform.test/", timeout: Duration = .seconds(20),
        startWithin: Duration? = nil
    ) -> HTTPRequest {
        HTTPRequest(
            method: method, url: url, headers: [Header(name: "Content-Type", value: "application/json")],
            body: Data((method == .post ? "BODY" : "").utf8), timeout: timeout, connectTimeout: timeout,
            maxResponseBytes: 1 << 20,
            startWithin: startWithin)
    }

    private func through(_ proxy: RawServer) -> URLSessionTransport {
        let port = proxy.port
        #if canImport(FoundationNetworking)
        // On Linux, `URLSession` takes the proxy from the environment.
        setenv("https_proxy", "http://127.0.0.1:\(port)", 1)
        return URLSessionTransport()
        #else
        return URLSessionTransport {
            let settings = URLSessionConfiguration.ephemeral
            settings.connectionProxyDictionary = ["HTTPSEnable": 1, "HTTPSProxy": "127.0.0.1", "HTTPSPort": port]
            return settings
        }
        #endif
    }

    override func tearDown() {
        unsetenv("https_proxy")
        super.tearDown()
    }

    private struct Failed: Equatable {
        let fault: TransportFault
        let mayHaveBeenSent: Bool
    }

    private func failing(_ call: () throws -> Void) throws -> Failed {
        do {
            try call()
        } catch let TransportFailure.failed(fault, mayHaveBeenSent) {
            return Failed(fault: fault, mayHaveBeenSent: mayHaveBeenSent)
        }
        throw Failure("expected a failure")
    }
}
