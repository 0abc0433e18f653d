package io.keysecure

import io.keysecure.ffi.Transport as FfiTransport
import io.keysecure.ffi.TransportFailure
import io.keysecure.model.TransportFault

/**
 * An HTTP stack that replaces the built-in one. An implementation
 *
 * - never follows a redirect and never repeats a request;
 * - respects [HttpRequest.timeout] and [HttpRequest.connectTimeout];
 * - does not start to send after [HttpRequest.startWithin]: it throws fault `TIMEOUT` with `mayHaveBeenSent = false` instead;
 * - stops reading when a response exceeds [HttpRequest.maxResponseBytes];
 * - throws [TransportFailedException] with `mayHaveBeenSent = false` only when the complete request provably was not sent.
 *
 * Anything else that it throws means an unknown outcome. It is called on the thread of the call, concurrently.
 */
public fun interface Transport {
    /**
     * Sends the request once and reads the complete response, whatever its status.
     *
     * @throws TransportFailedException when there is no complete response.
     */
    public fun send(request: HttpRequest): HttpResponse

    /** Closes connections; exchanges in progress may fail. Called when the client is closed. */
    public fun close() {}

    /**
     * Whether no part of a request can reach the platform after [send] has thrown: the connection is reset, and no proxy can
     * deliver buffered data. With `false`, the default, `ensure...` calls wait longer before they accept that the target does not
     * exist. The transports of this library return `false`.
     */
    public fun abortsOnFailure(): Boolean = false
}

/**
 * Thrown by a [Transport] that got no complete response.
 *
 * @property fault what went wrong.
 * @property mayHaveBeenSent whether the platform may have received the complete request.
 */
public class TransportFailedException @JvmOverloads constructor(
    public val fault: TransportFault,
    public val mayHaveBeenSent: Boolean,
    cause: Throwable? = null,
) : RuntimeException("$fault", cause)

/** Adapts a [Transport] to the native library. Only a [TransportFailure] may propagate into native code, not even an [Error]. */
internal class GuardedTransport(private val inner: Transport) : FfiTransport {
    override fun send(request: HttpRequest): HttpResponse =
        try {
            inner.send(request).also { LastCause.take() }
        } catch (failed: TransportFailedException) {
            LastCause.put(failed.cause ?: failed)
            throw TransportFailure.Failed(failed.fault, failed.mayHaveBeenSent)
        } catch (error: Throwable) {
            LastCause.put(error)
            throw TransportFailure.Failed(TransportFault.OTHER, true)
        }

    /** An implementation that throws promises nothing. */
    override fun abortsOnFailure(): Boolean =
        try {
            inner.abortsOnFailure()
        } catch (_: Throwable) {
            false
        }

    override fun closeIdle() {
        try {
            inner.close()
        } catch (_: Throwable) {
            // The client is closed: no caller is left to report it to.
        }
    }
}

/** The last exception of a transport on this thread, which becomes the cause of the exception that the caller gets. */
internal object LastCause {
    private val last = ThreadLocal<Throwable?>()

    fun put(cause: Throwable) {
        last.set(cause)
    }

    fun take(): Throwable? = last.get()?.also { last.remove() }
}
