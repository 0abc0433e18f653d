package io.keysecure

import java.io.IOException
import java.time.Duration
import java.util.concurrent.atomic.AtomicReference

/**
 * The one moment at which a request may begin to leave: its body, or a request without one. Whoever sends it asks
 * [begin] just before; whoever gives up says [abandon]. Only one of the two succeeds, so what was abandoned in time never
 * leaves, whatever the HTTP stack does later.
 *
 * @param within how long from now it may begin; `null` sets no limit.
 */
internal class Departure(within: Duration?) {
    private enum class State { WAITING, BEGUN, ABANDONED, LATE }

    private val state = AtomicReference(State.WAITING)
    private val born = System.nanoTime()
    private val limit = within?.nanos() ?: Long.MAX_VALUE

    /** Whether the request may leave now. The first question only can be answered with yes. */
    fun begin(): Boolean {
        val next = if (System.nanoTime() - born <= limit) State.BEGUN else State.LATE
        return state.compareAndSet(State.WAITING, next) && next == State.BEGUN
    }

    /** Keeps it from leaving, and says whether that succeeded: whether nothing has left and nothing will. */
    fun abandon(): Boolean = state.compareAndSet(State.WAITING, State.ABANDONED) || state.get() != State.BEGUN

    /** Whether it did not begin because its time was over. */
    val late: Boolean get() = state.get() == State.LATE
}

/** What [Departure.begin] refused. */
internal class NotBegun : IOException("the request was abandoned before it began to leave")

/** Nanoseconds; centuries become as many as there can be. */
internal fun Duration.nanos(): Long =
    try {
        toNanos()
    } catch (_: ArithmeticException) {
        if (isNegative) 0 else Long.MAX_VALUE
    }
