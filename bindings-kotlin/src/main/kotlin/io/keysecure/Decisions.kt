package io.keysecure

import io.keysecure.internal.ffi.FfiDecider
import io.keysecure.internal.ffi.FfiDecision
import io.keysecure.internal.ffi.FfiForeignFailure
import io.keysecure.model.AuthEvent
import java.time.Duration
import java.util.concurrent.ExecutionException
import java.util.concurrent.Executor
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import java.util.concurrent.atomic.AtomicBoolean
import java.util.function.BiConsumer

/** Adapts a [Decider] to the native library, which calls it on a native thread of its own for each decision. */
internal class GuardedDecider(
    private val inner: Decider,
    private val executor: Executor?,
    private val onFailure: BiConsumer<AuthEvent, Throwable>?,
    budget: Duration?,
) : FfiDecider {
    private val budget: Duration = minOf(budget ?: DEFAULT_BUDGET, REPLY_TIME)

    // A native thread has none: no class of an application in a container, no service and no JNDI name would be found.
    private val loader: ClassLoader? = Thread.currentThread().contextClassLoader

    /** Decides on one purchase, whose reply has [timeLeft]. The budget began with the verification of the webhook, as that time did. */
    fun until(timeLeft: Duration): FfiDecider {
        val end = System.nanoTime() + (timeLeft - REPLY_TIME + budget).nanos()
        return object : FfiDecider {
            override fun decide(purchase: AuthEvent): FfiDecision = decide(purchase, end)
        }
    }

    override fun decide(purchase: AuthEvent): FfiDecision = decide(purchase, System.nanoTime() + budget.nanos())

    /** @param end of the budget, as a value of [System.nanoTime]. */
    private fun decide(purchase: AuthEvent, end: Long): FfiDecision =
        try {
            (if (executor == null) decideHere(purchase) else decideOn(executor, purchase, end)).toFfi()
        } catch (error: Throwable) {
            report(purchase, error)
            throw FfiForeignFailure.Failed(described(error))
        }

    private fun decideHere(purchase: AuthEvent): Decision {
        Thread.currentThread().contextClassLoader = loader
        return inner.decide(purchase)
    }

    /**
     * Waits for the end of a decision that has begun: its failure is reported, however late. One that has not begun by the end of the
     * budget never begins: it would reserve money for a purchase that is declined, and an executor may have dropped it.
     */
    private fun decideOn(executor: Executor, purchase: AuthEvent, end: Long): Decision {
        // Taken by the decision or by the end of its budget, whichever comes first.
        val isTaken = AtomicBoolean()
        val decision = FutureTask {
            if (end - System.nanoTime() > 0 && isTaken.compareAndSet(false, true)) inner.decide(purchase) else throw notBegun()
        }
        executor.execute(decision)
        return try {
            try {
                decision.get(end - System.nanoTime(), TimeUnit.NANOSECONDS)
            } catch (_: TimeoutException) {
                if (isTaken.compareAndSet(false, true)) throw notBegun()
                decision.get()
            }
        } catch (failed: ExecutionException) {
            throw failed.cause ?: failed
        }
    }

    private fun notBegun() = TimeoutException("late: the executor began no decision within the budget")

    private fun report(purchase: AuthEvent, error: Throwable) {
        try {
            onFailure?.accept(purchase, error)
        } catch (_: Throwable) {
            // The reply to a purchase must not depend on it.
        }
    }

    private companion object {
        /** That of the native library. */
        val DEFAULT_BUDGET: Duration = Duration.ofMillis(600)

        /** How long the platform waits for a reply. */
        val REPLY_TIME: Duration = Duration.ofMillis(800)
    }
}
