package io.keysecure

import io.keysecure.internal.ffi.FfiClaim
import io.keysecure.internal.ffi.FfiDecision
import io.keysecure.internal.ffi.FfiVerifiedWebhook
import io.keysecure.internal.ffi.FfiResponder
import io.keysecure.internal.ffi.FfiWebhookVerifier
import io.keysecure.internal.ffi.FfiWebhookOptions
import io.keysecure.model.AuthEvent
import io.keysecure.model.CanonicalForm
import io.keysecure.model.Event
import io.keysecure.model.OnStoreFailure
import java.time.Clock
import java.time.Duration
import java.time.Instant
import java.util.Enumeration
import java.util.concurrent.Executor
import java.util.concurrent.atomic.AtomicBoolean
import java.util.function.BiConsumer

/**
 * Verifies webhooks (the platform calls them callbacks). Needs no client; threads can share one.
 *
 * @param appId the Api-Key.
 * @param secrets the apiSecret; several during a rotation.
 * @param tolerance how far the timestamp may differ from the clock of this machine, in either direction. Default: 300 s.
 * @param store rejects a webhook that was accepted before, and holds the decisions of a [Responder]. Use the same store in all
 * workers. Default: none, replays are accepted.
 * @param onStoreFailure what to do when the store is unavailable. `REJECT`, the default, rejects the webhook, and the platform sends
 * it again. `ACCEPT` accepts it, although it may be a replay.
 * @param ignoreTimestamp accepts webhooks of any age. Use it for stored webhooks only: it allows replays.
 * @param maxBody the largest body to accept, in bytes, at least 1. Default: 64 KiB; more than 1 MiB counts as 1 MiB. The CPU time that
 * an unauthenticated sender can cause grows with it.
 * @param clock a clock in place of the system's, for tests and simulated time.
 * @throws KeySecureException when an argument is not valid.
 */
public class WebhookVerifier internal constructor(private val ffi: FfiWebhookVerifier, maxBody: Int?) {
    /** The largest body to accept, in bytes. */
    internal val maxBody: Int = minOf(maxBody ?: DEFAULT_MAX_BODY, MAX_BODY_LIMIT)

    @JvmOverloads
    public constructor(
        appId: String,
        secrets: List<String>,
        tolerance: Duration? = null,
        store: Store? = null,
        onStoreFailure: OnStoreFailure = OnStoreFailure.REJECT,
        ignoreTimestamp: Boolean = false,
        maxBody: Int? = null,
        clock: Clock? = null,
    ) : this(
        call {
            Warnings.install()
            val options =
                FfiWebhookOptions(tolerance, ignoreTimestamp, store?.ffi, onStoreFailure, maxBody, clock?.let(::GuardedClock))
            FfiWebhookVerifier(appId, secrets, options)
        },
        maxBody,
    )

    /**
     * Verifies a webhook and parses its event.
     *
     * @param headers name to value, or to a collection of values, as HTTP servers provide them. Names are case-insensitive.
     * @param body the raw body.
     * @throws KeySecureException.Webhook when the webhook is rejected: respond with an HTTP error.
     */
    public fun verify(headers: Map<String, *>, body: ByteArray): VerifiedWebhook =
        VerifiedWebhook(arrived { it.verify(listOfHeaders(headers), body) })

    /**
     * Verifies a webhook as [verify] does and claims it: the identical request is handled once, and again when
     * handling failed:
     *
     *     verifier.claim(headers, body).use { claim ->
     *         handle(claim.received.event)
     *         claim.finish()
     *     }
     *
     * @throws KeySecureException.Webhook when the webhook is rejected. Rejection `REPLAYED`: it was handled before; reply with
     * [replyDuplicate]. Rejection `IN_PROGRESS`: another worker is handling it; respond with an HTTP error, so that the platform
     * sends it again.
     */
    public fun claim(headers: Map<String, *>, body: ByteArray): Claim =
        Claim(arrived { it.claim(listOfHeaders(headers), body) })

    /** Claims a webhook that began to arrive at [start], a value of [System.nanoTime]: the platform waits since then. */
    internal fun claim(headers: List<Header>, body: ByteArray, start: Long): Claim = Claim(arrived(start) { it.claim(headers, body) })

    /** Verifies a webhook, whose time to reply passes while it waits for a thread. */
    private fun <T> arrived(start: Long? = null, verify: (FfiWebhookVerifier) -> T): T = webhook {
        val waited = if (start == null) QueueTime.take() else Duration.ofNanos(System.nanoTime() - start)
        verify(waited?.let(ffi::afterWaiting) ?: ffi)
    }

    /**
     * Returns the exact body to reply with to a webhook that was accepted before (rejection `REPLAYED`): the first reply for a
     * purchase, acceptance for everything else.
     *
     * The first reply is the one that a [Responder] keeps in the store of this verifier; while the decision is in progress, this
     * call waits for it. A purchase without a first reply is declined.
     */
    public fun replyDuplicate(body: ByteArray): String = webhook { ffi.replyDuplicate(body) }

    /**
     * Verifies only the signature and the age; does not parse the event and does not check for replays.
     *
     * @throws KeySecureException.Webhook when the webhook is rejected.
     */
    public fun verifySignature(headers: Map<String, *>, body: ByteArray): SignatureMatch =
        webhook { ffi.verifySignature(listOfHeaders(headers), body) }

    /** Returns the headers that the platform would send with this body, signed with the first secret. For tests. */
    public fun signForTests(timestamp: Instant, body: ByteArray): Map<String, String> =
        call { ffi.signForTests(timestamp, body) }.associate { it.name to it.value }

    override fun toString(): String = ffi.toString()

    public companion object {
        private const val DEFAULT_MAX_BODY = 64 * 1024
        private const val MAX_BODY_LIMIT = 1024 * 1024

        /**
         * Creates a builder with the Api-Key and the apiSecret, for Java.
         *
         * @param secrets several during a rotation.
         */
        @JvmStatic
        public fun builder(appId: String, vararg secrets: String): WebhookVerifierBuilder =
            WebhookVerifierBuilder(secrets.toList()) { options, used -> FfiWebhookVerifier(appId, used.orEmpty(), options) }

        /**
         * Parses a webhook **without verifying it**, for stored webhooks and tests. Anybody may have sent it.
         *
         * @throws KeySecureException.Webhook when the body is not a webhook.
         */
        @JvmStatic
        public fun parseUnverified(body: ByteArray): Event = call { io.keysecure.internal.ffi.parseUnverified(body) }
    }
}

internal fun listOfHeaders(headers: Map<String, *>): List<Header> = headers.flatMap { entry ->
    // `HttpURLConnection` has the status line under the name null.
    val (name, value) = (entry.key as String?) to entry.value
    when {
        name == null || value == null -> emptyList()
        value is Iterable<*> -> value.mapNotNull { headerOf(name, it) }
        value is Array<*> -> value.mapNotNull { headerOf(name, it) }
        // Servlets provide an enumeration.
        value is Enumeration<*> -> value.toList().mapNotNull { headerOf(name, it) }
        else -> listOfNotNull(headerOf(name, value))
    }
}

/** What is no ASCII is refused where it matters: in a header of the signature. */
private fun headerOf(name: String, value: Any?): Header? = value?.let { Header(name.wellFormed(), it.toString().wellFormed()) }

/** A webhook whose signature is valid. */
public class VerifiedWebhook internal constructor(internal val ffi: FfiVerifiedWebhook) {
    /** The platform's id of the webhook. It is not signed: do not rely on it alone. */
    public val id: String = ffi.id()

    /** The event. */
    public val event: Event = ffi.event()

    /** The signed time at which the platform sent the webhook. */
    public val sentAt: Instant = ffi.sentAt()

    /** The time of arrival, by the clock of the verifier: this machine's, or the platform's as a client learned it. */
    public val receivedAt: Instant = ffi.receivedAt()

    /** The deadline of the reply to a purchase, 800 ms after its arrival, by the clock of this machine. */
    public val replyBefore: Instant = ffi.replyBefore()

    /** The time left to reply to a purchase; zero when it is too late. */
    public val timeLeft: Duration get() = ffi.timeLeft()

    /** The index of the secret that matched, in the order given to the verifier, from 0. */
    public val secretIndex: Int = ffi.secretIndex()

    /** The canonical form that was signed. */
    public val form: CanonicalForm = ffi.form()

    override fun toString(): String = ffi.toString()
}

/**
 * The exclusive right to handle a webhook. When it is closed before [finish], the next delivery of the webhook is accepted. A
 * webhook is therefore handled at least once: handlers should be idempotent. Purchases are recorded immediately, because the
 * platform does not wait for a second reply.
 */
public class Claim internal constructor(private val ffi: FfiClaim) : AutoCloseable {
    private val closed = AtomicBoolean()

    /** The webhook. */
    public val received: VerifiedWebhook = VerifiedWebhook(ffi.received())

    /**
     * Records the webhook as handled. Returns `false` when the store is unavailable: accept the webhook all the same, but a replay
     * would be handled again. Returns `false` after [close], too.
     */
    public fun finish(): Boolean = !closed.get() && webhook { ffi.finish() }

    /** Releases the claim. A webhook that was not finished is accepted again on its next delivery. Idempotent. */
    override fun close() {
        if (closed.compareAndSet(false, true)) {
            webhook { ffi.release() }
            ffi.close()
        }
    }

    override fun toString(): String = "Claim($received)"
}

/** Creates the bodies of replies to webhooks. */
public object Replies {
    /** Returns the exact body that accepts a webhook. */
    @JvmStatic
    public fun accept(): String = call { io.keysecure.internal.ffi.replyAccept() }

    /**
     * Returns the exact body to reply with to a webhook that was handled before: acceptance, but a decline for a purchase, because
     * a purchase must not be decided twice. [WebhookVerifier.replyDuplicate] repeats the first reply instead.
     */
    @JvmStatic
    public fun duplicate(body: ByteArray): String = call { io.keysecure.internal.ffi.replyDuplicate(body) }

    /**
     * Returns the exact body that declines a purchase.
     *
     * @param message sent to the platform, which requires one.
     * @throws KeySecureException.InvalidInput when the message is blank.
     */
    @JvmStatic
    public fun decline(message: String): String = call { io.keysecure.internal.ffi.replyDecline(message) }
}

/** A merchant's decision on a purchase. */
public sealed class Decision {
    /** Approves the purchase. */
    public object Approve : Decision()

    /**
     * Declines the purchase.
     *
     * @property reason sent to the platform.
     */
    public data class Decline(val reason: String) : Decision()

    internal fun toFfi(): FfiDecision = when (this) {
        is Approve -> FfiDecision.Approve
        is Decline -> FfiDecision.Decline(reason.wellFormed())
    }

    public companion object {
        /** Approves the purchase. For Java. */
        @JvmStatic
        public fun approve(): Decision = Approve

        /** Declines the purchase. For Java. The platform gets the reason. */
        @JvmStatic
        public fun decline(reason: String): Decision = Decline(reason)
    }
}

/** Decides on purchases. */
public fun interface Decider {
    /** Decides on one purchase. When it throws or is late, the responder replies with its default. */
    @Throws(Exception::class)
    public fun decide(purchase: AuthEvent): Decision
}

/**
 * Replies to webhooks: runs your decision on a purchase and replies in time even when the decision is late or throws. The platform
 * waits 800 ms; after that the purchase is declined, whatever was decided.
 *
 * The platform may ask for a purchase again under a new signature. Each purchase is decided once by its `consumeNo`, and the first
 * reply is repeated for 24 hours: by all workers whose verifiers share a [Store], otherwise by this responder. Each decline, late
 * decision and failure is logged as a warning (`java.util.logging`, logger `keysecure`) with the `consumeNo` and the time in
 * milliseconds; an exception is logged by its class and the place it was thrown, and given to [onFailure] as it is.
 *
 * Each decision runs on a daemon thread of its own, with the context class loader of the thread that creates the responder, or on
 * [executor]. Other `ThreadLocal`s, an MDC for example, are not those of the thread that calls [respond].
 *
 * @param decider your decision.
 * @param otherwise the reply when the decision is late or throws. Default: decline.
 * @param budget how long a decision may take after the webhook was verified. Default: 600 ms; more than 800 ms count as
 * 800 ms.
 * @param executor runs the decisions; waiting for one of its threads counts into the budget. A decision that it rejects, or that has
 * not begun by the end of the budget, has failed and never begins. It may be one of virtual threads. Default: a new daemon thread for each decision.
 * @param onFailure receives the purchase and the exception of each decision that threw, also when the decision was
 * late. It is called on a thread of the library. What it throws is ignored.
 * @throws KeySecureException.InvalidInput when the budget is negative.
 */
public class Responder private constructor(private val ffi: FfiResponder, private val decider: GuardedDecider?) {
    @JvmOverloads
    public constructor(
        decider: Decider,
        otherwise: Decision? = null,
        budget: Duration? = null,
        executor: Executor? = null,
        onFailure: BiConsumer<AuthEvent, Throwable>? = null,
    ) : this(GuardedDecider(decider, executor, onFailure, budget), otherwise, budget)

    private constructor(decider: GuardedDecider, otherwise: Decision?, budget: Duration?) : this(
        call {
            Warnings.install()
            FfiResponder(decider, otherwise?.toFfi(), budget)
        },
        decider,
    )

    /**
     * Returns the body to reply with. Accepts everything but a purchase immediately; a purchase in an unknown format gets the
     * default. Waits for the decision, also when the thread is interrupted; see `awaitReply` for coroutines.
     */
    public fun respond(received: VerifiedWebhook): String = webhook {
        if (decider == null) ffi.respond(received.ffi) else ffi.respondWith(received.ffi, decider.until(received.timeLeft))
    }

    public companion object {
        /** Creates a builder with your decision, for Java. */
        @JvmStatic
        public fun builder(decider: Decider): ResponderBuilder = ResponderBuilder(decider)

        /** Declines all purchases. */
        internal fun withoutDecider(): Responder = Responder(
            call {
                Warnings.install()
                io.keysecure.internal.ffi.responderWithoutDecider()
            },
            decider = null,
        )
    }
}
