package io.keysecure

import io.keysecure.ffi.HttpRequest
import io.keysecure.ffi.HttpResponse
import io.keysecure.model.Method
import io.keysecure.model.TransportFault
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.HttpURLConnection
import java.net.Proxy
import java.net.URI
import java.time.Duration
import java.util.concurrent.Future
import java.util.concurrent.ScheduledThreadPoolExecutor
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicReference
import javax.net.ssl.HttpsURLConnection
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLSocketFactory

/**
 * A [Transport] over `HttpURLConnection`, which every JVM and every Android has: the machine's own trust store and TLS, no
 * redirects, no cache, no proxy unless given. It is what a library without HTTP of its own uses when nothing else is given.
 *
 * A POST is never repeated. One that fails before its body is written is not sent, whatever the failure. A GET is repeated once
 * by the machine itself when its connection breaks, and counts as one attempt. A desktop JVM does not let the header `Origin`
 * through, so [Pci.cardDetail] needs another transport there, and gives no body of a response 401 or 407 to a POST, whose outcome
 * is then unknown. A server that stops in the middle of its response may hold a call for twice its time.
 */
public class UrlConnectionTransport @JvmOverloads constructor(
    private val proxy: Proxy = Proxy.NO_PROXY,
    sslSocketFactory: SSLSocketFactory? = null,
) : Transport {
    // Not what an app may have set for all connections of its process, such as to trust everybody in a test.
    private val tls by lazy { StrictTls(sslSocketFactory ?: SSLContext.getDefault().socketFactory) }

    override fun send(request: HttpRequest): HttpResponse {
        val departure = Departure(request.startWithin)
        val late = AtomicBoolean()
        val phase = AtomicReference(Phase.HEAD)
        var opened: HttpURLConnection? = null
        var end: Future<*>? = null
        try {
            val connection = URI.create(request.url).toURL().openConnection(proxy) as HttpURLConnection
            opened = connection
            val over = {
                late.set(true)
                departure.abandon()
                // Who reads the body looks at `late` itself.
                if (phase.compareAndSet(Phase.HEAD, Phase.OVER)) apart(connection::disconnect)
            }
            // The time-out of a connection is that of each single read; this one is that of the whole exchange.
            end = clock.schedule(over, request.timeout.nanos(), TimeUnit.NANOSECONDS)
            prepare(connection, request)
            connection.connect()
            return exchange(connection, request, departure, late, phase)
        } catch (error: Throwable) {
            opened?.let { runCatching { apart(it::disconnect) } }
            // Also what is no IOException: a SecurityException, Android's NetworkOnMainThreadException, a bug of the JDK's.
            val unsent = departure.abandon()
            val fault = if (late.get() || departure.late) TransportFault.TIMEOUT else fault(error)
            throw TransportFailedException(fault, !unsent, error)
        } finally {
            end?.cancel(false)
        }
    }

    private fun prepare(connection: HttpURLConnection, request: HttpRequest) {
        connection.instanceFollowRedirects = false
        connection.useCaches = false
        connection.connectTimeout = millis(minOf(request.connectTimeout, request.startWithin ?: request.connectTimeout))
        connection.readTimeout = millis(request.timeout)
        if (connection is HttpsURLConnection) connection.sslSocketFactory = tls
        request.headers.forEach { connection.setRequestProperty(it.name, it.value) }
        if (request.method == Method.POST) {
            connection.requestMethod = "POST"
            connection.doOutput = true
            // A body that is streamed cannot be sent a second time behind our back.
            connection.setFixedLengthStreamingMode(request.body.size)
        }
    }

    private fun exchange(
        connection: HttpURLConnection,
        request: HttpRequest,
        departure: Departure,
        late: AtomicBoolean,
        phase: AtomicReference<Phase>,
    ): HttpResponse {
        if (request.body.isEmpty() && !departure.begin()) throw NotBegun()
        if (request.method == Method.POST) {
            // This writes the head. Without the whole body behind it there is no request.
            val out = connection.outputStream
            if (request.body.isNotEmpty() && !departure.begin()) throw NotBegun()
            out.use { it.write(request.body) }
        }
        val status = connection.responseCode
        if (!phase.compareAndSet(Phase.HEAD, Phase.BODY)) throw IOException(LATE)
        val stream: InputStream? = if (status >= 400) connection.errorStream else connection.inputStream
        // Not closed when it fails: see `apart`.
        val body = stream?.let { read(it, request.maxResponseBytes, late) } ?: ByteArray(0)
        stream?.close()
        return HttpResponse(status, body, connection.getHeaderField("Date"), connection.getHeaderField("Retry-After"))
    }

    private fun read(stream: InputStream, limit: Long, late: AtomicBoolean): ByteArray {
        val bytes = ByteArrayOutputStream()
        val chunk = ByteArray(8192)
        while (!late.get()) {
            val count = stream.read(chunk)
            if (count < 0) return bytes.toByteArray()
            bytes.write(chunk, 0, count)
            if (bytes.size() > limit) throw TooLarge()
        }
        throw IOException(LATE)
    }

    private fun millis(time: Duration): Int =
        TimeUnit.NANOSECONDS.toMillis(time.nanos()).coerceIn(1, Int.MAX_VALUE.toLong()).toInt()

    /**
     * Closing a connection waits for who reads from it, which may be the JDK's own thread that reads an unfinished response to its
     * end, for as long as the server likes. No call waits for that, nor the end of another call's time.
     */
    private fun apart(work: () -> Unit) {
        Thread(work, "keysecure-disconnect").apply { isDaemon = true }.start()
    }

    /** How far an exchange is. Its time ends it by closing the connection only while the response's head is awaited. */
    private enum class Phase { HEAD, BODY, OVER }

    private companion object {
        const val LATE = "the response took all the time"

        /** One thread for all: it only says whose time is up. */
        val clock = ScheduledThreadPoolExecutor(1) { task ->
            Thread(task, "keysecure-timeouts").apply { isDaemon = true }
        }.apply { removeOnCancelPolicy = true }
    }
}
