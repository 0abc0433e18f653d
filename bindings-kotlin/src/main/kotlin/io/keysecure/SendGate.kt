package io.keysecure

import java.io.IOException
import java.time.Duration
import java.util.concurrent.atomic.AtomicReference

/**
 * Decides once whether a request is sent: the sender calls [open] before the first byte of the body (or before a request without
 * a body), the thread that gives up calls [abandon]. Only one of them succeeds, so an abandoned request is never sent, whatever
 * the HTTP stack does afterwards.
 *
 * @param within the time from now in which the request may start; `null` sets no limit.
 */
internal class SendGate(within: Duration?) {
    private enum class State { WAITING, SENDING, ABANDONED, LATE }

    private val state = AtomicReference(State.WAITING)
    private val created = System.nanoTime()
    private val limit = within?.nanos() ?: Long.MAX_VALUE

    /** Whether the request may be sent now. Returns true at most once. */
    fun open(): Boolean {
        val next = if (System.nanoTime() - created <= limit) State.SENDING else State.LATE
        return state.compareAndSet(State.WAITING, next) && next == State.SENDING
    }

    /** Prevents the request from being sent, and returns whether that succeeded. */
    fun abandon(): Boolean = state.compareAndSet(State.WAITING, State.ABANDONED) || state.get() != State.SENDING

    /** Whether the request was not sent because its time to start was over. */
    val late: Boolean get() = state.get() == State.LATE
}

/** Thrown by a sender when [SendGate.open] returned false. */
internal class SendRefused : IOException("the request was abandoned before it was sent")

/** The duration in nanoseconds, limited to the range of a `Long`. */
internal fun Duration.nanos(): Long =
    try {
        toNanos()
    } catch (_: ArithmeticException) {
        if (isNegative) 0 else Long.MAX_VALUE
    }
