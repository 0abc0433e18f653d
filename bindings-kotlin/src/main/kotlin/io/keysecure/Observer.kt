package io.keysecure

import io.keysecure.internal.ffi.FfiObserver
import io.keysecure.model.Outcome
import io.keysecure.model.TransportFault
import java.util.function.Consumer
import java.util.logging.Level
import java.util.logging.Logger

/**
 * Receives a record of every attempt and every call, for logs, metrics and traces.
 *
 * Methods run on the thread of the call (for a virtual thread: on a platform thread, see [Client]) and should return quickly; what
 * they throw is ignored. The records hold no secrets, no paths and no card or cardholder numbers.
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

/**
 * Writes one line for each attempt, each call and each change in the availability of a store.
 *
 * With a [Logger] of `java.util.logging`, attempts have level `FINE`, calls `INFO`. A failed call has a higher level: `SEVERE` for
 * a mutation with an unknown outcome, `WARNING` for every other failed mutation and for a read without a reply of the platform. A read
 * that the platform refuses stays at `INFO`. [Slf4jObserver] does the same for SLF4J.
 */
public class LogObserver private constructor(private val write: (Level, String) -> Unit) : Observer {
    /** Writes all lines to a function, without a level. */
    public constructor(log: Consumer<String>) : this({ _, line -> log.accept(line) })

    /** Writes to a logger of `java.util.logging`. */
    public constructor(logger: Logger) : this({ level, line -> logger.log(level, line) })

    override fun attempt(record: AttemptRecord): Unit = write(Level.FINE, lineOf(record))

    override fun call(record: CallRecord): Unit = write(levelOf(record), lineOf(record))

    override fun tokenStore(available: Boolean): Unit = store("token", available)

    override fun attemptStore(available: Boolean): Unit = store("attempt", available)

    private fun store(name: String, available: Boolean) =
        write(if (available) Level.INFO else Level.WARNING, lineOfStore(name, available))
}

/** The level of a call's end, as the `log` facade of the native library has it. */
internal fun levelOf(record: CallRecord): Level = when {
    record.outcome == null -> Level.INFO
    record.outcome == Outcome.UNKNOWN && record.isMutation -> Level.SEVERE
    // The caller cancelled the call, which changed nothing.
    record.transportFault == TransportFault.INTERRUPTED -> Level.INFO
    // The caller asked, and this is the reply.
    record.outcome == Outcome.REJECTED && !record.isMutation -> Level.INFO
    else -> Level.WARNING
}

internal fun lineOf(record: AttemptRecord): String = line(
    "operation" to record.operation,
    "attempt" to record.attempt,
    "ms" to record.duration.toMillis(),
    "http_status" to record.httpStatus,
    "code" to record.code,
    "outcome" to record.outcome?.name?.lowercase(),
)

internal fun lineOf(record: CallRecord): String = line(
    "operation" to record.operation,
    "attempts" to record.attempts,
    "ms" to record.duration.toMillis(),
    "code" to record.code,
    "error" to record.kind?.name?.lowercase(),
    "outcome" to record.outcome?.name?.lowercase(),
)

internal fun lineOfStore(name: String, available: Boolean): String =
    if (available) "the $name store can be reached again" else "the $name store cannot be reached"

private fun line(vararg parts: Pair<String, Any?>): String =
    parts.filter { it.second != null }.joinToString(" ") { (name, value) -> "$name=$value" }

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
