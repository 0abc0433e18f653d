package io.keysecure

import io.keysecure.ffi.HttpResponse
import io.keysecure.model.Method
import io.keysecure.model.TransportFault
import java.io.ByteArrayOutputStream
import java.io.IOException
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
import java.nio.channels.UnresolvedAddressException
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionStage
import java.util.concurrent.ExecutionException
import java.util.concurrent.Flow
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import java.util.concurrent.atomic.AtomicBoolean
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLParameters

/**
 * A [Transport] over the JDK's `java.net.http` (JDK 11 or later; Android has none): the machine's own trust store, TLS 1.2
 * or later, no redirects, no proxy unless given.
 *
 * The JDK repeats a GET by itself when a kept connection turns out to be closed; nothing else is repeated.
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
        val body = Once(request.body)
        val exchange = client.sendAsync(prepared(request, body), Capped(request.maxAnswer))
        val answer = try {
            // The JDK's own time-out ends with the headers of the answer; this one bounds the body too.
            exchange.get(request.timeout.toNanos(), TimeUnit.NANOSECONDS)
        } catch (late: TimeoutException) {
            exchange.cancel(true)
            throw TransportFailedException(TransportFault.TIMEOUT, sent = true, cause = late)
        } catch (interrupted: InterruptedException) {
            exchange.cancel(true)
            Thread.currentThread().interrupt()
            throw TransportFailedException(TransportFault.OTHER, sent = true, cause = interrupted)
        } catch (wrapped: ExecutionException) {
            val failed = failed(wrapped.cause ?: wrapped)
            // What happens before the body is asked for has sent nothing; what is said of a connection later proves nothing.
            val sent = failed.sent || request.method == Method.POST && body.begun
            throw TransportFailedException(failed.fault, sent, failed.cause)
        }
        val headers = answer.headers()
        return HttpResponse(
            status = answer.statusCode(),
            body = answer.body(),
            date = headers.firstValue("Date").orElse(null),
            retryAfter = headers.firstValue("Retry-After").orElse(null),
        )
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

    private fun failed(error: Throwable): TransportFailedException {
        val chain = generateSequence(error) { it.cause }.take(8)
        return when {
            chain.any { it is HttpConnectTimeoutException } -> TransportFailedException(TransportFault.TIMEOUT, false, error)
            chain.any { it is HttpTimeoutException } -> TransportFailedException(TransportFault.TIMEOUT, true, error)
            chain.any { it is UnresolvedAddressException } -> TransportFailedException(TransportFault.DNS, false, error)
            else -> failure(error)
        }
    }
}

/**
 * A body that knows whether it was asked for, and leaves once only: a system property (`jdk.httpclient.enableAllMethodRetry`)
 * makes the JDK repeat a POST whose answer was lost.
 */
internal class Once(private val body: ByteArray) : HttpRequest.BodyPublisher {
    private val asked = AtomicBoolean()

    /** Whether some of it may have left. An empty body is never asked for. */
    val begun: Boolean get() = asked.get() || body.isEmpty()

    override fun contentLength(): Long = body.size.toLong()

    override fun subscribe(subscriber: Flow.Subscriber<in ByteBuffer>) {
        if (asked.compareAndSet(false, true)) return BodyPublishers.ofByteArray(body).subscribe(subscriber)
        subscriber.onSubscribe(Ended)
        subscriber.onError(IOException("a body is sent once only"))
    }

    private object Ended : Flow.Subscription {
        override fun request(count: Long) = Unit
        override fun cancel() = Unit
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
