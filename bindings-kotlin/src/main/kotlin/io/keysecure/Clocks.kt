package io.keysecure

import io.keysecure.internal.ffi.FfiForeignFailure
import io.keysecure.internal.ffi.FfiLocalZone
import io.keysecure.internal.ffi.FfiTimeSource
import io.keysecure.internal.ffi.setLocalZone
import java.time.Clock
import java.time.Instant
import java.util.TimeZone

/** Adapts the clock of a caller to the native library. */
internal class GuardedClock(private val inner: Clock) : FfiTimeSource {
    override fun now(): Instant =
        try {
            inner.instant()
        } catch (error: Throwable) {
            throw FfiForeignFailure.Failed(described(error))
        }
}

/** Tells the native library the time zone of `LocalDate.now()`, for its warning about a list that ends with a date that is over. */
internal object DefaultZone : FfiLocalZone {
    init {
        setLocalZone(this)
    }

    /** Makes the zone known, by initializing this object. Everything that creates a client calls it first. */
    fun install() = Unit

    override fun offsetSeconds(): Int = TimeZone.getDefault().getOffset(System.currentTimeMillis()) / MILLIS

    private const val MILLIS = 1000
}
