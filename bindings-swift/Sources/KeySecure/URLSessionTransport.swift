import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The HTTP stack of the system instead of the built-in one: its proxies, its trust store, its policies.
///
/// ```swift
/// let client = try Client(apiKey: key, apiSecret: secret, transport: URLSessionTransport())
/// ```
///
/// It follows no redirect, stops reading when an answer grows too large, and ends an exchange at its time-out. `URLSession` has no
/// time-out of its own for making a connection, so `connectTimeout` is not kept apart from `timeout` here.
///
/// Each exchange has a connection of its own. When a connection that is kept alive turns out to be dead, the stacks below
/// `URLSession` send the request again on a new one, and nobody above them can tell whether the first one was carried out: not a risk
/// to take with money. Where that costs too much, use the built-in stack, which keeps connections and never sends twice.
public final class URLSessionTransport: Transport {
    private let configuration: @Sendable () -> URLSessionConfiguration

    /// - Parameter configuration: Makes the configuration of each exchange. What the client promises (no cookies, no cache, TLS 1.2
    ///   or later) is set on top of it.
    public init(configuration: @escaping @Sendable () -> URLSessionConfiguration = { .ephemeral }) {
        self.configuration = configuration
    }

    public func send(request: HttpRequest) throws -> HttpResponse {
        guard let url = URL(string: request.url) else { throw TransportFailure.Failed(fault: .protocol, sent: false) }
        var outgoing = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: request.timeout)
        outgoing.httpMethod = request.method == .get ? "GET" : "POST"
        outgoing.httpBody = request.method == .get ? nil : request.body
        outgoing.httpShouldHandleCookies = false
        for header in request.headers {
            outgoing.setValue(header.value, forHTTPHeaderField: header.name)
        }
        let exchange = Exchange(most: request.maxAnswer)
        let session = URLSession(configuration: settings(), delegate: exchange, delegateQueue: nil)
        // A session holds on to its delegate until it is told to end.
        defer { session.invalidateAndCancel() }
        session.dataTask(with: outgoing).resume()
        return try exchange.wait(atMost: request.timeout)
    }

    private func settings() -> URLSessionConfiguration {
        let settings = configuration()
        settings.httpCookieStorage = nil
        settings.httpShouldSetCookies = false
        settings.urlCache = nil
        settings.urlCredentialStorage = nil
        #if !canImport(FoundationNetworking)
        settings.tlsMinimumSupportedProtocolVersion = .TLSv12
        settings.waitsForConnectivity = false
        #endif
        return settings
    }
}

/// One request and its answer, collected on the session's queue while the caller waits.
private final class Exchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let most: Int64
    private let done = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var body = Data()
    private var tooLarge = false
    private var outcome: Result<HttpResponse, TransportFailure>?

    init(most: Int64) { self.most = most }

    func wait(atMost seconds: TimeInterval) throws -> HttpResponse {
        if done.wait(timeout: .now() + seconds) == .timedOut {
            throw TransportFailure.Failed(fault: .timeout, sent: true)
        }
        return try lock.withLock { try outcome?.get() } ?? { throw TransportFailure.Failed(fault: .other, sent: true) }()
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        lock.withLock {
            body.append(data)
            tooLarge = Int64(body.count) > most
        }
        if lock.withLock({ tooLarge }) { dataTask.cancel() }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        lock.withLock {
            outcome = result(of: task, error)
        }
        done.signal()
    }

    private func result(of task: URLSessionTask, _ error: (any Error)?) -> Result<HttpResponse, TransportFailure> {
        if tooLarge { return .failure(.Failed(fault: .tooLarge, sent: true)) }
        if let error { return .failure(failure(of: task, error)) }
        guard let response = task.response as? HTTPURLResponse else {
            return .failure(.Failed(fault: .protocol, sent: true))
        }
        return .success(
            HttpResponse(
                status: Int32(response.statusCode), body: body, date: response.value(forHTTPHeaderField: "Date"),
                retryAfter: response.value(forHTTPHeaderField: "Retry-After")))
    }

    /// `sent` is false only where no byte of the request's body can have left.
    ///
    /// The code does not tell: `.cannotConnectToHost` may come after the whole request was carried out. On Linux it is made of the
    /// last error number of the system, which may be that of another address of the host, one that had refused before. Bytes of the
    /// body are counted before they leave. A request without a body changes nothing and may be sent again.
    private func failure(of task: URLSessionTask, _ error: any Error) -> TransportFailure {
        let sent = task.countOfBytesSent > 0 || task.response != nil
        switch (error as? URLError)?.code {
        case .timedOut: return .Failed(fault: .timeout, sent: true)
        case .cannotFindHost, .dnsLookupFailed: return .Failed(fault: .dns, sent: sent)
        case .cannotConnectToHost, .notConnectedToInternet: return .Failed(fault: sent ? .closed : .connect, sent: sent)
        case .serverCertificateUntrusted, .serverCertificateHasBadDate, .serverCertificateNotYetValid,
            .serverCertificateHasUnknownRoot:
            return .Failed(fault: .tls, sent: sent)
        case .secureConnectionFailed: return .Failed(fault: .tls, sent: true)
        case .networkConnectionLost: return .Failed(fault: .closed, sent: true)
        case .badServerResponse, .cannotParseResponse: return .Failed(fault: .protocol, sent: true)
        default: return .Failed(fault: .other, sent: true)
        }
    }
}
