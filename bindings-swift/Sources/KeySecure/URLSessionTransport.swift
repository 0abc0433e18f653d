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
/// It follows no redirect, stops reading when a response grows too large, and ends an exchange at its time-out. A request whose body
/// did not begin to leave is never called sent. `startWithin` is looked at from outside, because `URLSession` asks nobody before it
/// sends: when the body has not begun by then, the exchange is ended. `URLSession` has no
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
        guard let url = URL(string: request.url) else { throw TransportFailure.failed(fault: .protocol, sent: false) }
        // `Exchange` keeps the exact time. Linux knows whole seconds only and must not be first: it calls what it ended by anything but
        // a time-out.
        let seconds = request.timeout.rounded(.up) + 1
        var outgoing = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: seconds)
        outgoing.httpMethod = request.method == .get ? "GET" : "POST"
        outgoing.httpBody = request.method == .get ? nil : request.body
        outgoing.httpShouldHandleCookies = false
        for header in request.headers {
            outgoing.setValue(header.value, forHTTPHeaderField: header.name)
        }
        let exchange = Exchange(most: request.maxResponseBytes)
        let session = URLSession(configuration: settings(), delegate: exchange, delegateQueue: nil)
        // A session holds on to its delegate until it is told to end.
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

/// One request and its answer, collected on the session's queue while the caller waits.
private final class Exchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    /// How long a request that was given up is waited for, so that it is certain whether it has begun.
    private static let ending: TimeInterval = 5

    private let most: Int64
    private let done = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var body = Data()
    private var tooLarge = false
    private var outcome: Result<HttpResponse, TransportFailure>?
    #if !canImport(FoundationNetworking)
    /// What the system says of each time that it sent the request; it does so before it says that the exchange ended.
    private var metrics: URLSessionTaskMetrics?
    #endif

    init(most: Int64) { self.most = most }

    func response(to task: URLSessionTask, _ request: HttpRequest) throws -> HttpResponse {
        let began = DispatchTime.now()
        task.resume()
        if let limit = request.startWithin, limit < request.timeout {
            if done.wait(timeout: began + limit) == .success { return try ended() }
            if task.countOfBytesSent == 0 { return try givenUp(task) }
        }
        if done.wait(timeout: began + request.timeout) == .success { return try ended() }
        return try givenUp(task)
    }

    private func ended() throws -> HttpResponse {
        try lock.withLock { try outcome?.get() } ?? { throw TransportFailure.failed(fault: .other, sent: true) }()
    }

    /// Time is over. The body may begin to leave until the task has ended; only then is it certain that it has not.
    private func givenUp(_ task: URLSessionTask) throws -> HttpResponse {
        task.cancel()
        guard done.wait(timeout: .now() + Self.ending) == .success else {
            throw TransportFailure.failed(fault: .timeout, sent: true)
        }
        do {
            return try ended()
        } catch let TransportFailure.failed(fault, sent) {
            throw TransportFailure.failed(fault: fault == .tooLarge ? fault : .timeout, sent: sent)
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
        if tooLarge { return .failure(.failed(fault: .tooLarge, sent: true)) }
        if let error {
            let (fault, sent) = (transportFault(of: error), hasBegun(task, error))
            return .failure(.failed(fault: fault == .connect && sent ? .closed : fault, sent: sent))
        }
        guard let response = task.response as? HTTPURLResponse else {
            return .failure(.failed(fault: .protocol, sent: true))
        }
        return .success(
            HttpResponse(
                status: Int32(response.statusCode), body: body, date: response.value(forHTTPHeaderField: "Date"),
                retryAfter: response.value(forHTTPHeaderField: "Retry-After")))
    }

    /// Whether some of the request may have left: of one with a body, some of the body.
    ///
    /// The error does not tell: `.cannotConnectToHost` may come after the whole request was carried out. On Linux, bytes of the body
    /// are counted before they leave, and a response may be that of a proxy to CONNECT. Apple's systems say whether they began to
    /// send; when they do not say it, they may have begun.
    private func hasBegun(_ task: URLSessionTask, _ error: any Error) -> Bool {
        if task.countOfBytesSent > 0 { return true }
        #if canImport(FoundationNetworking)
        let hasBody = !(task.originalRequest?.httpBody ?? Data()).isEmpty
        return !hasBody && !precedesRequest(error)
        #else
        return task.response != nil || metrics?.transactionMetrics.contains { $0.requestStartDate != nil } ?? true
        #endif
    }
}
