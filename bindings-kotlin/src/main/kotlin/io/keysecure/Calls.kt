package io.keysecure

import java.time.Duration

/** The default `timeout` of a client. */
internal val DEFAULT_TIMEOUT: Duration = Duration.ofSeconds(30)

/**
 * The time limits of a client's calls.
 *
 * @property ensure the default `deadline` of its `ensure...` calls.
 */
internal class CallLimits(val timeout: Duration, val ensure: Duration) {
    /** What is cancelled when the client is closed. */
    val closing = Closing()
}

/**
 * Makes the calls of one object of the native library: on this thread, or for a virtual thread on another. What a call has waited
 * for a thread counts into its time limit.
 *
 * @param after the object for a call that has waited.
 */
internal class Calls<F>(val ffi: F, val limits: CallLimits, private val after: F.(Duration) -> F) {
    /** Makes a call that changes nothing. */
    fun <T> read(block: (F) -> T): T = CallThreads.READS.run(limit = limits.timeout) { make(limits.timeout, block) }

    /**
     * Makes a call that changes something on the platform.
     *
     * @param reference its merchant reference, for the log.
     */
    fun <T> mutate(operation: String, reference: String? = null, limit: Duration = limits.timeout, block: (F) -> T): T =
        CallThreads.MUTATIONS.run(operation, reference, limit) { make(limit, block) }

    /** Makes a call that does something exactly once. */
    fun <T> ensure(operation: String, reference: String, options: EnsureOptions, block: (F) -> T): T =
        mutate(operation, reference, options.deadline ?: limits.ensure, block)

    /** Opens a list, whose pages are read as calls that change nothing. */
    fun <T> list(open: (F) -> PageSource<T>): Pager<T> = Pager(limits) { call { open(ffi) } }

    private fun <T> make(limit: Duration, block: (F) -> T): T {
        val waited = QueueTime.take()
        return CurrentCall.make(limits, limit, waited) { call { block(if (waited == null) ffi else ffi.after(waited)) } }
    }
}

/** When the webhook that this thread handles arrived, as a value of [System.nanoTime]: before it waited for the thread. */
internal fun arrival(): Long = System.nanoTime() - (QueueTime.take()?.toNanos() ?: 0)

/** How long the work of this thread has waited for the thread: it counts into the time limit of the first call. */
internal object QueueTime {
    private val waited = ThreadLocal<Duration>()

    /** Runs work that has waited since [start], a value of [System.nanoTime]. */
    inline fun <T> after(start: Long, block: () -> T): T {
        set(Duration.ofNanos(System.nanoTime() - start))
        try {
            return block()
        } finally {
            clear()
        }
    }

    /** Returns the time, once; `null` when it is not worth counting. */
    fun take(): Duration? = waited.get()?.also { clear() }?.takeIf { it > NEGLIGIBLE }

    fun set(time: Duration) = waited.set(time)

    fun clear() = waited.remove()

    private val NEGLIGIBLE = Duration.ofMillis(1)
}
