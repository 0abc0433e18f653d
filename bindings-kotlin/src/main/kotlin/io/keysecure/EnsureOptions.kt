package io.keysecure

import io.keysecure.internal.ffi.FfiEnsureOptions
import io.keysecure.model.OnStoreFailure
import io.keysecure.model.WindowBound
import java.time.Duration

/**
 * Options of the `ensure...` calls.
 *
 * @property deadline limits the whole call; must be longer than [settle]. Default: 60 s, or 180 s over a [Transport] that does
 * not abort failed requests.
 * @property settle how long after an attempt the platform may still carry it out. Default: 10 s, or 120 s over such a transport.
 * @property since the earliest time at which the request may have been sent; not in the future. Default: 90 days ago. An older
 * recorded attempt extends it.
 * @property firstAttempt declares that no process has sent this reference before: it is sent without waiting for [settle]. A
 * recorded attempt that may have been carried out overrides it.
 * @property onStoreFailure what to do when the attempt store is unavailable. `REJECT`, the default, fails the call, before its
 * first attempt with outcome `NOT_SENT`. `ACCEPT` continues with the records of this process alone: another worker may carry out
 * the same operation at the same time.
 */
public data class EnsureOptions @JvmOverloads constructor(
    val deadline: Duration? = null,
    val settle: Duration? = null,
    val since: WindowBound? = null,
    val firstAttempt: Boolean = false,
    val onStoreFailure: OnStoreFailure = OnStoreFailure.REJECT,
) {
    internal fun toFfi() = FfiEnsureOptions(deadline, settle, since, firstAttempt, onStoreFailure)

    public companion object {
        /** Options for a merchant reference that was created just now and that no process has sent before. */
        @JvmStatic
        public fun firstAttempt(): EnsureOptions = EnsureOptions(firstAttempt = true)

        /** Creates a builder with the defaults, for Java. */
        @JvmStatic
        public fun builder(): Builder = Builder()
    }

    /** Builds [EnsureOptions], for Java: `EnsureOptions.builder().deadline(Duration.ofSeconds(20)).build()`. */
    public class Builder internal constructor() {
        private var options = EnsureOptions()

        /** Limits the whole call. */
        public fun deadline(deadline: Duration?): Builder = with { copy(deadline = deadline) }

        /** Sets how long after an attempt the platform may still carry it out. */
        public fun settle(settle: Duration?): Builder = with { copy(settle = settle) }

        /** Sets the earliest time at which the request may have been sent. */
        public fun since(since: WindowBound?): Builder = with { copy(since = since) }

        /** Declares that no process has sent this reference before. */
        public fun firstAttempt(firstAttempt: Boolean): Builder = with { copy(firstAttempt = firstAttempt) }

        /** Sets what to do when the attempt store is unavailable. */
        public fun onStoreFailure(action: OnStoreFailure): Builder = with { copy(onStoreFailure = action) }

        /** Creates the options. The call checks them. */
        public fun build(): EnsureOptions = options

        private inline fun with(change: EnsureOptions.() -> EnsureOptions): Builder = apply { options = options.change() }
    }
}

/**
 * The result of an `ensure...` call.
 *
 * @property value the card, cardholder or transfer.
 * @property created true when this call created it, also when the response to its request was lost; false when it was found.
 */
public data class Ensured<T>(val value: T, val created: Boolean)
