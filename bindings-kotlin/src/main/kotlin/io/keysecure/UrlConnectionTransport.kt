package io.keysecure

import io.keysecure.model.Method
import io.keysecure.model.TransportFault
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.HttpURLConnection
import java.net.Proxy
import java.net.URI
import java.time.Duration
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.Future
import java.util.concurrent.ScheduledThreadPoolExecutor
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicReference
import javax.net.ssl.HttpsURLConnection
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLSocketFactory

/**
 * A [Transport] over `HttpURLConnection`, which every JVM and Android has: the trust store and TLS of the system, no redirects, no
 * cache, no proxy unless one is given. It is the default when the native library is built without an HTTP stack.
 *
 * A POST is never repeated, and one that fails before its body is written was not sent. The system repeats a GET once when its
 * connection breaks; that counts as one attempt. A desktop JVM drops the header `Origin`, so [Pci.cardDetail] needs another
 * transport there, and does not return the body of a 401 or 407 response to a POST, whose outcome is then unknown. A server that
 * stalls within its response may delay a call to twice its timeout, and so may an interruption or [close].
 *
 * For a proxy with a password set `java.net.Authenticator.setDefault`.
 *
 * @param proxy the proxy. Default: none.
 * @param sslSocketFactory replaces the default TLS sockets of the system.
 */
public class UrlConnectionTransport @JvmOverloads constructor(
    private val proxy: Proxy = Proxy.NO_PROXY,
    sslSocketFactory: SSLSocketFactory? = null,
) : Transport {
    /** What ends the exchanges in progress. */
    private val inProgress: MutableSet<() -> Unit> = ConcurrentHashMap.newKeySet()

    // Not the default of `HttpsURLConnection`: an app may have weakened that for all connections of its process.
    private val tls by lazy { StrictTls(sslSocketFactory ?: SSLContext.getDefault().socketFactory) }

    override fun send(request: HttpRequest): HttpResponse {
        val gate = SendGate(request.startWithin)
        val over = AtomicBoolean()
        val late = AtomicBoolean()
        val phase = AtomicReference(Phase.HEAD)
        val interrupted = AtomicBoolean()
        val closing = AtomicBoolean()
        val caller = Thread.currentThread()
        var opened: HttpURLConnection? = null
        val timers = ArrayList<Future<*>>(2)
        var end = {}
        try {
            val connection = URI.create(request.url).toURL().openConnection(proxy) as HttpURLConnection
            opened = connection
            val close = {
                if (closing.compareAndSet(false, true)) onOwnThread { runCatching(connection::disconnect).also { closing.set(false) } }
            }
            end = {
                over.set(true)
                gate.abandon()
                // The reader of the body checks `over`.
                if (phase.compareAndSet(Phase.HEAD, Phase.OVER)) close()
            }
            inProgress += end
            // The timeout of a connection applies to each read; this one applies to the whole exchange.
            timers += clock.schedule({ late.set(true); end() }, request.timeout.nanos(), TimeUnit.NANOSECONDS)
            val watch = {
                // Sockets of the system do not notice that their thread is interrupted.
                if (caller.isInterrupted && interrupted.compareAndSet(false, true)) end()
                // A connection that is closed between the request and the wait for its response opens again, and waits for a
                // response to nothing.
                if (phase.get() == Phase.OVER) close()
            }
            timers += clock.scheduleWithFixedDelay(watch, INTERVAL_MS, INTERVAL_MS, TimeUnit.MILLISECONDS)
            prepare(connection, request)
            connection.connect()
            return exchange(connection, request, gate, over, phase)
        } catch (error: Throwable) {
            opened?.let { runCatching { onOwnThread(it::disconnect) } }
            // Not only an IOException: also a SecurityException, Android's NetworkOnMainThreadException, or a bug of the JDK.
            val unsent = gate.abandon()
            val fault = when {
                late.get() || gate.late -> TransportFault.TIMEOUT
                interrupted.get() -> TransportFault.INTERRUPTED
                over.get() -> TransportFault.CLOSED
                else -> fault(error)
            }
            throw TransportFailedException(fault, !unsent, error)
        } finally {
            timers.forEach { it.cancel(false) }
            inProgress -= end
        }
    }

    override fun close() {
        inProgress.forEach { it() }
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
            // The system cannot repeat a request whose body is streamed.
            connection.setFixedLengthStreamingMode(request.body.size)
        }
    }

    private fun exchange(
        connection: HttpURLConnection,
        request: HttpRequest,
        gate: SendGate,
        over: AtomicBoolean,
        phase: AtomicReference<Phase>,
    ): HttpResponse {
        if (request.body.isEmpty() && !gate.open()) throw SendRefused()
        if (request.method == Method.POST) {
            // This writes the header. Without its complete body it is not a request.
            val out = connection.outputStream
            if (request.body.isNotEmpty() && !gate.open()) throw SendRefused()
            out.use { it.write(request.body) }
        }
        val status = connection.responseCode
        if (!phase.compareAndSet(Phase.HEAD, Phase.BODY)) throw IOException(OVER)
        val stream: InputStream? = if (status >= 400) connection.errorStream else connection.inputStream
        // Not closed on failure: see `onOwnThread`.
        val body = stream?.let { read(it, request.maxResponseBytes, over) } ?: ByteArray(0)
        stream?.close()
        return HttpResponse(
            status = status,
            body = body,
            date = connection.getHeaderField("Date"),
            retryAfter = connection.getHeaderField("Retry-After"),
            contentType = connection.getHeaderField("Content-Type"),
            location = connection.getHeaderField("Location"),
        )
    }

    private fun read(stream: InputStream, limit: Long, over: AtomicBoolean): ByteArray {
        val bytes = ByteArrayOutputStream()
        val chunk = ByteArray(8192)
        while (!over.get()) {
            val count = stream.read(chunk)
            if (count < 0) return bytes.toByteArray()
            bytes.write(chunk, 0, count)
            if (bytes.size() > limit) throw TooLarge()
        }
        throw IOException(OVER)
    }

    private fun millis(time: Duration): Int =
        TimeUnit.NANOSECONDS.toMillis(time.nanos()).coerceIn(1, Int.MAX_VALUE.toLong()).toInt()

    /**
     * Closes a connection on a thread of its own. Closing waits for a reader, which may be a JDK thread that drains an unfinished
     * response for as long as the server likes; neither a call nor the timer thread waits for that.
     */
    private fun onOwnThread(work: () -> Unit) {
        Thread(work, "keysecure-disconnect").apply { isDaemon = true }.start()
    }

    /** The progress of an exchange. The timer closes the connection only while the exchange waits for the response header. */
    private enum class Phase { HEAD, BODY, OVER }

    private companion object {
        const val OVER = "the exchange was ended before its response was complete"

        /** The time between two checks whether the thread of an exchange was interrupted. */
        const val INTERVAL_MS = 50L

        /** The timer of all exchanges, on one thread. */
        val clock = ScheduledThreadPoolExecutor(1) { task ->
            Thread(task, "keysecure-timeouts").apply { isDaemon = true }
        }.apply { removeOnCancelPolicy = true }
    }
}
