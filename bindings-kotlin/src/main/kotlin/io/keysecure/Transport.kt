package io.keysecure

import io.keysecure.ffi.Transport as FfiTransport
import io.keysecure.ffi.HttpRequest
import io.keysecure.ffi.HttpResponse
import io.keysecure.ffi.TransportFailure
import io.keysecure.model.TransportFault

/**
 * Another HTTP stack than the built-in one. An implementation
 *
 * - never follows a redirect and never repeats a request;
 * - keeps to [HttpRequest.timeout] and [HttpRequest.connectTimeout];
 * - does not begin to send after [HttpRequest.startWithin], and throws `TIMEOUT` with `sent = false` instead;
 * - stops reading when an answer grows beyond [HttpRequest.maxAnswer] bytes;
 * - throws [TransportFailedException] with `sent = false` only when the request provably never left whole.
 *
 * Anything else that it throws counts as an exchange whose outcome is unknown. It is called on the thread that makes the
 * call, and by many at once.
 */
public fun interface Transport {
    /** Sends the request once and reads the whole answer, whatever its status. */
    public fun send(request: HttpRequest): HttpResponse

    /** Lets go of connections; exchanges under way may be broken off. Called when the client is closed. */
    public fun close() {}

    /**
     * Whether nothing of a request can reach the platform after [send] has thrown: the connection is reset, and no proxy in
     * between may deliver what it holds. With `false`, which is the default and what the transports of this library say, the
     * `ensure` calls wait longer before they take a missing row for absence.
     */
    public fun abortsOnFailure(): Boolean = false
}

/**
 * Why no answer came.
 *
 * @property fault what went wrong.
 * @property sent whether the whole request may have reached the platform.
 */
public class TransportFailedException @JvmOverloads constructor(
    public val fault: TransportFault,
    public val sent: Boolean,
    cause: Throwable? = null,
) : RuntimeException("$fault", cause)

/** The library's view of a transport. Nothing may escape into native code, not even an [Error]. */
internal class GuardedTransport(private val inner: Transport) : FfiTransport {
    override fun send(request: HttpRequest): HttpResponse =
        try {
            inner.send(request).also { LastCause.take() }
        } catch (failed: TransportFailedException) {
            LastCause.put(failed.cause ?: failed)
            throw TransportFailure.Failed(failed.fault, failed.sent)
        } catch (error: Throwable) {
            LastCause.put(error)
            throw TransportFailure.Failed(TransportFault.OTHER, true)
        }

    /** Whoever cannot say it does not promise it. */
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
            // There is nobody to tell.
        }
    }
}

/** What a transport threw last on this thread: the cause of the exception that the caller sees. */
internal object LastCause {
    private val last = ThreadLocal<Throwable?>()

    fun put(cause: Throwable) {
        last.set(cause)
    }

    fun take(): Throwable? = last.get()?.also { last.remove() }
}
