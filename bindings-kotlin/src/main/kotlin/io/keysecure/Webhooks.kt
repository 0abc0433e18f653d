package io.keysecure

import io.keysecure.ffi.Claim as FfiClaim
import io.keysecure.ffi.Decider as FfiDecider
import io.keysecure.ffi.Decision as FfiDecision
import io.keysecure.ffi.VerifiedWebhook as FfiVerifiedWebhook
import io.keysecure.ffi.Responder as FfiResponder
import io.keysecure.ffi.WebhookVerifier as FfiWebhookVerifier
import io.keysecure.ffi.Header
import io.keysecure.ffi.SignatureMatch
import io.keysecure.ffi.WebhookOptions
import io.keysecure.model.AuthEvent
import io.keysecure.model.CanonicalForm
import io.keysecure.model.Event
import java.time.Duration
import java.time.Instant
import java.util.Enumeration
import java.util.concurrent.atomic.AtomicBoolean

/**
 * Verifies callbacks. It needs no client and is cheap to share among threads.
 *
 * @param appId the Api-Key.
 * @param secrets the apiSecret; several while a secret is replaced.
 * @param tolerance how far the timestamp may be from this machine's clock, either way. Default: 300 s.
 * @param store rejects a webhook that was accepted before; a [Responder] keeps its decisions there. Give the same to all workers.
 * @param acceptWhenUnavailable accepts a callback when the store cannot be asked; by default it is rejected, and the
 * platform sends it again.
 * @param anyAge takes callbacks of any age: for looking at stored callbacks only.
 * @param maxBody the largest body to look at, in bytes. Default: 64 KiB; at most 1 MiB. What an unauthenticated sender can make
 * this machine compute grows with it.
 */
public class WebhookVerifier @JvmOverloads constructor(
    appId: String,
    secrets: List<String>,
    tolerance: Duration? = null,
    store: Store? = null,
    acceptWhenUnavailable: Boolean = false,
    anyAge: Boolean = false,
    maxBody: Int? = null,
) {
    private val ffi = call {
        Warnings.begin()
        FfiWebhookVerifier(appId, secrets, WebhookOptions(tolerance, anyAge, store?.ffi, acceptWhenUnavailable, maxBody))
    }

    /**
     * Verifies a callback and types what it says.
     *
     * @param headers name to value, or to a collection of values, as HTTP servers give them; case does not matter.
     * @param body the raw body.
     * @throws KeySecureException.Webhook when it is not accepted: answer with an HTTP error.
     */
    public fun verify(headers: Map<String, *>, body: ByteArray): VerifiedWebhook =
        VerifiedWebhook(call { ffi.verify(listOfHeaders(headers), body) })

    /**
     * Verifies a callback as [verify] does and claims it, so that it is handled once however often it comes, and again when
     * it could not be handled:
     *
     *     verifier.claim(headers, body).use { claim ->
     *         handle(claim.received.event)
     *         claim.finish()
     *     }
     *
     * @throws KeySecureException.Webhook when it is not accepted. Rejection `REPLAYED`: it was handled before; reply with
     * [replyAgain]. Rejection `IN_PROGRESS`: another worker handles it at this moment; answer with an HTTP error, so that
     * it comes again.
     */
    public fun claim(headers: Map<String, *>, body: ByteArray): Claim =
        Claim(call { ffi.claim(listOfHeaders(headers), body) })

    /**
     * The exact body to reply with to a webhook that was accepted before (rejection `REPLAYED`): a purchase gets its first reply
     * again, everything else is accepted.
     *
     * The first reply is the one that a [Responder] keeps in the store of this verifier; while it is being made, this waits for
     * it. A purchase without one is declined.
     */
    public fun replyDuplicate(body: ByteArray): String = ffi.replyDuplicate(body)

    /** Verifies the signature and the age only: no look at the action, no typing, no replay guard. */
    public fun verifySignature(headers: Map<String, *>, body: ByteArray): SignatureMatch =
        call { ffi.verifySignature(listOfHeaders(headers), body) }

    /** The headers that the platform would send with this body, signed with the first secret: for tests. */
    public fun signForTests(timestamp: Instant, body: ByteArray): Map<String, String> =
        call { ffi.signForTests(timestamp, body) }.associate { it.name to it.value }

    override fun toString(): String = ffi.toString()

    public companion object {
        /** Types a callback **without verifying it**: for stored callbacks and tests. Anybody may have sent it. */
        @JvmStatic
        public fun parseUnverified(body: ByteArray): Event = call { io.keysecure.ffi.parseUnverified(body) }
    }
}

private fun listOfHeaders(headers: Map<String, *>): List<Header> = headers.flatMap { entry ->
    // `HttpURLConnection` has the status line under null.
    val (name, value) = (entry.key as String?) to entry.value
    when {
        name == null || value == null -> emptyList()
        value is Iterable<*> -> value.map { Header(name, it.toString()) }
        value is Array<*> -> value.map { Header(name, it.toString()) }
        // As servlets give them.
        value is Enumeration<*> -> value.toList().map { Header(name, it.toString()) }
        else -> listOf(Header(name, value.toString()))
    }
}

/** A callback whose signature is valid. */
public class VerifiedWebhook internal constructor(internal val ffi: FfiVerifiedWebhook) {
    /** The platform's id of the callback. It is not signed: do not build on it alone. */
    public val id: String = ffi.id()

    /** What it says. */
    public val event: Event = ffi.event()

    /** When the platform says that it sent it. */
    public val sentAt: Instant = ffi.sentAt()

    /** Which of the verifier's secrets signed it, counted from 0. */
    public val secretIndex: Int = ffi.secretIndex()

    /** Which canonical form was signed. */
    public val form: CanonicalForm = ffi.form()

    override fun toString(): String = ffi.toString()
}

/**
 * The right to handle a callback. When it is closed before [finish], the next delivery of the callback is new. So a callback
 * is handled at least once; what a handler does should be harmless when done twice. Purchases are remembered at once: nobody
 * waits for a second answer.
 */
public class Claim internal constructor(private val ffi: FfiClaim) : AutoCloseable {
    private val closed = AtomicBoolean()

    /** The callback. */
    public val received: VerifiedWebhook = VerifiedWebhook(ffi.received())

    /**
     * Remembers the callback as handled. `false` when the store could not be reached: it was handled all the same, so accept
     * it; a replay of it would be handled again. `false` too after [close], which let it go.
     */
    public fun finish(): Boolean = !closed.get() && ffi.finish()

    /** Lets go; what was not finished is new when it comes again. Once is enough, twice does no harm. */
    override fun close() {
        if (closed.compareAndSet(false, true)) {
            ffi.release()
            ffi.close()
        }
    }

    override fun toString(): String = "Claim($received)"
}

/** The answers to callbacks. */
public object Replies {
    /** The exact body to answer a callback with. */
    @JvmStatic
    public fun accept(): String = io.keysecure.ffi.replyAccept()

    /**
     * The exact body to answer a callback with that was handled before: it is accepted again. A purchase is declined, because
     * nobody may decide on it twice, and least of all with yes; [WebhookVerifier.replyAgain] repeats the first reply instead.
     */
    @JvmStatic
    public fun again(body: ByteArray): String = io.keysecure.ffi.replyDuplicate(body)

    /** The exact body to decline with; the platform requires a message. */
    @JvmStatic
    public fun decline(message: String): String = call { io.keysecure.ffi.replyDecline(message) }
}

/** What a merchant decides on a purchase. */
public sealed class Decision {
    /** The purchase may be made. */
    public object Approve : Decision()

    /**
     * It may not.
     *
     * @property reason why; it is sent to the platform.
     */
    public data class Decline(val reason: String) : Decision()

    internal fun lowered(): FfiDecision = when (this) {
        is Approve -> FfiDecision.Approve
        is Decline -> FfiDecision.Decline(reason)
    }
}

/** Decides on purchases. */
public fun interface Decider {
    /** Decides on one. What is late, or throws, is answered with the responder's default. */
    public fun decide(purchase: AuthEvent): Decision
}

/**
 * Runs your decision on purchases and replies in time, whatever the decision does. The platform waits 800 ms; a reply that is
 * later is a refusal, whatever was decided.
 *
 * A purchase may be asked for again under a new signature. It is decided once by its `consumeNo`, and the first reply is
 * repeated for 24 hours: among all workers whose verifiers share a [Store], and else in this responder. Each refusal, late
 * decision and failure is logged as a warning (`java.util.logging`, logger `keysecure`), with the `consumeNo` and the
 * milliseconds; of an exception its class and the place.
 *
 * @param otherwise the answer when the decision is late or throws. Default: decline.
 * @param budget how long a decision may take, from the moment the callback was verified. Default: 600 ms, at most 800 ms.
 */
public class Responder @JvmOverloads constructor(
    decider: Decider,
    otherwise: Decision? = null,
    budget: Duration? = null,
) {
    init {
        Warnings.begin()
    }

    private val ffi = call { FfiResponder(GuardedDecider(decider), otherwise?.lowered(), budget) }

    /**
     * The body to answer with. Anything but a purchase is accepted at once; a purchase of an unknown form gets the default.
     */
    public fun respond(received: VerifiedWebhook): String = ffi.respond(received.ffi)
}

private class GuardedDecider(private val inner: Decider) : FfiDecider {
    override fun decide(purchase: AuthEvent): FfiDecision = guarded { inner.decide(purchase).lowered() }
}
