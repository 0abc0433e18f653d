package io.keysecure

import java.util.concurrent.Callable
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class ThreadsTest {
    @Test
    fun `32 threads share one client and fetch one token`() = Stage().use { stage ->
        val threads = 32
        val cards = (1..8).map { stage.sandbox.virtualCard(stage.cardholderNo) }
        val begin = CountDownLatch(1)
        val pool = Executors.newFixedThreadPool(threads)
        try {
            val work = (0 until threads).map { thread ->
                pool.submit(Callable {
                    begin.await()
                    repeat(10) { turn ->
                        val cardNo = cards[(thread + turn) % cards.size]
                        assertEquals(cardNo, stage.client.cards().get(cardNo).cardNo)
                    }
                    stage.client.accounts().transfer(stage.transfer("thread-$thread", "1.00"))
                })
            }
            begin.countDown()
            work.forEach { it.get() }
        } finally {
            pool.shutdown()
        }
        assertEquals(1, stage.sandbox.requestsTo("token"))
        assertEquals(threads, stage.sandbox.transfers().size)
        assertEquals(threads, stage.sandbox.transfers().map { it["transfer_no"] }.toSet().size)
    }
}
