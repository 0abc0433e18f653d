package io.keysecure

import io.keysecure.model.Event
import io.keysecure.model.Rejection
import java.io.ByteArrayOutputStream
import java.io.InputStream
import java.util.function.BiConsumer
import java.util.logging.Level

/** Handles an event that is not a purchase. */
public fun interface EventHandler {
    /**
     * Handles one event, which may come more than once. When it throws, the platform sends the event again. It should return within
     * 60 s.
     */
    @Throws(Exception::class)
    public fun handle(event: Event)
}

/**
 * The HTTP response to a webhook.
 *
 * @property status the HTTP status.
 * @property body a JSON text.
 */
public class WebhookResponse internal constructor(public val status: Int, public val body: String) {
    /** The media type of the body. */
    public val contentType: String get() = "application/json"

    /** Returns the body as UTF-8, for servers that write bytes. */
    public fun toByteArray(): ByteArray = body.toByteArray()

    override fun toString(): String = "$status $body"
}

/**
 * Receives webhooks in any HTTP server: verifies them, rejects replays, has purchases decided, has other events handled, and returns
 * the response to send. Threads share one.
 *
 *     val receiver = WebhookReceiver(verifier, responder) { event -> queue.add(event) }
 *
 *     // A servlet, for example:
 *     val response = receiver.receive(headers, request.inputStream)
 *     reply.status = response.status
 *     reply.contentType = response.contentType
 *     reply.outputStream.write(response.toByteArray())
 *
 * | webhook | status | effect |
 * |---|---|---|
 * | was handled | 200 | `{"code":0,"message":""}` |
 * | asks for a purchase | 200 | the reply of the responder |
 * | is the same request as one that was handled | 200 | accepted again; the handler is not called |
 * | asks for a purchase that was asked for before | 200 | the first reply again; the decider is not called |
 * | made the handler throw | 500 | not recorded: the platform sends it again |
 * | is being handled, or the store is unavailable | 503 | the platform sends it again |
 * | was rejected by the verifier | 400 | the reason in words (413 for a body that is too large) |
 * | has no body any more: a filter read it before | 500 | the receiver needs the raw, unread body |
 *
 * Give the verifier a store that all workers share. Rejected webhooks, declined purchases and bodies that cannot be read are logged as
 * warnings (`java.util.logging`, logger `keysecure`), failures of the handler as errors, by the class of the exception and the place
 * it was thrown. No line holds a secret.
 *
 * @param verifier verifies and claims the webhooks.
 * @param responder replies to purchases. Default: all are declined.
 * @param onFailure receives the event and the exception when the handler throws. What it throws is ignored.
 * @param handler handles all other events, on the thread that calls [receive].
 */
public class WebhookReceiver @JvmOverloads constructor(
    private val verifier: WebhookVerifier,
    responder: Responder? = null,
    private val onFailure: BiConsumer<Event, Throwable>? = null,
    private val handler: EventHandler,
) {
    private val responder = responder ?: Responder.withoutDecider()

    /**
     * Receives a webhook whose body the server has read. Read at most [maxBody] bytes and one more: a longer body gets 413.
     *
     * @param headers name to value, or to a collection of values, as HTTP servers provide them. Names are case-insensitive.
     * @param body the raw body.
     */
    public fun receive(headers: Map<String, *>, body: ByteArray): WebhookResponse = finish(begin(headers, body))

    /** Receives a webhook, and reads at most [maxBody] bytes of its body and one more. A longer body gets 413. */
    public fun receive(headers: Map<String, *>, body: InputStream): WebhookResponse {
        val start = arrival()
        val begun = begun(start) {
            // Once: an enumeration of a servlet cannot be read again.
            val fields = listOfHeaders(headers)
            when (val read = read(fields, body)) {
                is Body.Read -> begin(fields, read.bytes, start)
                is Body.Refused -> Begun.Answered(read.response)
            }
        }
        return finish(begun)
    }

    private sealed class Body {
        class Read(val bytes: ByteArray) : Body()

        class Refused(val response: WebhookResponse) : Body()
    }

    private fun read(headers: List<Header>, body: InputStream): Body {
        fun field(name: String): String? = headers.firstOrNull { it.name.equals(name, ignoreCase = true) }?.value
        fun refused(status: Int, message: String, reason: String) = Body.Refused(this.refused(status, message, reason))
        val length = field("Content-Length")?.trim()?.toLongOrNull()
        if (length != null && length > maxBody) return Body.Refused(tooLarge())
        val bytes = try {
            body.readAtMost(maxBody + 1)
        } catch (error: Exception) {
            return refused(400, "the body could not be read", "reading its body threw ${described(error)}")
        }
        if (bytes.isEmpty() && (length != null && length > 0 || field("Transfer-Encoding") != null)) {
            return refused(500, "the body was read before; pass the raw body", "its body is missing: a filter may have read it before")
        }
        if (length != null && bytes.size < length) {
            return refused(400, "the body could not be read", "its body ends after ${bytes.size} of $length bytes")
        }
        return Body.Read(bytes)
    }

    /** The largest body that the verifier accepts, in bytes. */
    public val maxBody: Int get() = verifier.maxBody

    override fun toString(): String = "WebhookReceiver($verifier)"

    /** What is known after a webhook was verified: the response, or a claim for the handler. */
    internal sealed class Begun {
        class Answered(val response: WebhookResponse) : Begun()

        class Claimed(val claim: Claim, val start: Long) : Begun()
    }

    /** Verifies a webhook and replies to a purchase. */
    internal fun begin(headers: Map<String, *>, body: ByteArray, start: Long = arrival()): Begun =
        begun(start) { begin(listOfHeaders(headers), body, start) }

    private inline fun begun(start: Long, work: () -> Begun): Begun = try {
        work()
    } catch (error: Throwable) {
        Begun.Answered(failed("verifying a webhook", error, start))
    }

    private fun begin(headers: List<Header>, body: ByteArray, start: Long): Begun {
        if (body.size > maxBody) return Begun.Answered(tooLarge())
        val claim = try {
            verifier.claim(headers, body, start)
        } catch (rejected: KeySecureException.Webhook) {
            // The native library has logged it.
            return Begun.Answered(respond(rejected, body))
        }
        if (!isPurchase(claim.received.event)) return Begun.Claimed(claim, start)
        return claim.use {
            try {
                Begun.Answered(WebhookResponse(200, responder.respond(it.received)))
            } catch (error: Throwable) {
                Begun.Answered(failed("replying to a purchase", error, start, it.received.event))
            }
        }
    }

    /** Has the handler handle an event. Releases the claim in any case. */
    internal fun finish(begun: Begun): WebhookResponse = when (begun) {
        is Begun.Answered -> begun.response
        is Begun.Claimed -> try {
            begun.claim.use { handle(it, begun.start) }
        } catch (error: Throwable) {
            failed("releasing a webhook", error, begun.start)
        }
    }

    private fun handle(claim: Claim, start: Long): WebhookResponse {
        val event = claim.received.event
        try {
            handler.handle(event)
        } catch (error: Throwable) {
            report(event, error)
            return failed("the handler of a webhook", error, start, event)
        }
        // Without a store that works the webhook was handled all the same: only a replay would be handled again.
        claim.finish()
        return WebhookResponse(200, Replies.accept())
    }

    private fun respond(rejected: KeySecureException.Webhook, body: ByteArray): WebhookResponse = when (rejected.rejection) {
        Rejection.REPLAYED -> WebhookResponse(200, verifier.replyDuplicate(body))
        Rejection.TOO_LARGE -> refusal(413, rejected.message)
        Rejection.IN_PROGRESS, Rejection.REPLAY_STORE_UNAVAILABLE -> refusal(503, rejected.message)
        else -> refusal(400, rejected.message)
    }

    private fun report(event: Event, error: Throwable) {
        try {
            onFailure?.accept(event, error)
        } catch (_: Throwable) {
            // The response must not depend on it.
        }
    }

    private fun failed(what: String, error: Throwable, start: Long, event: Event? = null): WebhookResponse {
        if (error is InterruptedException) Thread.currentThread().interrupt()
        val millis = (System.nanoTime() - start) / 1_000_000
        Warnings.log(Level.SEVERE, "$what threw ${described(error)}: ${number(event)}after $millis ms")
        return refusal(500, "the webhook could not be handled")
    }

    private fun tooLarge() = refused(413, "the body is too large", "too_large")

    private fun refused(status: Int, message: String, reason: String): WebhookResponse {
        Warnings.log(Level.WARNING, "a webhook is rejected ($reason)")
        return refusal(status, message)
    }

    private fun refusal(status: Int, message: String?) = WebhookResponse(status, Replies.decline(message ?: "rejected"))

    private fun number(event: Event?): String = when (event) {
        is Event.Auth -> "consume_no=\"${logged(event.data.consumeNo)}\", "
        is Event.Consumption -> "consume_no=\"${logged(event.data.consumeNo)}\", "
        else -> ""
    }

    /** A purchase in an unknown format is an unknown event. */
    private fun isPurchase(event: Event) = event is Event.Auth || event is Event.Unknown && event.action == "Auth"
}

/** Reads until the end, at most [size] bytes. Android has no `readNBytes` before level 33. */
private fun InputStream.readAtMost(size: Int): ByteArray {
    val bytes = ByteArrayOutputStream()
    val part = ByteArray(8 * 1024)
    while (bytes.size() < size) {
        val count = read(part, 0, minOf(part.size, size - bytes.size()))
        if (count < 0) break
        bytes.write(part, 0, count)
    }
    return bytes.toByteArray()
}
