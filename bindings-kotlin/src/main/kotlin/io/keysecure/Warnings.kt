package io.keysecure

import io.keysecure.internal.ffi.FfiLogLevel
import io.keysecure.internal.ffi.FfiWarning
import io.keysecure.internal.ffi.FfiWarningSink
import io.keysecure.internal.ffi.maskedText
import io.keysecure.internal.ffi.setWarningSink
import java.util.logging.Level
import java.util.logging.LogRecord
import java.util.logging.Logger

/**
 * A warning of the native library, as the handlers and filters of the logger `keysecure` of `java.util.logging` get it.
 *
 * It is `SEVERE` when a mutation failed and whether it was carried out is not known, and `WARNING` otherwise. No warning holds a
 * secret.
 *
 * @property fields the parts of the warning, for logs that search and count: `operation`, `error`, `outcome` and
 * `duration_ms` of a call, `action`, `consume_no`, `reason` or `rejection` of a webhook, for example. Empty for other warnings.
 */
public class WarningRecord internal constructor(level: Level, text: String, public val fields: Map<String, String>) :
    LogRecord(level, text) {
    init {
        loggerName = Warnings.NAME
        // There is no class of the caller to look for in the stack.
        sourceClassName = null
        sourceMethodName = null
    }

    private companion object {
        private const val serialVersionUID = 1L
    }
}

/**
 * Sends the warnings of the native library to the logger `keysecure` of `java.util.logging`, which every JVM and Android has:
 * an unavailable store, a call that failed, a purchase that was declined or decided too late, a rejected webhook. No warning
 * holds a secret.
 */
internal object Warnings : FfiWarningSink {
    const val NAME = "keysecure"

    private val logger = Logger.getLogger(NAME)

    private val installed: Unit by lazy { call { setWarningSink(this) } }

    /**
     * Installs the sink. Everything that may cause a warning calls it first.
     *
     * @throws KeySecureException.Config when the native library cannot be loaded.
     */
    fun install() = installed

    override fun warn(warning: FfiWarning) {
        val level = if (warning.level == FfiLogLevel.ERROR) Level.SEVERE else Level.WARNING
        log(level, warning.text, warning.fields.associate { it.name to it.value })
    }

    /** Logs a line of the library. */
    fun log(level: Level, text: String, fields: Map<String, String> = emptyMap()) {
        try {
            logger.log(WarningRecord(level, text, fields))
        } catch (_: Throwable) {
            // A log that fails must not fail a payment.
        }
    }
}

/** A text of a caller or of the platform as a log may hold it: in one line, without digits that look like a PAN. */
internal fun logged(text: String): String = maskedText(text.wellFormed()).replace(CONTROL, "?")

private val CONTROL = Regex("\\p{Cntrl}")
