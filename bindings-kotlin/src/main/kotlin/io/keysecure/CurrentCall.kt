package io.keysecure

import java.time.Duration
import java.util.concurrent.ConcurrentHashMap

/**
 * The call that a thread makes, for code of the caller that the call waits for.
 *
 * @property end when its time is over, as a value of [System.nanoTime].
 */
internal class CurrentCall private constructor(private val end: Long, private val closing: Closing) {
    /** The time that is left for it. */
    fun left(): Duration = Duration.ofNanos((end - System.nanoTime()).coerceAtLeast(0))

    /** Runs a block, and [cancel], on another thread, when the client is closed meanwhile. */
    inline fun <T> cancelling(cancel: Runnable, block: () -> T): T {
        closing.add(cancel)
        try {
            return block()
        } finally {
            closing.remove(cancel)
        }
    }

    companion object {
        private val calls = ThreadLocal<CurrentCall>()

        /** The call of this thread; `null` outside of calls. */
        fun get(): CurrentCall? = calls.get()

        /** Makes a call with a time limit, of which [waited] is over. */
        inline fun <T> make(limits: CallLimits, limit: Duration, waited: Duration?, block: () -> T): T {
            // The code that a call waits for may make calls itself.
            val outer = enter(limits, limit.minus(waited ?: Duration.ZERO))
            try {
                return block()
            } finally {
                leave(outer)
            }
        }

        fun enter(limits: CallLimits, limit: Duration): CurrentCall? {
            val outer = calls.get()
            calls.set(CurrentCall(System.nanoTime() + limit.nanos().coerceAtMost(LONGEST), limits.closing))
            return outer
        }

        fun leave(outer: CurrentCall?) = if (outer == null) calls.remove() else calls.set(outer)

        /** A longer one could not be compared in nanoseconds. */
        private const val LONGEST = Long.MAX_VALUE / 2
    }
}

/** What is cancelled when a client is closed. */
internal class Closing {
    private val waiting = ConcurrentHashMap.newKeySet<Runnable>()

    @Volatile
    private var isClosed = false

    fun add(cancel: Runnable) {
        waiting.add(cancel)
        if (isClosed) cancel.run()
    }

    fun remove(cancel: Runnable) {
        waiting.remove(cancel)
    }

    fun close() {
        isClosed = true
        waiting.forEach(Runnable::run)
    }
}
