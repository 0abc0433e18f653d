package io.keysecure

import java.util.logging.Level
import org.slf4j.Logger
import org.slf4j.LoggerFactory

/**
 * Writes one line for each attempt, each call and each change in the availability of a store to SLF4J: attempts at `debug`, calls at
 * `info`, and failed calls at `warn` or `error` as [LogObserver] describes.
 *
 * Needs `slf4j-api` 1.7 or later, an optional dependency: add it to your own project.
 *
 * @param logger the logger. Default: the one named `keysecure`.
 */
public class Slf4jObserver @JvmOverloads constructor(
    private val logger: Logger = LoggerFactory.getLogger("keysecure"),
) : Observer {
    override fun attempt(record: AttemptRecord) {
        if (logger.isDebugEnabled) logger.debug(lineOf(record))
    }

    override fun call(record: CallRecord) {
        val line = lineOf(record)
        when (levelOf(record)) {
            Level.SEVERE -> logger.error(line)
            Level.WARNING -> logger.warn(line)
            else -> logger.info(line)
        }
    }

    override fun tokenStore(available: Boolean): Unit = store("token", available)

    override fun attemptStore(available: Boolean): Unit = store("attempt", available)

    private fun store(name: String, available: Boolean) {
        val line = lineOfStore(name, available)
        if (available) logger.info(line) else logger.warn(line)
    }
}
