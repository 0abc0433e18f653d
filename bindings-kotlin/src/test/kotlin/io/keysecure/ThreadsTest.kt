package io.keysecure

import java.util.concurrent.Callable
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class ThreadsTest {
    @Test
    fun `32 threads share one client and fetch one token`() = TestEnv().use { env ->
        val threads = 32
        val cards = (1..8).map { env.sandbox.virtualCard(env.cardholderNo) }
        val start = CountDownLatch(1)
        val pool = Executors.newFixedThreadPool(threads)
        try {
            val work = (0 until threads).map { thread ->
                pool.submit(Callable {
                    start.await()
                    repeat(10) { turn ->
                        val cardNo = cards[(thread + turn) % cards.size]
                        assertEquals(cardNo, env.client.cards().get(cardNo).cardNo)
                    }
                    env.client.accounts().transfer(env.transfer("thread-$thread", "1.00"))
                })
            }
            start.countDown()
            work.forEach { it.get() }
        } finally {
            pool.shutdown()
        }
        assertEquals(1, env.sandbox.requestsTo("token"))
        assertEquals(threads, env.sandbox.transfers().size)
        assertEquals(threads, env.sandbox.transfers().map { it["transfer_no"] }.toSet().size)
    }
}
