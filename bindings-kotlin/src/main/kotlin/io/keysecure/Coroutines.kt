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

// Needs kotlinx-coroutines-core 1.9 or later, which this library does not bring: add it to your own dependencies.

/** Where blocking calls run: at most 16 at once, on threads that are made for waiting. */
public val keySecureDispatcher: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(16, "keysecure")

/**
 * Runs blocking calls off the caller's thread: `val card = client.io { cards().get(cardNo) }`.
 *
 * Work that has begun is not torn down by cancellation, and its result is given all the same, so that no payment is left behind
 * unseen: `withTimeout` ends when the work ends. Work that is cancelled before it begins does nothing.
 */
public suspend fun <T> Client.io(block: Client.() -> T): T {
    val caller = currentCoroutineContext()
    // Under the caller's own cancellation the result of a finished call would be thrown away.
    return withContext(NonCancellable) {
        withContext(keySecureDispatcher) {
            caller.ensureActive()
            block()
        }
    }
}

/** The rows that are left, as a flow. Pages are fetched off the collector's thread, each when its first row is collected. */
public fun <T> Pager<T>.asFlow(): Flow<T> = flow {
    val rows = iterator()
    // Not by `flowOn`, which reads rows ahead: those would be lost to the next pass when the collector stops.
    while (hasFetched() || withContext(keySecureDispatcher) { rows.hasNext() }) emit(rows.next())
}
