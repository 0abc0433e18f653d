package io.keysecure

import io.keysecure.ffi.EnsureOptions as FfiEnsureOptions
import io.keysecure.model.WindowBound
import io.keysecure.model.OnStoreFailure
import java.time.Duration

/**
 * How to make sure of a target.
 *
 * @property deadline the most time that the whole call may take, longer than [settle]. Default: 60 s, or 180 s over a
 * [Transport] that does not abort its failed requests.
 * @property settle how long after an attempt the platform may still commit it. Default: 10 s, or 120 s over such a transport.
 * @property since since when the target may have been sent. Default: the last 90 days. A recorded attempt that is older
 * extends it.
 * @property neverSent declares that no process ever sent this reference: it is then sent at once, also by a store that cannot
 * tell. A recorded attempt that may have been carried out overrides it.
 * @property onStoreFailure what to do when the attempt store cannot be reached. `REJECT`, the default, fails the call: before
 * its first attempt with outcome `NOT_SENT`. `ACCEPT` continues with the record of this process alone: another worker may do
 * the same operation at the same time.
 */
public data class EnsureOptions @JvmOverloads constructor(
    val deadline: Duration? = null,
    val settle: Duration? = null,
    val since: WindowBound? = null,
    val firstAttempt: Boolean = false,
    val onStoreFailure: OnStoreFailure = OnStoreFailure.REJECT,
) {
    internal fun options() = FfiEnsureOptions(deadline, settle, since, firstAttempt, onStoreFailure)

    public companion object {
        /** For a reference that was created just now, which no process has sent before. */
        @JvmStatic
        public fun firstAttempt(): EnsureOptions = EnsureOptions(firstAttempt = true)
    }
}

/**
 * A target that exists exactly once.
 *
 * @property value the target.
 * @property created whether this call created it, also when the response to the request was lost. `false`: it was found.
 */
public data class Ensured<T>(val value: T, val created: Boolean)
