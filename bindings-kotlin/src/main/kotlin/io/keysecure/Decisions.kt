package io.keysecure

import io.keysecure.ffi.Decider as FfiDecider
import io.keysecure.ffi.Decision as FfiDecision
import io.keysecure.ffi.ForeignFailure
import io.keysecure.model.AuthEvent
import java.util.concurrent.ExecutionException
import java.util.concurrent.Executor
import java.util.concurrent.FutureTask
import java.util.function.BiConsumer

/** Adapts a [Decider] to the native library, which calls it on a native thread of its own for each decision. */
internal class GuardedDecider(
    private val inner: Decider,
    private val executor: Executor?,
    private val onFailure: BiConsumer<AuthEvent, Throwable>?,
) : FfiDecider {
    // A native thread has none: no class of an application in a container, no service and no JNDI name would be found.
    private val loader: ClassLoader? = Thread.currentThread().contextClassLoader

    override fun decide(purchase: AuthEvent): FfiDecision =
        try {
            (if (executor == null) decideHere(purchase) else decideOn(executor, purchase)).toFfi()
        } catch (error: Throwable) {
            report(purchase, error)
            throw ForeignFailure.Failed(described(error))
        }

    private fun decideHere(purchase: AuthEvent): Decision {
        Thread.currentThread().contextClassLoader = loader
        return inner.decide(purchase)
    }

    private fun decideOn(executor: Executor, purchase: AuthEvent): Decision {
        val decision = FutureTask { inner.decide(purchase) }
        executor.execute(decision)
        return try {
            decision.get()
        } catch (failed: ExecutionException) {
            throw failed.cause ?: failed
        }
    }

    private fun report(purchase: AuthEvent, error: Throwable) {
        try {
            onFailure?.accept(purchase, error)
        } catch (_: Throwable) {
            // The reply to a purchase must not depend on it.
        }
    }
}
