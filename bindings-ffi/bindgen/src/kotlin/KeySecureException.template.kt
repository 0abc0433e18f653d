
package io.keysecure

import io.keysecure.model.ErrorDetails
import io.keysecure.model.ErrorKind
import io.keysecure.model.Outcome

/**
 * Why a call failed, and what that means. [message] is readable and holds no secret.
 *
 * Ask [outcome] before sending a mutation again: [Outcome.UNKNOWN] means that it may have been done.
 */
public sealed class KeySecureException(details: ErrorDetails) : RuntimeException(details.text) {
    private val known: Outcome? = details.outcome

    /** What kind of error it is. */
    public val kind: ErrorKind = details.kind

    /** Whether the operation was done. An exception that lost this on its way, rebuilt from less than all of it, says `UNKNOWN`. */
    public val outcome: Outcome get() = known ?: Outcome.UNKNOWN
// FIELDS
// CLASSES
}

/** The exception of the kind that the details name. */
internal fun exceptionFor(details: ErrorDetails): KeySecureException = when (details.kind) {
// BRANCHES
}
