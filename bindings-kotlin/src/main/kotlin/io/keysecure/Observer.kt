package io.keysecure

import io.keysecure.ffi.AttemptRecord
import io.keysecure.ffi.CallRecord
import io.keysecure.ffi.Observer as FfiObserver

/**
 * Is told of every attempt and every call, for logs, metrics and traces, on the thread that makes the call. It should be
 * quick; what it throws is dropped. The records hold no secret, no path and no number of a card or cardholder.
 */
public interface Observer {
    /** One HTTP exchange ended; those that fetch a token are reported under the operation `token`. */
    public fun attempt(record: AttemptRecord) {}

    /** One call ended, with all its attempts. */
    public fun call(record: CallRecord) {}

    /** The token store could not be reached (`false`), or can be reached again (`true`). Told once each. */
    public fun tokenStore(available: Boolean) {}

    /**
     * The attempt store could not be reached (`false`), or can be reached again (`true`). Called once each. Between the two,
     * `ensure...` calls are refused and the attempts of other calls are recorded in memory only.
     */
    public fun attemptStore(available: Boolean) {}
}

/** Hands a line of text for each attempt and for the state of the stores to any logger. */
public class LogObserver(private val log: (String) -> Unit) : Observer {
    override fun attempt(record: AttemptRecord) {
        val parts = listOf(
            "operation" to record.operation,
            "attempt" to record.attempt,
            "ms" to record.duration.toMillis(),
            "http_status" to record.httpStatus,
            "code" to record.code,
            "outcome" to record.outcome?.name?.lowercase(),
        )
        log(parts.filter { it.second != null }.joinToString(" ") { (name, value) -> "$name=$value" })
    }

    override fun tokenStore(available: Boolean) {
        log(if (available) "the token store can be reached again" else "the token store cannot be reached")
    }

    override fun attemptStore(available: Boolean) {
        log(if (available) "the attempt store can be reached again" else "the attempt store cannot be reached")
    }
}

/** The library's view of an observer: nothing may escape into native code. */
internal class GuardedObserver(private val inner: Observer) : FfiObserver {
    override fun attempt(record: AttemptRecord) = quietly { inner.attempt(record) }

    override fun call(record: CallRecord) = quietly { inner.call(record) }

    override fun tokenStore(available: Boolean) = quietly { inner.tokenStore(available) }

    override fun attemptStore(available: Boolean) = quietly { inner.attemptStore(available) }

    private inline fun quietly(block: () -> Unit) {
        try {
            block()
        } catch (_: Throwable) {
            // A log that fails must not fail a payment.
        }
    }
}
