package io.keysecure

import java.util.concurrent.CompletableFuture
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The threads and thread groups of [JavaHttpTransport]. */
class HttpThreadsTest {
    private val root = generateSequence(Thread.currentThread().threadGroup) { it.parent }.last()

    @Test
    fun `a worker is in no group that the close of a client interrupts`() = TestEnv().use { env ->
        env.builder().transport(JavaHttpTransport()).build().use { client ->
            val calls = (1..16).map {
                CompletableFuture.runAsync({ client.cardholders().get(env.cardholderNo) }, { Thread(it).start() })
            }
            calls.forEach { it.get() }
            val threads = arrayOfNulls<Thread>(root.activeCount() * 2 + 100)
            val workers = threads.take(root.enumerate(threads)).filterNotNull().filter { it.name == "keysecure-http" }
            assertTrue(workers.isNotEmpty())
            assertEquals(setOf(root), workers.map { it.threadGroup }.toSet())
        }
    }

    @Test
    fun `the thread group of a client ends with it`() {
        // Those of other tests, which the garbage collector may remove meanwhile.
        val before = groups()
        // A refused connection is enough to create the client of the JDK.
        repeat(50) {
            Client("key", "sixteen-letters!", baseUrl = "http://127.0.0.1:1", transport = JavaHttpTransport(), maxRetries = 0)
                .use { client -> runCatching { client.cards().get("c") } }
        }
        val end = System.nanoTime() + 10_000_000_000
        while (groups() > before && System.nanoTime() < end) {
            Thread.sleep(20)
            // From JDK 19 on, the collector removes groups that nobody uses.
            System.gc()
        }
        assertTrue(groups() <= before, "${groups()} groups, $before before")
    }

    private fun groups(): Int {
        val groups = arrayOfNulls<ThreadGroup>(root.activeGroupCount() * 2 + 100)
        return groups.take(root.enumerate(groups)).count { it?.name == "keysecure-http" }
    }
}
