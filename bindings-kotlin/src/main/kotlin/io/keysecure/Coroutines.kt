@file:JvmName("Coroutines")

package io.keysecure

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.withContext

// Needs kotlinx-coroutines-core, which this library does not bring: add it to your own dependencies.

/** Where blocking calls run: at most 16 at once, on threads that are made for waiting. */
public val keySecureDispatcher: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(16, "keysecure")

/**
 * Runs blocking calls off the caller's thread: `val card = client.io { cards().get(cardNo) }`.
 *
 * A call that has begun is not torn down by cancellation: the coroutine ends when the call ends, at most after the client's
 * time-out, so that no payment is left behind unseen.
 */
public suspend fun <T> Client.io(block: Client.() -> T): T = withContext(keySecureDispatcher) { block() }

/** The list as a cold flow; pages are fetched off the collector's thread. */
public fun <T> Rows<T>.asFlow(): Flow<T> = flow { for (row in this@asFlow) emit(row) }.flowOn(keySecureDispatcher)
