package io.keysecure

import io.keysecure.model.Outcome
import java.time.Duration
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class CoroutinesTest {
    @Test
    fun `suspending calls run off the caller's thread and keep their errors`() = TestEnv().use { env ->
        val holders = runBlocking {
            (1..40).map { async { env.client.io { cardholders().get(env.cardholderNo) } } }.awaitAll()
        }
        assertEquals(setOf(env.cardholderNo), holders.map { it.cardholderNo }.toSet())
        assertThrows(KeySecureException.NotFound::class.java) {
            runBlocking { env.client.io { cardholders().get("nobody") } }
        }
        Unit
    }

    @Test
    fun `a list converts to a flow`() = TestEnv().use { env ->
        val packages = runBlocking { env.client.cards().packages().asFlow().take(1).toList() }
        assertEquals(1, packages.size)
    }

    @Test
    fun `cancellation waits for a payment that has started`() = TestEnv().use { env ->
        env.client.accessToken().close()
        env.sandbox.fault("accounts.transfer", mapOf("stall_after_commit" to 500))
        val seen = mutableListOf<String>()
        runBlocking {
            val paying = launch { seen += env.client.io { accounts().transfer(env.transfer("t-1")) }.transferNo }
            while (env.sandbox.requestsTo("accounts.transfer") == 0) delay(Duration.ofMillis(5).toMillis())
            paying.cancelAndJoin()
        }
        assertEquals(1, seen.size, "its result is returned")
    }

    @Test
    fun `a payment that has waited longer than its timeout is not sent`() = TestEnv().use { env ->
        val client = env.builder().timeout(Duration.ofMillis(300)).build()
        client.accessToken().close()
        runBlocking {
            val (busy, free) = CountDownLatch(16) to CountDownLatch(1)
            val all = (1..16).map { launch { env.client.io { busy.countDown(); free.await() } } }
            withContext(Dispatchers.IO) { busy.await() }
            val late = async { runCatching { client.io { accounts().transfer(env.transfer("t-1")) } } }
            delay(600)
            free.countDown()
            all.joinAll()
            val failed = late.await().exceptionOrNull() as KeySecureException
            assertEquals(Outcome.NOT_SENT, failed.outcome, "$failed")
            // Only the first call of a block has waited.
            assertTrue(client.io { accounts().transfer(env.transfer("t-2")) }.transferNo.isNotEmpty())
        }
        assertEquals(1, env.sandbox.transfers().size)
    }

    @Test
    fun `a payment does not wait behind reads that hang`() = TestEnv().use { env ->
        env.client.accessToken().close()
        val transfer = env.transfer("t-1")
        runBlocking {
            val (busy, free) = CountDownLatch(16) to CountDownLatch(1)
            val all = (1..40).map { launch { env.client.io { busy.countDown(); free.await() } } }
            withContext(Dispatchers.IO) { busy.await() }
            // Without a thread for it, the test would not end.
            val done = withTimeout(10_000) { env.client.io(mutates = true) { accounts().transfer(transfer) } }
            assertEquals(env.sandbox.transfers().single()["transfer_no"].asString, done.transferNo)
            free.countDown()
            all.joinAll()
        }
    }

    @Test
    fun `a page that has waited longer than its timeout is not requested`() = TestEnv().use { env ->
        val client = env.builder().timeout(Duration.ofMillis(300)).build()
        client.accessToken().close()
        runBlocking {
            val (busy, free) = CountDownLatch(16) to CountDownLatch(1)
            val all = (1..16).map { launch { env.client.io { busy.countDown(); free.await() } } }
            withContext(Dispatchers.IO) { busy.await() }
            val late = listOf(
                async { runCatching { client.io { cards().packages().toList() } } },
                async { runCatching { client.cards().packages().asFlow().toList() } },
            )
            delay(600)
            free.countDown()
            all.joinAll()
            for (list in late.awaitAll()) {
                assertEquals(Outcome.NOT_SENT, (list.exceptionOrNull() as KeySecureException).outcome, "$list")
            }
            assertEquals(0, env.sandbox.requestsTo("cards.packages"))
            // Only the first page of a block has waited.
            assertTrue(client.io { cards().packages().toList() }.isNotEmpty())
        }
    }

    @Test
    fun `a block that is cancelled before it starts does not run`() = TestEnv().use { env ->
        val runs = AtomicInteger()
        runBlocking {
            val (busy, free) = CountDownLatch(16) to CountDownLatch(1)
            val all = (1..16).map { launch { env.client.io { busy.countDown(); free.await() } } }
            withContext(Dispatchers.IO) { busy.await() }
            val waiting = launch { env.client.io { runs.incrementAndGet() } }
            yield()
            waiting.cancel()
            free.countDown()
            (all + waiting).joinAll()
        }
        assertEquals(0, runs.get())
    }

    @Test
    fun `a block that is cancelled while it waits for a thread ends at once`() = TestEnv().use { env ->
        runBlocking {
            val (busy, free) = CountDownLatch(16) to CountDownLatch(1)
            val all = (1..16).map { launch { env.client.io { busy.countDown(); free.await() } } }
            withContext(Dispatchers.IO) { busy.await() }
            val waiting = launch { env.client.io { error("must not run") } }
            yield()
            // All threads are busy: without this, the test would not end.
            withTimeout(10_000) { waiting.cancelAndJoin() }
            free.countDown()
            all.joinAll()
        }
    }

    @Test
    fun `a payment within a time-out is seen where it is made`() = TestEnv().use { env ->
        env.client.accessToken().close()
        val payment = env.transfer("t-1")
        env.sandbox.fault("accounts.transfer", mapOf("stall_after_commit" to 700))
        val recorded = mutableListOf<String>()
        val result = runBlocking {
            withTimeoutOrNull(200) {
                env.client.io { accounts().transfer(payment).also { recorded += it.transferNo } }
            }
        }
        assertEquals(null, result, "withTimeoutOrNull discards it")
        assertEquals(env.sandbox.transfers().map { it["transfer_no"].asString }, recorded)
    }

    @Test
    fun `a payment outlives a time-out of the wait for it`() = TestEnv().use { env ->
        env.client.accessToken().close()
        val transfer = env.transfer("t-1")
        env.sandbox.fault("accounts.transfer", mapOf("stall_after_commit" to 700))
        runBlocking {
            val payment = async { env.client.io { accounts().transfer(transfer) } }
            assertEquals(null, withTimeoutOrNull(200) { payment.await() })
            assertTrue(payment.isActive, "the time-out does not wait for the payment")
            assertEquals(env.sandbox.transfers().single()["transfer_no"].asString, payment.await().transferNo)
        }
    }
}
