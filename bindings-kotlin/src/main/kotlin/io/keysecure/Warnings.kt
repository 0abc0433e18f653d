package io.keysecure

import io.keysecure.ffi.WarningSink
import io.keysecure.ffi.setWarningSink
import java.util.logging.Level
import java.util.logging.Logger

/**
 * Sends the warnings of the native library to the logger `keysecure` of `java.util.logging`, which every JVM and Android has:
 * an unavailable store, a call that failed, a purchase that was declined or decided too late, a rejected webhook. No warning
 * holds a secret.
 */
internal object Warnings : WarningSink {
    private val logger = Logger.getLogger("keysecure")

    private val installed: Unit by lazy { call { setWarningSink(this) } }

    /**
     * Installs the sink. Everything that may cause a warning calls it first.
     *
     * @throws KeySecureException.Config when the native library cannot be loaded.
     */
    fun install() = installed

    override fun warn(text: String) = log(Level.WARNING, text)

    /** Logs a line of the library. */
    fun log(level: Level, text: String) {
        try {
            logger.log(level, text)
        } catch (_: Throwable) {
            // A log that fails must not fail a payment.
        }
    }
}
