package io.keysecure

import java.util.concurrent.CopyOnWriteArrayList
import java.util.logging.Handler
import java.util.logging.LogRecord
import java.util.logging.Logger

/** Records the warnings of the library until it is closed. */
class RecordedWarnings : AutoCloseable {
    val lines = CopyOnWriteArrayList<String>()
    private val logger = Logger.getLogger("keysecure")
    private val handler = object : Handler() {
        override fun publish(record: LogRecord) {
            lines += record.message
        }

        override fun flush() = Unit

        override fun close() = Unit
    }

    init {
        logger.addHandler(handler)
    }

    /** Waits for a line that contains [text]: some warnings come from other threads. */
    fun await(text: String) {
        val end = System.nanoTime() + 10_000_000_000
        while (lines.none { text in it }) {
            check(System.nanoTime() < end) { "no warning with $text in $lines" }
            Thread.sleep(5)
        }
    }

    override fun close() {
        logger.removeHandler(handler)
    }
}
