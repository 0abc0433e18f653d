package io.keysecure

import io.keysecure.ffi.Observer as FfiObserver
import java.util.function.Consumer

/**
 * Receives a record of every attempt and every call, for logs, metrics and traces.
 *
 * Methods run on the thread of the call and should return quickly; what they throw is ignored. The records hold no secrets, no
 * paths and no card or cardholder numbers.
 */
public interface Observer {
    /** Called after every HTTP exchange. Exchanges that fetch a token have the operation `token`. */
    public fun attempt(record: AttemptRecord) {}

    /** Called after every call, with the number of its attempts. */
    public fun call(record: CallRecord) {}

    /** Called once when the token store becomes unavailable (`false`), and once when it is available again (`true`). */
    public fun tokenStore(available: Boolean) {}

    /**
     * Called once when the attempt store becomes unavailable (`false`), and once when it is available again (`true`). In between,
     * `ensure...` calls are refused and the attempts of other calls are recorded in memory only.
     */
    public fun attemptStore(available: Boolean) {}
}

/** Writes one line for each attempt, and for each change in the availability of a store, to any logger. */
public class LogObserver(private val log: Consumer<String>) : Observer {
    override fun attempt(record: AttemptRecord) {
        val parts = listOf(
            "operation" to record.operation,
            "attempt" to record.attempt,
            "ms" to record.duration.toMillis(),
            "http_status" to record.httpStatus,
            "code" to record.code,
            "outcome" to record.outcome?.name?.lowercase(),
        )
        log.accept(parts.filter { it.second != null }.joinToString(" ") { (name, value) -> "$name=$value" })
    }

    override fun tokenStore(available: Boolean) {
        log.accept(if (available) "the token store can be reached again" else "the token store cannot be reached")
    }

    override fun attemptStore(available: Boolean) {
        log.accept(if (available) "the attempt store can be reached again" else "the attempt store cannot be reached")
    }
}

/** Adapts an [Observer] to the native library: an exception must not propagate into native code. */
internal class GuardedObserver(private val inner: Observer) : FfiObserver {
    override fun attempt(record: AttemptRecord) = quietly { inner.attempt(record) }

    override fun call(record: CallRecord) = quietly { inner.call(record) }

    override fun tokenStore(available: Boolean) = quietly { inner.tokenStore(available) }

    override fun attemptStore(available: Boolean) = quietly { inner.attemptStore(available) }

    private inline fun quietly(block: () -> Unit) {
        try {
            block()
        } catch (_: Throwable) {
            // An observer that fails must not fail a payment.
        }
    }
}
