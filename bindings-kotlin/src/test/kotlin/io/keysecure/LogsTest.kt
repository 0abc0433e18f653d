package io.keysecure

import java.lang.reflect.Proxy
import java.util.concurrent.CopyOnWriteArrayList
import java.util.logging.Handler
import java.util.logging.Level
import java.util.logging.LogRecord
import java.util.logging.Logger
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The observers that write to a log. */
class LogsTest {
    private fun scenario(env: TestEnv, observer: Observer) {
        val payment = env.transfer("t-1")
        env.builder().observer(observer).maxRetries(0).build().use { client ->
            client.accessToken().close()
            client.cardholders().get(env.cardholderNo)
            runCatching { client.cardholders().get("nobody") }
            env.sandbox.fault("cardholders.get", "drop_before_read")
            runCatching { client.cardholders().get(env.cardholderNo) }
            env.sandbox.fault("accounts.transfer", mapOf("code" to 4005))
            runCatching { client.accounts().transfer(payment) }
            env.sandbox.fault("accounts.transfer", "drop_after_commit")
            runCatching { client.accounts().transfer(payment) }
        }
        // Nothing was sent: there is no attempt, and a line all the same.
        env.builder().observer(observer).build().apply { close() }.let { runCatching { it.accounts().transfer(payment) } }
    }

    private fun check(env: TestEnv, lines: List<Pair<String, String>>, names: Map<Level, String>) {
        val calls = lines.filter { " attempts=" in it.second && "operation=token" !in it.second }
        val expected = listOf(
            Level.INFO to "operation=cardholders.get attempts=1", Level.INFO to "outcome=rejected", Level.WARNING to "outcome=unknown",
            Level.WARNING to "code=4005 error=state outcome=rejected", Level.SEVERE to "error=transport outcome=unknown",
            Level.WARNING to "attempts=0",
        )
        assertEquals(expected.map { names[it.first] }, calls.map { it.first }, calls.joinToString("\n"))
        for ((part, line) in expected.map { it.second }.zip(calls.map { it.second })) assertTrue(part in line, "$part: $line")
        assertEquals(setOf(names[Level.FINE]), lines.filter { " attempt=" in it.second }.map { it.first }.toSet())
        assertFalse(lines.any { env.cardholderNo in it.second.substringBefore("ms=") && env.cardholderNo.length > 3 })
    }

    @Test
    fun `a logger of the JDK gets calls with the level of their outcome`() = TestEnv().use { env ->
        val lines = CopyOnWriteArrayList<Pair<String, String>>()
        val logger = Logger.getAnonymousLogger().apply {
            useParentHandlers = false
            level = Level.ALL
            addHandler(object : Handler() {
                override fun publish(record: LogRecord) {
                    lines += record.level.name to record.message
                }

                override fun flush() = Unit

                override fun close() = Unit
            })
        }
        scenario(env, LogObserver(logger))
        check(env, lines, listOf(Level.FINE, Level.INFO, Level.WARNING, Level.SEVERE).associateWith { it.name })
    }

    @Test
    fun `a warning of the library has the level of its cause and its fields`() = TestEnv().use { env ->
        val records = CopyOnWriteArrayList<LogRecord>()
        val handler = object : Handler() {
            override fun publish(record: LogRecord) {
                records += record
            }

            override fun flush() = Unit

            override fun close() = Unit
        }
        val payment = env.transfer("t-1")
        val logger = Logger.getLogger("keysecure").apply { addHandler(handler) }
        try {
            env.builder().maxRetries(0).build().use { client ->
                env.sandbox.fault("accounts.transfer", mapOf("code" to 4005))
                runCatching { client.accounts().transfer(payment) }
                env.sandbox.fault("accounts.transfer", "drop_after_commit")
                runCatching { client.accounts().transfer(payment) }
            }
        } finally {
            logger.removeHandler(handler)
        }
        val warnings = records.map { it as WarningRecord }
        assertEquals(listOf(Level.WARNING, Level.SEVERE), warnings.map { it.level })
        assertEquals(listOf("accounts.transfer", "accounts.transfer"), warnings.map { it.fields["operation"] })
        assertEquals(listOf("4005", null), warnings.map { it.fields["code"] })
        assertEquals(listOf("rejected", "unknown"), warnings.map { it.fields["outcome"] })
        assertTrue(warnings.all { it.fields["duration_ms"]!!.toDouble() >= 0 && it.loggerName == "keysecure" })
    }

    @Test
    fun `SLF4J gets calls with the level of their outcome`() = TestEnv().use { env ->
        val lines = CopyOnWriteArrayList<Pair<String, String>>()
        val logger = Proxy.newProxyInstance(javaClass.classLoader, arrayOf(org.slf4j.Logger::class.java)) { _, method, arguments ->
            if (method.returnType == Boolean::class.java) return@newProxyInstance true
            lines += method.name to arguments.single() as String
            null
        } as org.slf4j.Logger
        scenario(env, Slf4jObserver(logger))
        check(env, lines, mapOf(Level.FINE to "debug", Level.INFO to "info", Level.WARNING to "warn", Level.SEVERE to "error"))
    }

    @Test
    fun `a function gets a line for each attempt and each call`() = TestEnv().use { env ->
        val lines = CopyOnWriteArrayList<String>()
        env.builder().observer(LogObserver { lines += it }).build().use { it.cardholders().get(env.cardholderNo) }
        val ends = lines.map { line -> line.replace(Regex("ms=\\d+"), "ms=1") }
        assertEquals(
            listOf(
                "operation=token attempt=1 ms=1 http_status=200 code=0", "operation=token attempts=1 ms=1",
                "operation=cardholders.get attempt=1 ms=1 http_status=200 code=0", "operation=cardholders.get attempts=1 ms=1",
            ),
            ends,
        )
    }
}
