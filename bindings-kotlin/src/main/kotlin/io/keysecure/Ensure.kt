package io.keysecure

import io.keysecure.ffi.EnsureOptions
import io.keysecure.model.When
import java.time.Duration

/**
 * How to make sure of a thing.
 *
 * @property deadline the most time that all of it may take, longer than [settle]. Default: 60 s.
 * @property settle how long after an attempt the platform may still commit it. Default: 10 s.
 * @property since since when the thing may have been sent. Default: the last 90 days.
 * @property neverSent that this number was never sent before, by any process: it is then sent at once, without waiting
 * for [settle].
 */
public data class Ensure @JvmOverloads constructor(
    val deadline: Duration? = null,
    val settle: Duration? = null,
    val since: When? = null,
    val neverSent: Boolean = false,
) {
    internal fun options() = EnsureOptions(deadline, settle, since, neverSent)

    public companion object {
        /** For a number made just now, which no process has sent before. */
        @JvmStatic
        public fun neverSent(): Ensure = Ensure(neverSent = true)
    }
}

/**
 * A thing that exists exactly once.
 *
 * @property value the thing.
 * @property created whether this call made it; otherwise it was found.
 */
public data class Ensured<T>(val value: T, val created: Boolean)
