package io.keysecure.relay

import io.keysecure.Header
import io.keysecure.KeySecureException
import io.keysecure.exceptionFor
import io.keysecure.internal.relay.FfiAuditRecord
import io.keysecure.internal.relay.eventHeaders
import io.keysecure.model.Denial
import io.keysecure.model.Outcome
import java.io.IOException
import java.io.OutputStream
import java.time.Duration

/** A request as the server passed it on. */
internal class Received(val method: String, val path: String, val headers: List<Header>, val context: Any?) {
    companion object {
        private val ofThread = ThreadLocal<Received>()

        /** The request that this thread serves. */
        fun get(): Received = checkNotNull(ofThread.get()) { "this thread serves no request" }

        inline fun <T> onThread(request: Received, serve: () -> T): T {
            // The code of the merchant may serve another request meanwhile.
            val outer = enter(request)
            try {
                return serve()
            } finally {
                leave(outer)
            }
        }

        fun enter(request: Received): Received? = ofThread.get().also { ofThread.set(request) }

        fun leave(outer: Received?) = if (outer == null) ofThread.remove() else ofThread.set(outer)
    }
}

/**
 * A request of an app, for [Authorize]. It prints its method alone.
 *
 * @property bearer the token of `Authorization: Bearer TOKEN`.
 */
public class RelayRequest internal constructor(private val received: Received, public val bearer: String?) {
    /** The method in capital letters, such as `POST`. */
    public val method: String get() = received.method

    /** The path as it was received, such as `/v1/cards.get`. */
    public val path: String get() = received.path

    /** What the server passed to [Relay.handle], such as its own request object; else `null`. */
    public val context: Any? get() = received.context

    /**
     * Returns the value of a header, whose name may have either case. `null` if it is absent, **and if it came twice**: which of the
     * two a proxy checked is not known. Cookies, which HTTP/2 may split, are one value.
     */
    public fun header(name: String): String? {
        val values = received.headers.filter { it.name.equals(name, ignoreCase = true) }.map { it.value }
        val isCookie = name.equals("Cookie", ignoreCase = true)
        return if (isCookie && values.isNotEmpty()) values.joinToString("; ") else values.singleOrNull()
    }

    override fun toString(): String = "RelayRequest($method)"
}

/**
 * The HTTP response to an app. Send all of it, unchanged, and then [writeTo] the body; or close it. It prints its status alone: the
 * body may hold the secrets of a card.
 *
 * @property status the HTTP status.
 * @property headers the headers but `Content-Length`, which is the server's.
 * @property body JSON in UTF-8; empty for [events].
 * @property events the events to stream instead of a body. Each stream needs a thread of its own, unless it is a virtual one or a
 * coroutine: see [EventStream].
 */
public class RelayResponse internal constructor(
    public val status: Int,
    public val headers: Map<String, String>,
    public val body: ByteArray,
    public val events: EventStream?,
) : AutoCloseable {
    internal constructor(events: EventStream) :
        this(200, relayCall { eventHeaders() }.associate { it.name to it.value }, ByteArray(0), events)

    /** The size of the body in bytes, for `Content-Length`; `null` for events, whose size is not known. */
    public val contentLength: Int? get() = if (events == null) body.size else null

    /**
     * Writes the body, or each event as it comes, until the stream ends or the thread is interrupted. It does not close [output].
     *
     * @throws IOException when the app has gone. The stream of events is then closed, too.
     */
    @Throws(IOException::class)
    public fun writeTo(output: OutputStream) {
        if (events == null) return output.write(body)
        events.use {
            // An app learns at once that it is connected.
            output.flush()
            for (chunk in it) {
                output.write(chunk.toByteArray())
                output.flush()
            }
        }
    }

    /** Ends the stream of events of a response that is not written. */
    override fun close() {
        events?.close()
    }

    override fun toString(): String = "RelayResponse($status)"

    internal companion object {
        private const val BUSY = """{"code":1,"error":{"kind":"rate_limit","outcome":"not_sent","text":"the server is busy","code":null,""" +
            """"msg":null,"field":null,"retry_after_ms":1000,"transport_fault":null}}"""

        /** In the form of the protocol: an app knows that nothing was done. */
        fun busy(): RelayResponse {
            val headers = mapOf("Content-Type" to "application/json", "Cache-Control" to "no-store", "Retry-After" to "1")
            return RelayResponse(429, headers, BUSY.toByteArray(), null)
        }
    }
}

/**
 * The record of one request to a relay: who, what, allowed or why not, and the outcome. It holds no secret.
 *
 * @property session the session, as the scope names it; `null` without a scope.
 * @property cardholderNo the cardholder of the scope.
 * @property operation the operation, such as `cards.get`; `null` if there is no such operation.
 * @property denial why the request was denied; `null` if it was allowed.
 * @property outcome the outcome of the error that the app received; `null` for success.
 * @property error the error with all that the app does not see; `null` for success.
 * @property subject the number that the request is about, such as a `card_no`.
 * @property tap the tap of a mutation.
 * @property httpStatus the HTTP status of the response.
 * @property duration the time from the arrival of the request to its response.
 */
public class AuditRecord internal constructor(
    public val session: String?,
    public val cardholderNo: String?,
    public val operation: String?,
    public val denial: Denial?,
    public val outcome: Outcome?,
    public val error: KeySecureException?,
    public val subject: String?,
    public val tap: String?,
    public val httpStatus: Int,
    public val duration: Duration,
) {
    internal constructor(ffi: FfiAuditRecord) : this(
        ffi.session, ffi.cardholderNo, ffi.operation, ffi.denial, ffi.outcome, ffi.error?.let(::exceptionFor), ffi.subject, ffi.tap,
        ffi.httpStatus, ffi.duration,
    )

    override fun toString(): String = listOf(
        "session" to session, "cardholder_no" to cardholderNo, "operation" to operation, "denial" to denial?.name?.lowercase(),
        "outcome" to outcome?.name?.lowercase(), "subject" to subject, "tap" to tap, "http_status" to httpStatus,
        "duration_ms" to duration.toMillis(),
    ).filter { it.second != null }.joinToString(" ", "AuditRecord(", ")") { (name, value) -> "$name=$value" }
}
