package io.keysecure

import io.keysecure.ffi.HttpResponse
import io.keysecure.model.Method
import io.keysecure.model.TransportFault
import java.io.ByteArrayOutputStream
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
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionStage
import java.util.concurrent.ExecutionException
import java.util.concurrent.Flow
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLParameters

/**
 * A [Transport] over the JDK's `java.net.http` (JDK 11 or later; Android has none): the machine's own trust store, TLS 1.2
 * or later, no redirects, no proxy unless given.
 *
 * The JDK repeats a GET by itself when a kept connection turns out to be closed; nothing else is repeated. A POST that fails
 * before the JDK asks for its body is not sent, whatever the failure. Over https the JDK may ask before TLS is agreed on: such a
 * failure may then be unknown.
 *
 * @param connectTimeout the most time that making a connection may take, the same for all requests.
 */
public class JavaHttpTransport @JvmOverloads constructor(
    connectTimeout: Duration = Duration.ofSeconds(5),
    proxy: ProxySelector? = null,
    sslContext: SSLContext? = null,
) : Transport {
    private val client: HttpClient = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(connectTimeout)
        .proxy(proxy ?: HttpClient.Builder.NO_PROXY)
        .sslParameters(SSLParameters().apply { protocols = arrayOf("TLSv1.2", "TLSv1.3") })
        .apply { if (sslContext != null) sslContext(sslContext) }
        .build()

    override fun send(request: io.keysecure.ffi.HttpRequest): HttpResponse {
        val departure = Departure(request.startWithin)
        try {
            return exchange(request, departure)
        } catch (error: Throwable) {
            if (error is InterruptedException) Thread.currentThread().interrupt()
            val cause = (error as? ExecutionException)?.cause ?: error
            // From here on the body cannot begin to leave. Of a request without one, only the error can tell.
            val unsent = departure.abandon() || request.method == Method.GET && connecting(cause)
            val fault = if (departure.late) TransportFault.TIMEOUT else faultOf(cause)
            throw TransportFailedException(fault, !unsent, cause)
        }
    }

    private fun exchange(request: io.keysecure.ffi.HttpRequest, departure: Departure): HttpResponse {
        val prepared = prepared(request, Once(request.body, departure))
        // The JDK asks for no body where there is none.
        if (request.body.isEmpty() && !departure.begin()) throw NotBegun()
        val exchange = client.sendAsync(prepared, Capped(request.maxResponseBytes))
        try {
            val response = waited(exchange, request, departure)
            val headers = response.headers()
            return HttpResponse(
                status = response.statusCode(),
                // A proxy that asks for a password: its response to CONNECT, in place of ours and without a body.
                body = response.body() ?: throw ProxyRefused("the proxy responded with status ${response.statusCode()}"),
                date = headers.firstValue("Date").orElse(null),
                retryAfter = headers.firstValue("Retry-After").orElse(null),
            )
        } catch (error: Throwable) {
            exchange.cancel(true)
            throw error
        }
    }

    /** The JDK's own time-out ends with the headers of the response; this one bounds the body too. */
    private fun <T> waited(exchange: CompletableFuture<T>, request: io.keysecure.ffi.HttpRequest, departure: Departure): T {
        val began = System.nanoTime()
        val whole = request.timeout.nanos()
        val start = request.startWithin?.nanos()
        if (start != null && start < whole) {
            try {
                return exchange.get(start, TimeUnit.NANOSECONDS)
            } catch (late: TimeoutException) {
                if (departure.abandon()) throw late
            }
        }
        return exchange.get(whole - (System.nanoTime() - began), TimeUnit.NANOSECONDS)
    }

    private fun prepared(request: io.keysecure.ffi.HttpRequest, body: HttpRequest.BodyPublisher): HttpRequest {
        val builder = HttpRequest.newBuilder(URI.create(request.url)).timeout(request.timeout)
        request.headers.forEach { builder.header(it.name, it.value) }
        when (request.method) {
            Method.GET -> builder.GET()
            Method.POST -> builder.POST(body)
        }
        return builder.build()
    }

    private fun faultOf(error: Throwable): TransportFault =
        if (causes(error).any { it is HttpTimeoutException || it is TimeoutException }) TransportFault.TIMEOUT else fault(error)

    private fun connecting(error: Throwable): Boolean =
        causes(error).any { it is HttpConnectTimeoutException } || precedesRequest(error)
}

/**
 * A body that leaves once, at its [departure]: a system property (`jdk.httpclient.enableAllMethodRetry`) makes the JDK
 * repeat a POST whose response was lost. The JDK asks for it when the connection exists and the head is written; as long as
 * it has got no part, the platform cannot have got a whole request.
 */
internal class Once(private val body: ByteArray, private val departure: Departure) : HttpRequest.BodyPublisher {
    override fun contentLength(): Long = body.size.toLong()

    override fun subscribe(subscriber: Flow.Subscriber<in ByteBuffer>) {
        BodyPublishers.ofByteArray(body).subscribe(Gate(subscriber))
    }

    /** Lets the parts of the body through, if the first may leave. */
    private inner class Gate(private val inner: Flow.Subscriber<in ByteBuffer>) : Flow.Subscriber<ByteBuffer> {
        private lateinit var subscription: Flow.Subscription
        private var begun = false
        private var refused = false

        override fun onSubscribe(subscription: Flow.Subscription) {
            this.subscription = subscription
            inner.onSubscribe(subscription)
        }

        override fun onNext(part: ByteBuffer) {
            if (refused) return
            begun = begun || departure.begin()
            if (begun) return inner.onNext(part)
            refused = true
            subscription.cancel()
            inner.onError(NotBegun())
        }

        override fun onError(error: Throwable) {
            if (!refused) inner.onError(error)
        }

        override fun onComplete() {
            if (!refused) inner.onComplete()
        }
    }
}

/** Reads a body, and gives up when it grows beyond its limit. */
private class Capped(private val limit: Long) : BodyHandler<ByteArray> {
    override fun apply(info: java.net.http.HttpResponse.ResponseInfo): BodySubscriber<ByteArray> = Reader(limit)

    private class Reader(private val limit: Long) : BodySubscriber<ByteArray> {
        private val whole = CompletableFuture<ByteArray>()
        private val bytes = ByteArrayOutputStream()
        private var subscription: Flow.Subscription? = null

        override fun getBody(): CompletionStage<ByteArray> = whole

        override fun onSubscribe(subscription: Flow.Subscription) {
            this.subscription = subscription
            subscription.request(Long.MAX_VALUE)
        }

        override fun onNext(parts: List<ByteBuffer>) {
            if (whole.isDone) return
            for (part in parts) {
                if (bytes.size() + part.remaining().toLong() > limit) {
                    subscription?.cancel()
                    whole.completeExceptionally(TooLarge())
                    return
                }
                val chunk = ByteArray(part.remaining())
                part.get(chunk)
                bytes.write(chunk)
            }
        }

        override fun onError(error: Throwable) {
            whole.completeExceptionally(error)
        }

        override fun onComplete() {
            whole.complete(bytes.toByteArray())
        }
    }
}
