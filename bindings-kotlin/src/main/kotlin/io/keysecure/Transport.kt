package io.keysecure

import io.keysecure.internal.ffi.FfiTransport
import io.keysecure.internal.ffi.FfiTransportFailure
import io.keysecure.model.TransportFault
import java.util.Objects

/**
 * An HTTP stack that replaces the built-in one. An implementation
 *
 * - never follows a redirect and never repeats a request;
 * - respects [HttpRequest.timeout] and [HttpRequest.connectTimeout];
 * - does not start to send after [HttpRequest.startWithin]: it throws fault `TIMEOUT` with `mayHaveBeenSent = false` instead;
 * - stops reading when a response exceeds [HttpRequest.maxResponseBytes];
 * - throws [TransportFailedException] with `mayHaveBeenSent = false` only when the complete request provably was not sent.
 *
 * Each client needs one of its own: closing a client closes its transport.
 *
 * Anything else that it throws means an unknown outcome. It is called on the thread of the call (for a virtual thread: on a platform
 * thread, see [Client]), concurrently. That thread is interrupted to end the call: throw fault `INTERRUPTED` then.
 */
public fun interface Transport {
    /**
     * Sends the request once and reads the complete response, whatever its status.
     *
     * @throws TransportFailedException when there is no complete response.
     */
    @Throws(Exception::class)
    public fun send(request: HttpRequest): HttpResponse

    /**
     * Closes connections and ends the exchanges in progress. Called when a client is closed. Give each client a transport of its own:
     * the exchanges of another client, such as a payment, would end with it.
     */
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

/** Adapts a [Transport] to the native library. Only an [FfiTransportFailure] may propagate into native code, not even an [Error]. */
internal class GuardedTransport(private val inner: Transport) : FfiTransport {
    override fun send(request: HttpRequest): HttpResponse =
        try {
            // Java code may return null.
            Objects.requireNonNull(inner.send(request), "the transport returned null").wellFormed().also { LastCause.ofTransport.take() }
        } catch (failed: TransportFailedException) {
            LastCause.ofTransport.put(failed.cause ?: failed)
            throw FfiTransportFailure.Failed(failed.fault, failed.mayHaveBeenSent)
        } catch (error: Throwable) {
            if (error is InterruptedException) Thread.currentThread().interrupt()
            LastCause.ofTransport.put(error)
            throw FfiTransportFailure.Failed(TransportFault.OTHER, true)
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

/** The last exception of a caller's code on this thread, which becomes the cause of the exception that the caller gets. */
internal class LastCause private constructor() {
    private val last = ThreadLocal<Throwable?>()

    fun put(cause: Throwable) {
        last.set(cause)
    }

    fun take(): Throwable? = last.get()?.also { last.remove() }

    companion object {
        val ofTransport = LastCause()
        val ofStore = LastCause()
        val ofSession = LastCause()

        /** Forgets the causes of an earlier call. */
        fun clear() {
            ofTransport.take()
            ofStore.take()
            ofSession.take()
        }
    }
}
