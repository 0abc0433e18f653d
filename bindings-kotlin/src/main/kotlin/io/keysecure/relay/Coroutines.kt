@file:JvmName("RelayCoroutines")

package io.keysecure.relay

import io.keysecure.listOfHeaders
import io.keysecure.runOn
import kotlin.coroutines.CoroutineContext
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull

// Needs kotlinx-coroutines-core 1.6 or later, an optional dependency: add it to your own project.

/** A transfer takes up to 180 s: it has threads of its own. */
private val relayDispatcher = Dispatchers.IO.limitedParallelism(64)

private const val BODY_MILLIS = 10_000L

private const val AUTHORIZE_MILLIS = 30_000L

/**
 * Suspends while a request is read and served, and returns the response; see [Relay.handle]. At most 64 requests are served at once.
 * Cancellation does not interrupt a request that has started.
 *
 *     val response = relay.awaitResponse(method, rawPath, headers) { max -> channel.readRemaining(max.toLong()).readByteArray() }
 *
 * @param context passed on to `authorize`, such as the request object of the server.
 * @param body reads at most `max` bytes: [Relay.maxRequestBytes] and one more. It is cancelled after 10 seconds.
 */
@JvmSynthetic
public suspend fun Relay.awaitResponse(
    method: String,
    path: String,
    headers: Map<String, *>,
    context: Any? = null,
    body: suspend (max: Int) -> ByteArray,
): RelayResponse {
    val fields = listOfHeaders(headers)
    val bytes = when {
        method != "POST" -> ByteArray(0)
        bodies.isTooLarge(fields) -> bodies.tooLarge()
        else -> bodies.checked(fields, withTimeoutOrNull(BODY_MILLIS) { body(maxRequestBytes + 1) })
    }
    return runOn(relayDispatcher) { serve(method, path, fields, bytes, context) }
}

/** The chunks of a stream as a flow, which needs no thread while it waits. It closes the stream when it ends or is cancelled. */
public fun EventStream.asFlow(): Flow<String> = flow {
    val news = Channel<Unit>(Channel.CONFLATED)
    use {
        onNews { news.trySend(Unit) }.use {
            while (true) {
                val chunk = poll() ?: break
                if (chunk.isEmpty()) withTimeoutOrNull(EventStream.POLL_SECONDS * 1000) { news.receive() } else emit(chunk)
            }
        }
    }
}

/**
 * A function for [Relay] that may suspend: `Relay(client, authorize = suspendingAuthorize { request -> scopeOf(request.bearer) })`.
 * It blocks the thread of the request, and is cancelled after 30 seconds: the request is then refused.
 *
 * @param context where it runs. Default: `Dispatchers.Default`.
 */
@JvmSynthetic
public fun suspendingAuthorize(
    context: CoroutineContext = Dispatchers.Default,
    authorize: suspend (RelayRequest) -> Scope?,
): Authorize = suspendingWithin(AUTHORIZE_MILLIS, context, authorize)

@JvmSynthetic
internal fun suspendingWithin(millis: Long, context: CoroutineContext, authorize: suspend (RelayRequest) -> Scope?): Authorize =
    Authorize { request -> runBlocking(context) { withTimeout(millis) { authorize(request) } } }
