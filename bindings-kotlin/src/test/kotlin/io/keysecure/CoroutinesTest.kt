package io.keysecure

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
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test

class CoroutinesTest {
    @Test
    fun `calls are suspended off the caller's thread and keep their errors`() = Stage().use { stage ->
        val holders = runBlocking {
            (1..40).map { async { stage.client.io { cardholders().get(stage.cardholderNo) } } }.awaitAll()
        }
        assertEquals(setOf(stage.cardholderNo), holders.map { it.cardholderNo }.toSet())
        assertThrows(KeySecureException.NotFound::class.java) {
            runBlocking { stage.client.io { cardholders().get("nobody") } }
        }
        Unit
    }

    @Test
    fun `a list is a flow`() = Stage().use { stage ->
        val packages = runBlocking { stage.client.cards().packages().asFlow().take(1).toList() }
        assertEquals(1, packages.size)
    }

    @Test
    fun `cancelling waits for a payment that has begun`() = Stage().use { stage ->
        stage.client.accessToken().close()
        stage.sandbox.fault("accounts.transfer", mapOf("stall_after_commit" to 500))
        val seen = mutableListOf<String>()
        runBlocking {
            val paying = launch { seen += stage.client.io { accounts().transfer(stage.transfer("t-1")) }.transferNo }
            while (stage.sandbox.requestsTo("accounts.transfer") == 0) delay(Duration.ofMillis(5).toMillis())
            paying.cancelAndJoin()
        }
        assertEquals(1, seen.size, "its result is not thrown away")
    }

    @Test
    fun `what is cancelled before it begins does nothing`() = Stage().use { stage ->
        val worked = AtomicInteger()
        runBlocking {
            val (busy, free) = CountDownLatch(16) to CountDownLatch(1)
            val all = (1..16).map { launch { stage.client.io { busy.countDown(); free.await() } } }
            withContext(Dispatchers.IO) { busy.await() }
            val waiting = launch { stage.client.io { worked.incrementAndGet() } }
            yield()
            waiting.cancel()
            free.countDown()
            (all + waiting).joinAll()
        }
        assertEquals(0, worked.get())
    }
}
