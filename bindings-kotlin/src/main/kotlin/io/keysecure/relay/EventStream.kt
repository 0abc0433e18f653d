package io.keysecure.relay

import io.keysecure.internal.relay.FfiEventStream
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.Semaphore
import java.util.concurrent.TimeUnit

/**
 * The webhooks of a session's cardholder as server-sent events, of [RelayResponse.events]. [RelayResponse.writeTo] writes them.
 *
 * As an iterator it blocks until the next chunk, 15 seconds at most (then a comment comes), and ends when the session is due to be
 * authorized again, when the stream is closed, and when the thread is interrupted: the app then connects again. A server learns that
 * an app has gone when it writes. Waiting keeps a platform thread; a virtual thread parks and keeps none. For coroutines there is
 * `asFlow`. At most 4 streams of a session are open; close each one.
 */
public class EventStream internal constructor(private val ffi: FfiEventStream, private val watch: Watch) :
    Iterator<String>, AutoCloseable {
    private val news = Semaphore(0)
    private val waker = Runnable { news.release() }
    private var next: String? = null

    @Volatile
    private var isClosed = false

    init {
        watch.add(waker)
    }

    /** Returns the next chunk if there is one now, an empty text if there is none, and `null` when the stream has ended. */
    public fun poll(): String? {
        val chunk = if (isClosed) null else relayCall { ffi.poll() }
        if (chunk == null) close()
        return chunk
    }

    override fun hasNext(): Boolean {
        while (next == null) {
            // Before the stream is read: what is published from now on ends the wait.
            news.drainPermits()
            val chunk = poll() ?: return false
            if (chunk.isNotEmpty()) next = chunk else waitForNews()
        }
        return true
    }

    override fun next(): String {
        if (!hasNext()) throw NoSuchElementException("the stream has ended")
        return checkNotNull(next).also { next = null }
    }

    private fun waitForNews() {
        try {
            news.tryAcquire(POLL_SECONDS, TimeUnit.SECONDS)
        } catch (_: InterruptedException) {
            Thread.currentThread().interrupt()
            close()
        }
    }

    /** Calls a function when there may be news, until the stream ends. */
    internal fun onNews(listener: Runnable): AutoCloseable {
        watch.add(listener)
        return AutoCloseable { watch.remove(listener) }
    }

    /** Ends the stream. A thread that waits for it continues. */
    override fun close() {
        if (isClosed) return
        isClosed = true
        watch.remove(waker)
        relayCall { ffi.end() }
        news.release()
    }

    override fun toString(): String = "EventStream"

    internal companion object {
        /** How long a stream waits until it looks again: comments are due every 15 seconds. */
        const val POLL_SECONDS = 1L
    }
}

/** What is called when a webhook is published. */
internal class Watch {
    private val wakers = ConcurrentHashMap.newKeySet<Runnable>()

    fun add(waker: Runnable) {
        wakers.add(waker)
    }

    fun remove(waker: Runnable) {
        wakers.remove(waker)
    }

    fun wake() = wakers.forEach(Runnable::run)
}
