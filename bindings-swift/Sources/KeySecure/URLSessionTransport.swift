import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A transport over `URLSession`, with the proxies, trust store and policies of the system.
///
/// ```swift
/// let client = try Client(apiKey: key, apiSecret: secret, transport: URLSessionTransport())
/// ```
///
/// It follows no redirects, stops reading when a response is too large, and cancels an exchange at its timeout. A request whose body
/// was not started is reported as not sent. `URLSession` cannot be asked to start in time: when the body has not been started within
/// `startWithin`, the exchange is cancelled. `URLSession` has no separate timeout for connecting, so `connectTimeout` is ignored.
///
/// Each exchange opens a connection. When a reused connection turns out to be dead, the layers below `URLSession` send the request
/// again, and the caller cannot tell whether the first one was carried out: a risk that payments must not take. When the cost of
/// connecting matters, use the built-in HTTP stack, which reuses connections and never sends a request twice.
public final class URLSessionTransport: Transport {
    private let configuration: @Sendable () -> URLSessionConfiguration

    /// Creates a transport.
    ///
    /// - Parameter configuration: Creates the configuration of each exchange. No cookies, no cache, and TLS 1.2 or later are set in
    ///   addition.
    public init(configuration: @escaping @Sendable () -> URLSessionConfiguration = { .ephemeral }) {
        self.configuration = configuration
    }

    /// Sends one request and returns its response.
    ///
    /// - Throws: `TransportFailure` when there is no complete response.
    public func send(request: HTTPRequest) throws -> HTTPResponse {
        guard let url = URL(string: request.url) else { throw TransportFailure.failed(fault: .protocol, mayHaveBeenSent: false) }
        // `Exchange` measures the exact timeout. On Linux, `URLSession` has only whole seconds and must not be first: it does not
        // report a timeout as such.
        let seconds = request.timeout.seconds.rounded(.up) + 1
        var outgoing = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: seconds)
        outgoing.httpMethod = request.method == .get ? "GET" : "POST"
        outgoing.httpBody = request.method == .get ? nil : request.body
        outgoing.httpShouldHandleCookies = false
        for header in request.headers {
            outgoing.setValue(header.value, forHTTPHeaderField: header.name)
        }
        let exchange = Exchange(limit: request.maxResponseBytes)
        let session = URLSession(configuration: settings(), delegate: exchange, delegateQueue: nil)
        // A session retains its delegate until it is invalidated.
        defer { session.invalidateAndCancel() }
        return try exchange.response(to: session.dataTask(with: outgoing), request)
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

/// Collects the response to one request on the session's queue while the caller waits.
private final class Exchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    /// How long to wait for a cancelled request to end, so that it is certain whether its body was started.
    private static let cancelTimeout: TimeInterval = 5

    private let limit: Int
    private let done = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var body = Data()
    private var tooLarge = false
    private var outcome: Result<HTTPResponse, TransportFailure>?
    #if !canImport(FoundationNetworking)
    /// The metrics of every time the request was sent; the system provides them before the exchange ends.
    private var metrics: URLSessionTaskMetrics?
    #endif

    init(limit: Int) { self.limit = limit }

    func response(to task: URLSessionTask, _ request: HTTPRequest) throws -> HTTPResponse {
        let start = DispatchTime.now()
        task.resume()
        if let startWithin = request.startWithin, startWithin < request.timeout {
            if isDone(before: start + startWithin.seconds) { return try result() }
            if task.countOfBytesSent == 0 { return try cancel(task) }
        }
        if isDone(before: start + request.timeout.seconds) { return try result() }
        return try cancel(task)
    }

    /// Waits for the end of the exchange. Returns `false` at the deadline, and when nobody waits for the call.
    private func isDone(before deadline: DispatchTime) -> Bool {
        while !CancelledReads.isAbandoned {
            let piece = DispatchTime.now() + 0.05
            if done.wait(timeout: min(piece, deadline)) == .success { return true }
            if piece >= deadline { return false }
        }
        return false
    }

    private func result() throws -> HTTPResponse {
        try lock.withLock { try outcome?.get() } ?? { throw TransportFailure.failed(fault: .other, mayHaveBeenSent: true) }()
    }

    /// Cancels the request after its timeout. Until the task has ended, the system may still start to send the body.
    private func cancel(_ task: URLSessionTask) throws -> HTTPResponse {
        task.cancel()
        guard done.wait(timeout: .now() + Self.cancelTimeout) == .success else {
            throw TransportFailure.failed(fault: .timeout, mayHaveBeenSent: true)
        }
        do {
            return try result()
        } catch let TransportFailure.failed(fault, mayHaveBeenSent) {
            throw TransportFailure.failed(fault: fault == .tooLarge ? fault : .timeout, mayHaveBeenSent: mayHaveBeenSent)
        }
    }

    #if !canImport(FoundationNetworking)
    func urlSession(_ session: URLSession, task: URLSessionTask, didFinishCollecting metrics: URLSessionTaskMetrics) {
        lock.withLock { self.metrics = metrics }
    }
    #endif

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        lock.withLock {
            body.append(data)
            tooLarge = body.count > limit
        }
        if lock.withLock({ tooLarge }) { dataTask.cancel() }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        lock.withLock {
            outcome = result(of: task, error)
        }
        done.signal()
    }

    private func result(of task: URLSessionTask, _ error: (any Error)?) -> Result<HTTPResponse, TransportFailure> {
        if tooLarge { return .failure(.failed(fault: .tooLarge, mayHaveBeenSent: true)) }
        if let error {
            let (fault, sent) = (transportFault(of: error), mayHaveBeenSent(task, error))
            return .failure(.failed(fault: fault == .connect && sent ? .closed : fault, mayHaveBeenSent: sent))
        }
        guard let response = task.response as? HTTPURLResponse else {
            return .failure(.failed(fault: .protocol, mayHaveBeenSent: true))
        }
        return .success(
            HTTPResponse(
                status: response.statusCode, body: body, date: response.value(forHTTPHeaderField: "Date"),
                retryAfter: response.value(forHTTPHeaderField: "Retry-After"),
                contentType: response.value(forHTTPHeaderField: "Content-Type"),
                location: response.value(forHTTPHeaderField: "Location")))
    }

    /// Whether a part of the request, or of its body if it has one, may have been sent.
    ///
    /// The error does not tell: `.cannotConnectToHost` may come after the request was carried out. On Linux, the bytes of the body are
    /// counted before they are sent, and a response may be that of a proxy to CONNECT. Apple's systems provide the start time of the
    /// request; without it, the request may have been sent.
    private func mayHaveBeenSent(_ task: URLSessionTask, _ error: any Error) -> Bool {
        if task.countOfBytesSent > 0 { return true }
        #if canImport(FoundationNetworking)
        let hasBody = !(task.originalRequest?.httpBody ?? Data()).isEmpty
        return !hasBody && !precedesRequest(error)
        #else
        return task.response != nil || metrics?.transactionMetrics.contains { $0.requestStartDate != nil } ?? true
        #endif
    }
}
