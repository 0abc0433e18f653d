package io.keysecure

import io.keysecure.ffi.WarningSink
import io.keysecure.ffi.setWarningSink
import java.util.logging.Logger

/**
 * The library's warnings go to the logger `keysecure` of `java.util.logging`, which every JVM and every Android has: a store
 * that cannot be reached, a purchase that was declined or decided too late, a rejected webhook. None holds a secret.
 */
internal object Warnings : WarningSink {
    private val logger = Logger.getLogger("keysecure")

    init {
        setWarningSink(this)
    }

    /** Whatever may warn calls this first: it makes the object. */
    fun begin() = Unit

    override fun warn(text: String) {
        try {
            logger.warning(text)
        } catch (_: Throwable) {
            // A log that fails must not fail a payment.
        }
    }
}
