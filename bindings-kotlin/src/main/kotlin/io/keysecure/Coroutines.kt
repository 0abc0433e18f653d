@file:JvmName("Coroutines")

package io.keysecure

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withContext

// Needs kotlinx-coroutines-core 1.6 or later, an optional dependency: add it to your own project.

/** The dispatcher that runs blocking calls: at most 16 at once, on threads of [Dispatchers.IO]. */
public val keySecureDispatcher: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(16)

/**
 * Runs blocking calls off the caller's thread: `val card = client.io { cards().get(cardNo) }`.
 *
 * Cancellation does not interrupt a block that has started, and its result is returned, so that the outcome of a payment is
 * never lost: `withTimeout` returns when the block does. A block that is cancelled before it starts does not run.
 *
 * @throws KeySecureException as the blocking call does.
 */
public suspend fun <T> Client.io(block: Client.() -> T): T {
    val caller = currentCoroutineContext()
    // With the caller's own cancellation, the result of a finished call would be discarded.
    return withContext(NonCancellable) {
        withContext(keySecureDispatcher) {
            caller.ensureActive()
            block()
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
    while (hasFetched() || withContext(keySecureDispatcher) { rows.hasNext() }) emit(rows.next())
}
