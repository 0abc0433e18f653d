
package io.keysecure

import io.keysecure.model.*

/**
 * Thrown when a call fails. The class tells the kind of the error, [outcome] whether the operation was carried out. [message] is
 * readable and holds no secret.
 *
 * Check [outcome] before sending a mutation again: with [Outcome.UNKNOWN] it may have been carried out.
 */
public sealed class KeySecureException(details: ErrorDetails) : RuntimeException(details.text) {
    private val known: Outcome? = details.outcome

    /** The kind of the error. */
    public val kind: ErrorKind = details.kind

    /** Whether the operation was carried out. `UNKNOWN` in an exception that was rebuilt without its details. */
    public val outcome: Outcome get() = known ?: Outcome.UNKNOWN
// FIELDS
// CLASSES
    public companion object {
        /**
         * Creates an exception as a call would throw it, for tests of code that handles errors:
         *
         *     KeySecureException.of(ErrorDetails("no such card", ErrorKind.NOT_FOUND, Outcome.REJECTED, code = 2002))
         */
        @JvmStatic
        public fun of(details: ErrorDetails): KeySecureException = exceptionFor(details)
    }
}

/** The exception of the kind that the details name. */
internal fun exceptionFor(details: ErrorDetails): KeySecureException = when (details.kind) {
// BRANCHES
}
