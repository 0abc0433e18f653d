package io.keysecure

import io.keysecure.model.Rejection
import java.time.Duration
import java.time.Instant
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executor
import java.util.concurrent.Executors
import java.util.concurrent.RejectedExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The threads of decisions, and what becomes of their exceptions. */
class DecisionsTest {
    private val verifier = WebhookVerifier("key", listOf("current"))
    private var number = 0

    private fun purchase(): VerifiedWebhook = purchase(verifier, ++number)

    @Test
    fun `decisions run on daemon threads with the creator's class loader`() {
        val loader = object : ClassLoader() {}
        val thread = Thread.currentThread()
        val before = thread.contextClassLoader
        val seen = CopyOnWriteArrayList<Pair<Boolean, ClassLoader?>>()
        thread.contextClassLoader = loader
        val responder = Responder({
            seen += Thread.currentThread().let { it.isDaemon to it.contextClassLoader }
            Decision.Approve
        })
        thread.contextClassLoader = before
        repeat(2) { assertEquals(Replies.accept(), responder.respond(purchase())) }
        assertEquals(listOf<Pair<Boolean, ClassLoader?>>(true to loader, true to loader), seen)
    }

    @Test
    fun `a decision that hangs does not keep the JVM alive`() {
        val start = System.nanoTime()
        assertTrue("no decision in time" in ChildJvm.run(Hanging::class))
        assertTrue((System.nanoTime() - start) / 1_000_000_000 < 15, "the JVM waited for a decision of 30 s")
    }

    object Hanging {
        @JvmStatic
        fun main(args: Array<String>) {
            val verifier = WebhookVerifier("key", listOf("current"))
            val responder = Responder({ Thread.sleep(30_000); Decision.Approve }, budget = Duration.ofMillis(50))
            println(responder.respond(purchase(verifier, 1)))
        }
    }

    @Test
    fun `decisions run on the executor that is given`() {
        val executor = Executors.newSingleThreadExecutor { Thread(it, "my-thread") }
        try {
            val names = CopyOnWriteArrayList<String>()
            val responder = Responder({ names += Thread.currentThread().name; Decision.Approve }, executor = executor)
            assertEquals(Replies.accept(), responder.respond(purchase()))
            assertEquals(listOf("my-thread"), names)
        } finally {
            executor.shutdown()
        }
        val failures = CopyOnWriteArrayList<Throwable>()
        val busy = Executor { throw RejectedExecutionException("full") }
        val responder = Responder({ Decision.Approve }, executor = busy, onFailure = { _, error -> failures += error })
        assertTrue("\"code\":1" in responder.respond(purchase()))
        assertTrue(failures.single() is RejectedExecutionException)
    }

    @Test
    fun `an executor that drops a decision keeps no thread`() {
        val budget = Duration.ofMillis(50)
        val given = CompletableFuture<Throwable>()
        val responder = Responder({ Decision.Approve }, budget = budget, executor = {}, onFailure = { _, error -> given.complete(error) })
        assertTrue("\"code\":1" in responder.respond(purchase()))
        assertTrue(given.get(10, TimeUnit.SECONDS) is TimeoutException)
        val end = System.nanoTime() + Duration.ofSeconds(10).toNanos()
        while (waiting().isNotEmpty() && System.nanoTime() < end) Thread.sleep(10)
        assertEquals(listOf<Thread>(), waiting())
    }

    /** The threads that wait for a decision of an executor. */
    private fun waiting(): List<Thread> = Thread.getAllStackTraces().filterValues { frames ->
        frames.any { it.className == GuardedDecider::class.java.name && it.methodName == "decideOn" }
    }.keys.toList()

    @Test
    fun `a decision that waits for its executor never begins too late`() {
        val executor = Executors.newSingleThreadExecutor()
        val begun = CopyOnWriteArrayList<Duration>()
        val failures = CopyOnWriteArrayList<Throwable>()
        val start = System.nanoTime()
        val decider = Decider {
            begun += Duration.ofNanos(System.nanoTime() - start)
            Thread.sleep(100)
            Decision.Approve
        }
        val responder =
            Responder(decider, budget = Duration.ofMillis(250), executor = executor, onFailure = { _, error -> failures += error })
        val replies = (1..20).map { purchase() }.map { CompletableFuture.supplyAsync({ responder.respond(it) }, { Thread(it).start() }) }
        assertTrue(replies.any { "\"code\":1" in it.get() })
        executor.shutdown()
        assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS))
        // All 20 take two seconds.
        assertTrue(begun.isNotEmpty() && begun.all { it < Duration.ofMillis(1_000) }, "$begun")
        assertEquals(20, begun.size + failures.count { it is TimeoutException })
    }

    @Test
    fun `a decision that waited before it was asked for begins in time`() {
        // With the default budget and with one that counts as the longest, of 800 ms.
        for ((budget, waited) in listOf(Duration.ofMillis(400) to 250L, Duration.ofSeconds(5) to 600L)) {
            val executor = Executors.newSingleThreadExecutor()
            val begun = CopyOnWriteArrayList<String>()
            val responder = Responder({ begun += it.consumeNo; Decision.Approve }, budget = budget, executor = executor)
            val webhook = purchase()
            Thread.sleep(waited)
            // Longer than the rest of the budget, shorter than all of it.
            executor.execute { Thread.sleep(if (waited > 500) 1_000 else 330) }
            assertTrue("\"code\":1" in responder.respond(webhook))
            executor.shutdown()
            assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS))
            assertEquals(listOf<String>(), begun, "$budget")
        }
    }

    @Test
    fun `a limit above the longest counts as that, and none is refused`() {
        assertThrows(KeySecureException.InvalidInput::class.java) { Responder({ Decision.Approve }, budget = Duration.ofMillis(-1)) }
        assertEquals(1024 * 1024, WebhookReceiver(WebhookVerifier("key", listOf("current"), maxBody = 10_000_000)) { }.maxBody)
        for (bytes in listOf(0, -1)) {
            assertThrows(KeySecureException.InvalidInput::class.java) { WebhookVerifier("key", listOf("current"), maxBody = bytes) }
        }
    }

    @Test
    fun `a decision that throws late on an executor is reported`() {
        val given = CompletableFuture<Throwable>()
        val late = Responder(
            { Thread.sleep(200); error("late") }, budget = Duration.ofMillis(20), executor = { Thread(it).start() },
            onFailure = { _, error -> given.complete(error) },
        )
        assertTrue("\"code\":1" in late.respond(purchase()))
        assertEquals("late", given.get(10, TimeUnit.SECONDS).message)
    }

    @Test
    fun `the exception of a decision is given as it is`() {
        val inner = NoClassDefFoundError("s3cr3t")
        for (executor in listOf(null, Executor { Thread(it).start() })) {
            val given = CompletableFuture<Pair<String, Throwable>>()
            val responder = Responder(
                { throw inner }, otherwise = Decision.Approve, executor = executor,
                onFailure = { purchase, error -> given.complete(purchase.consumeNo to error); error("and this is ignored") },
            )
            assertEquals(Replies.accept(), responder.respond(purchase()))
            val (consumeNo, error) = given.get(10, TimeUnit.SECONDS)
            assertSame(inner, error)
            assertEquals("c$number", consumeNo)
        }
    }

    @Test
    fun `a late decision that throws is reported too`() {
        val given = CompletableFuture<Throwable>()
        val late = Responder(
            { Thread.sleep(200); error("late") }, budget = Duration.ofMillis(20), onFailure = { _, error -> given.complete(error) },
        )
        assertTrue("\"code\":1" in late.respond(purchase()))
        assertEquals("late", given.get(10, TimeUnit.SECONDS).message)
    }

    @Test
    fun `the failure of a store is the cause of the exception`() = TestEnv().use { env ->
        val thrown = IllegalStateException("the database is gone")
        val replays = WebhookVerifier("key", listOf("current"), store = Store.own(replays = TestReplayStore { throw thrown }))
        val rejected = assertThrows(KeySecureException.Webhook::class.java) { purchase(replays, 1) }
        assertEquals(Rejection.REPLAY_STORE_UNAVAILABLE, rejected.rejection)
        assertSame(thrown, rejected.cause)
        val attempts = Store.own(attempts = TestAttemptStore(Duration.ZERO) { throw thrown })
        val payment = env.transfer("t-1")
        env.builder().store(attempts).build().use { client ->
            val refused = assertThrows(KeySecureException.Transport::class.java) { client.accounts().ensureTransfer(payment) }
            assertSame(thrown, refused.cause)
        }
        // A store whose failure did not end the call is no cause of another failure.
        val tokens = Store.own(tokens = TestTokenStore { throw thrown })
        env.builder().store(tokens).build().use { client ->
            val missing = assertThrows(KeySecureException.NotFound::class.java) { client.cardholders().get("nobody") }
            assertEquals(null, missing.cause)
        }
    }

    @Test
    fun `a reply waits for its decision when the thread is interrupted`() {
        val responder = Responder({ Thread.sleep(100); Decision.Approve })
        val webhook = purchase()
        Thread.currentThread().interrupt()
        assertEquals(Replies.accept(), responder.respond(webhook))
        assertTrue(Thread.interrupted())
    }

    @Test
    fun `replies and decisions suspend`() {
        val responder = Responder(suspendingDecider { delay(200); Decision.Approve })
        val store = WebhookVerifier("key", listOf("current"), store = Store.memory())
        val replies = runBlocking {
            val start = System.nanoTime()
            val all = (101..120).map { number ->
                async { responder.awaitReply(store.io { purchase(this, number) }) to (System.nanoTime() - start) / 1_000_000 }
            }
            all.awaitAll()
        }
        assertEquals(setOf(Replies.accept()), replies.map { it.first }.toSet())
        assertTrue(replies.all { it.second < 2_000 }, "$replies")
        val failures = CopyOnWriteArrayList<Throwable>()
        val failing = Responder(suspendingDecider { error("no limit") }, onFailure = { _, error -> failures += error })
        runBlocking { assertTrue("\"code\":1" in failing.awaitReply(purchase())) }
        assertEquals("no limit", failures.single().message)
    }

    private companion object {
        fun purchase(verifier: WebhookVerifier, number: Int): VerifiedWebhook {
            val body = """{"id":"$number","action":"Auth","data":{"consume_no":"c$number","card_no":"k1","amount":12.50,"status":"Pending"}}"""
            return body.toByteArray().let { verifier.verify(verifier.signForTests(Instant.now(), it), it) }
        }
    }
}
