package io.keysecure

import io.keysecure.model.Method
import io.keysecure.model.TransportFault
import java.io.ByteArrayOutputStream
import java.net.Authenticator
import java.net.ProxySelector
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpConnectTimeoutException
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandler
import java.net.http.HttpResponse.BodySubscriber
import java.net.http.HttpTimeoutException
import java.nio.ByteBuffer
import java.time.Duration
import java.util.concurrent.CancellationException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionStage
import java.util.concurrent.ExecutionException
import java.util.concurrent.Flow
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLParameters

/**
 * A [Transport] over the JDK's `java.net.http` (JDK 11 or later; not on Android): the trust store of the JVM, TLS 1.2 or later,
 * no redirects, no proxy unless one is given.
 *
 * The JDK repeats a GET when an idle connection turns out to be closed; it repeats nothing else. A POST that fails before the JDK
 * requests its body was not sent. Over https the JDK may request the body before the TLS handshake is complete: such a failure may
 * have an unknown outcome.
 *
 * [close] ends the exchanges in progress, the connections and the threads. A transport that is used again afterwards, by another
 * client, opens new ones. Workers are shared by all transports; they are daemon threads that end when they are idle.
 *
 * @param connectTimeout limits the time to open a connection, for all requests. Default: 5 s.
 * @param proxy selects the proxy. Default: none.
 * @param sslContext replaces the default TLS context of the JVM.
 * @param proxyAuthenticator returns the user and password for the proxy, which are sent to it with method Basic when it opens a
 * tunnel, and never to the platform. The JDK sends them only if the program is started with
 * `-Djdk.http.auth.tunneling.disabledSchemes=` (an empty value; its default forbids Basic).
 */
public class JavaHttpTransport @JvmOverloads constructor(
    connectTimeout: Duration = Duration.ofSeconds(5),
    proxy: ProxySelector? = null,
    sslContext: SSLContext? = null,
    private val proxyAuthenticator: Authenticator? = null,
) : Transport {
    private val proxies = proxy ?: HttpClient.Builder.NO_PROXY
    private val client = ClosableHttpClient {
        version(HttpClient.Version.HTTP_1_1)
        followRedirects(HttpClient.Redirect.NEVER)
        connectTimeout(connectTimeout)
        proxy(proxies)
        sslParameters(SSLParameters().apply { protocols = arrayOf("TLSv1.2", "TLSv1.3") })
        if (sslContext != null) sslContext(sslContext)
    }

    override fun close(): Unit = client.close()

    override fun send(request: io.keysecure.HttpRequest): HttpResponse {
        val gate = SendGate(request.startWithin)
        try {
            return exchange(request, gate)
        } catch (error: Throwable) {
            if (error is InterruptedException) Thread.currentThread().interrupt()
            val cause = (error as? ExecutionException)?.cause ?: error
            // From here on no body can be sent. For a request without a body, only the error can tell.
            val unsent = gate.abandon() || request.method == Method.GET && isConnectFailure(cause)
            val fault = if (gate.late) TransportFault.TIMEOUT else faultOf(cause)
            throw TransportFailedException(fault, !unsent, cause)
        }
    }

    private fun exchange(request: io.keysecure.HttpRequest, gate: SendGate): HttpResponse {
        val prepared = prepare(request, SingleUseBody(request.body, gate))
        // The JDK does not request an empty body.
        if (request.body.isEmpty() && !gate.open()) throw SendRefused()
        val exchange = client.send(prepared, CappedBody(request.maxResponseBytes))
        try {
            val response = await(exchange, request, gate)
            val headers = response.headers()
            return HttpResponse(
                status = response.statusCode(),
                // A proxy that requires a password: the JDK returns its response to CONNECT, without a body.
                body = response.body() ?: throw ProxyRefused("the proxy responded with status ${response.statusCode()}"),
                date = headers.firstValue("Date").orElse(null),
                retryAfter = headers.firstValue("Retry-After").orElse(null),
                contentType = headers.firstValue("Content-Type").orElse(null),
                location = headers.firstValue("Location").orElse(null),
            )
        } catch (error: Throwable) {
            exchange.cancel(true)
            throw error
        }
    }

    /** Waits for the response. The timeout of the JDK ends with the headers of the response; this one includes the body. */
    private fun <T> await(exchange: CompletableFuture<T>, request: io.keysecure.HttpRequest, gate: SendGate): T {
        val started = System.nanoTime()
        val total = request.timeout.nanos()
        val start = request.startWithin?.nanos()
        if (start != null && start < total) {
            try {
                return exchange.get(start, TimeUnit.NANOSECONDS)
            } catch (late: TimeoutException) {
                if (gate.abandon()) throw late
            }
        }
        return exchange.get(total - (System.nanoTime() - started), TimeUnit.NANOSECONDS)
    }

    private fun prepare(request: io.keysecure.HttpRequest, body: HttpRequest.BodyPublisher): HttpRequest {
        val builder = HttpRequest.newBuilder(URI.create(request.url)).timeout(request.timeout)
        request.headers.forEach { builder.header(it.name, it.value) }
        // Not by `HttpClient.Builder.authenticator`: with one, the JDK loses a response with status 401 that names no method.
        proxyAuthenticator?.let { proxyAuthorization(it, proxies, request.url) }?.let { builder.header("Proxy-Authorization", it) }
        when (request.method) {
            Method.GET -> builder.GET()
            Method.POST -> builder.POST(body)
        }
        return builder.build()
    }

    private fun faultOf(error: Throwable): TransportFault = when {
        error is InterruptedException -> TransportFault.INTERRUPTED
        // The client was closed.
        error is CancellationException -> TransportFault.CLOSED
        causes(error).any { it is HttpTimeoutException || it is TimeoutException } -> TransportFault.TIMEOUT
        else -> fault(error)
    }

    private fun isConnectFailure(error: Throwable): Boolean =
        causes(error).any { it is HttpConnectTimeoutException } || precedesRequest(error)
}

/**
 * A request body that is sent at most once, when its [gate] opens. The system property `jdk.httpclient.enableAllMethodRetry` makes
 * the JDK repeat a POST whose response was lost; this prevents it. The JDK requests the body after the connection is open and the
 * header is written: until then, the platform cannot have a complete request.
 */
internal class SingleUseBody(private val body: ByteArray, private val gate: SendGate) : HttpRequest.BodyPublisher {
    override fun contentLength(): Long = body.size.toLong()

    override fun subscribe(subscriber: Flow.Subscriber<in ByteBuffer>) {
        BodyPublishers.ofByteArray(body).subscribe(Forwarder(subscriber))
    }

    /** Forwards the parts of the body, if the first may be sent. */
    private inner class Forwarder(private val inner: Flow.Subscriber<in ByteBuffer>) : Flow.Subscriber<ByteBuffer> {
        private lateinit var subscription: Flow.Subscription
        private var opened = false
        private var refused = false

        override fun onSubscribe(subscription: Flow.Subscription) {
            this.subscription = subscription
            inner.onSubscribe(subscription)
        }

        override fun onNext(part: ByteBuffer) {
            if (refused) return
            opened = opened || gate.open()
            if (opened) return inner.onNext(part)
            refused = true
            subscription.cancel()
            inner.onError(SendRefused())
        }

        override fun onError(error: Throwable) {
            if (!refused) inner.onError(error)
        }

        override fun onComplete() {
            if (!refused) inner.onComplete()
        }
    }
}

/** Reads a response body, and fails when it exceeds the limit. */
private class CappedBody(private val limit: Long) : BodyHandler<ByteArray> {
    override fun apply(info: java.net.http.HttpResponse.ResponseInfo): BodySubscriber<ByteArray> = Reader(limit)

    private class Reader(private val limit: Long) : BodySubscriber<ByteArray> {
        private val result = CompletableFuture<ByteArray>()
        private val bytes = ByteArrayOutputStream()
        private var subscription: Flow.Subscription? = null

        override fun getBody(): CompletionStage<ByteArray> = result

        override fun onSubscribe(subscription: Flow.Subscription) {
            this.subscription = subscription
            subscription.request(Long.MAX_VALUE)
        }

        override fun onNext(parts: List<ByteBuffer>) {
            if (result.isDone) return
            for (part in parts) {
                if (bytes.size() + part.remaining().toLong() > limit) {
                    subscription?.cancel()
                    result.completeExceptionally(TooLarge())
                    return
                }
                val chunk = ByteArray(part.remaining())
                part.get(chunk)
                bytes.write(chunk)
            }
        }

        override fun onError(error: Throwable) {
            result.completeExceptionally(error)
        }

        override fun onComplete() {
            result.complete(bytes.toByteArray())
        }
    }
}
