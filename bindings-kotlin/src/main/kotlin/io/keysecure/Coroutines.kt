@file:JvmName("Coroutines")

package io.keysecure

import io.keysecure.model.AuthEvent
import io.keysecure.model.Event
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import java.util.concurrent.atomic.AtomicBoolean

// Needs kotlinx-coroutines-core 1.6 or later, an optional dependency: add it to your own project.

/** The dispatcher that runs blocking calls: at most 16 at once, on threads of [Dispatchers.IO]. */
public val keySecureDispatcher: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(16)

/** Mutations have threads of their own: a payment must not wait behind reads that hang. */
private val mutationDispatcher: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(64)

/** Webhooks have threads of their own: a purchase must not wait behind calls that hang. */
private val webhookDispatcher: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(64)

/** Nor behind the handlers of other events, which may take a minute. */
private val handlerDispatcher: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(64)

/**
 * Runs blocking calls off the caller's thread: `val card = client.io { cards().get(cardNo) }`.
 *
 * The wait for a thread counts into the time limit of the first call of the block. Say so when a block pays, or changes something else
 * on the platform: it then has threads of its own, and does not wait behind reads that hang.
 *
 *     val done = client.io(mutates = true) { accounts().transfer(transfer) }
 *
 * Cancellation does not interrupt a block that has started: it runs to its end, and `io` returns its result. A block that is
 * cancelled before it starts does not run.
 *
 * `withTimeout` and `withTimeoutOrNull` discard what their own block returns after the time, also the result of a payment that was
 * made. Limit a payment by the `timeout` of the client instead, or use its result within the block of `io`, which always runs to its
 * end:
 *
 *     withTimeout(5_000) { client.io(mutates = true) { accounts().transfer(transfer).also { payments.record(it) } } }
 *
 * or let the payment outlive the wait for it, in another scope:
 *
 *     val payment = scope.async { client.io(mutates = true) { accounts().transfer(transfer) } }
 *     val done = withTimeoutOrNull(5_000) { payment.await() } // null: not known yet, payment.await() returns it later
 *
 * @param mutates true for a block that changes something on the platform. At most 64 of these blocks run at once, and 16 others.
 * @throws KeySecureException as the blocking call does.
 */
@JvmSynthetic // Java has no suspending functions.
public suspend fun <T> Client.io(mutates: Boolean = false, block: Client.() -> T): T =
    runOn(if (mutates) mutationDispatcher else keySecureDispatcher) { block() }

/**
 * Suspends while a webhook is verified or claimed: `val received = verifier.io { verify(headers, body) }`. A verifier with a store
 * blocks its thread for the store. Cancellation is that of [Client.io].
 *
 * @throws KeySecureException as the blocking call does.
 */
@JvmSynthetic
public suspend fun <T> WebhookVerifier.io(block: WebhookVerifier.() -> T): T = runOn(webhookDispatcher) { block() }

/**
 * Suspends until the decision is made or its time is over, and returns the body to reply with; see [Responder.respond]. At most 64
 * webhooks are handled at once. Cancellation does not interrupt a decision that has started.
 */
@JvmSynthetic
public suspend fun Responder.awaitReply(received: VerifiedWebhook): String = runOn(webhookDispatcher) { respond(received) }

/**
 * Suspends while a webhook is received, and returns the response to send; see [WebhookReceiver.receive]. At most 64 webhooks are
 * verified or decided at once, and 64 handled. Cancellation does not interrupt a decision or a handler that has started.
 */
@JvmSynthetic
public suspend fun WebhookReceiver.awaitResponse(headers: Map<String, *>, body: ByteArray): WebhookResponse {
    return finished(runOn(webhookDispatcher) { begin(headers, body) })
}

/**
 * Suspends while a webhook is read and received. The time to reply to a purchase counts from now, before the body is read:
 *
 *     val response = receiver.awaitResponse(headers) { max -> channel.readRemaining(max.toLong()).readByteArray() }
 *
 * @param body reads at most `max` bytes: [WebhookReceiver.maxBody] and one more.
 */
@JvmSynthetic
public suspend fun WebhookReceiver.awaitResponse(headers: Map<String, *>, body: suspend (max: Int) -> ByteArray): WebhookResponse {
    val start = System.nanoTime()
    val bytes = body(maxBody + 1)
    val begun = runOn(webhookDispatcher) {
        // Part of the time since the start.
        QueueTime.clear()
        begin(headers, bytes, start)
    }
    return finished(begun)
}

private suspend fun WebhookReceiver.finished(begun: WebhookReceiver.Begun): WebhookResponse {
    if (begun !is WebhookReceiver.Begun.Claimed) return finish(begun)
    var isHandled = false
    try {
        return runOn(handlerDispatcher) {
            isHandled = true
            // The handler's own calls have not waited.
            QueueTime.clear()
            finish(begun)
        }
    } finally {
        // Cancelled before a thread was free: the next delivery is accepted.
        if (!isHandled) withContext(NonCancellable + webhookDispatcher) { begun.claim.close() }
    }
}

/**
 * A decider that may suspend: `Responder(suspendingDecider { purchase -> decide(limits.of(purchase.cardNo)) })`.
 *
 * A decision that is late is not cancelled.
 *
 * @param context where the decisions run. Default: `Dispatchers.Default`.
 */
@JvmSynthetic
public fun suspendingDecider(
    context: CoroutineContext = Dispatchers.Default,
    decide: suspend (AuthEvent) -> Decision,
): Decider = Decider { purchase -> runBlocking(context) { decide(purchase) } }

/**
 * A handler that may suspend: `WebhookReceiver(verifier, responder, handler = suspendingHandler { event -> queue.send(event) })`.
 *
 * @param context where the handler runs. Default: `Dispatchers.Default`.
 */
@JvmSynthetic
public fun suspendingHandler(
    context: CoroutineContext = Dispatchers.Default,
    handle: suspend (Event) -> Unit,
): EventHandler = EventHandler { event -> runBlocking(context) { handle(event) } }

/**
 * A session that may suspend: `Client.relay(url, suspendingSession { refused -> login.token(renew = refused) }) {}`.
 *
 * It is cancelled when the time of the call is over, when the thread of the call is interrupted, and when the client is closed.
 *
 * @param context where it runs. Default: `Dispatchers.Default`. With a job, it is also cancelled with that.
 */
@JvmSynthetic
public fun suspendingSession(
    context: CoroutineContext = Dispatchers.Default,
    token: suspend (refused: Boolean) -> String?,
): Session = Session { refused ->
    val call = CurrentCall.get()
    runBlocking(context) {
        val job = coroutineContext.job
        if (call == null) {
            token(refused)
        } else {
            // The call's own clock began a little later: it must see that its time is over.
            val limit = call.left().toMillis() + 100
            call.cancelling({ job.cancel() }) { withTimeout(limit) { token(refused) } }
        }
    }
}

/** Runs a block on a dispatcher, to its end once it has started. */
internal suspend fun <T> runOn(dispatcher: CoroutineDispatcher, block: () -> T): T {
    val caller = currentCoroutineContext()
    val start = System.nanoTime()
    // Set by whoever is first: the block that starts, or the cancellation.
    val isDecided = AtomicBoolean()
    val result = CompletableDeferred<T>()
    // With the caller's own cancellation, the result of a finished call would be discarded.
    return withContext(NonCancellable) {
        val cancellation = CoroutineScope(caller + Dispatchers.Unconfined).launch(start = CoroutineStart.UNDISPATCHED) {
            try {
                awaitCancellation()
            } finally {
                if (isDecided.compareAndSet(false, true)) result.completeExceptionally(CancellationException("not started"))
            }
        }
        CoroutineScope(caller.minusKey(Job) + dispatcher).launch {
            if (isDecided.compareAndSet(false, true)) runCatching { QueueTime.after(start, block) }.fold(result::complete, result::completeExceptionally)
        }
        try {
            result.await()
        } catch (ended: CancellationException) {
            caller.ensureActive()
            throw ended
        } finally {
            cancellation.cancel()
        }
    }
}

/**
 * The remaining rows as a flow. Pages are fetched off the collector's thread, each when its first row is collected.
 *
 * @throws KeySecureException while collecting, when a request fails or a row is not valid.
 */
public fun <T> Pager<T>.asFlow(): Flow<T> = flow {
    val rows = iterator()
    // Not by `flowOn`, which reads rows ahead: those would be lost to the next pass when the collector stops.
    while (hasFetched() || hasNext(rows)) emit(rows.next())
}

/** Fetches a page, whose wait for a thread counts into its time limit. */
private suspend fun hasNext(rows: Iterator<*>): Boolean {
    val start = System.nanoTime()
    return withContext(keySecureDispatcher) { QueueTime.after(start) { rows.hasNext() } }
}
