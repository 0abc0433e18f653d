package io.keysecure

import io.keysecure.MockRelay.Companion.CARD
import io.keysecure.MockRelay.Companion.data
import io.keysecure.model.ErrorKind
import io.keysecure.model.Outcome
import io.keysecure.model.Transfer
import io.keysecure.model.TransferType
import io.keysecure.model.TransportFault
import java.math.BigDecimal
import java.time.Duration
import java.util.concurrent.Callable
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CountDownLatch
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

/** Sessions that take their time: suspended, interrupted, closed, too late. */
class SessionsTest {
    /** A session that never returns, as blocking and as suspending code. */
    enum class Hanging(val make: (begun: () -> Unit, ended: (Throwable) -> Unit) -> Session) {
        BLOCKING({ begun, ended ->
            Session {
                begun()
                ending(ended) { Thread.sleep(60_000) }
                "session-1"
            }
        }),
        SUSPENDING({ begun, ended ->
            suspendingSession {
                begun()
                ending(ended) { delay(60_000) }
                "session-1"
            }
        }),
    }

    private class Hung(hanging: Hanging) {
        val begun = CountDownLatch(1)
        val ended = CompletableFuture<Throwable>()
        val session = hanging.make({ begun.countDown() }, { ended.complete(it) })
    }

    private val transfer = Transfer("1001", "tap-1", TransferType.Out, BigDecimal("25.00"))

    /** Runs a call on another thread, and [end] with that thread when the session was asked; returns the exception. */
    private fun ended(hung: Hung, end: (Thread) -> Unit, call: () -> Unit): KeySecureException {
        val failure = FutureTask(Callable { runCatching(call).exceptionOrNull() as KeySecureException })
        val thread = Thread(failure).apply { start() }
        assertTrue(hung.begun.await(20, TimeUnit.SECONDS))
        end(thread)
        return failure.get(10, TimeUnit.SECONDS)
    }

    @Test
    fun `a session may suspend`() = MockRelay { data(CARD) }.use { relay ->
        val session = suspendingSession { refused -> delay(10); if (refused) null else "session-1" }
        Client.relay(relay.url, session) {}.use { client ->
            client.cards().get("c1")
            runBlocking { client.io { cards().get("c1") } }
        }
        assertEquals(listOf<String?>("Bearer session-1", "Bearer session-1"), relay.requests.map { it.header("Authorization") })
        val gone = IllegalStateException()
        val error = assertThrows(KeySecureException.Authentication::class.java) {
            Client.relay(relay.url, suspendingSession { delay(1); throw gone }) {}.cards().get("c1")
        }
        // Coroutines copy exceptions, with the original as the cause.
        assertSame(gone, generateSequence(error as Throwable) { it.cause }.last())
        assertEquals("session-1", session.token(false), "outside of calls too")
    }

    @ParameterizedTest
    @EnumSource
    fun `an interrupted thread ends its session and sends nothing`(hanging: Hanging) = MockRelay { data(CARD) }.use { relay ->
        val calls = listOf<Client.() -> Unit>({ cards().get("c1") }, { accounts().transfer(transfer) }, { accounts().ensureTransfer(transfer, EnsureOptions(firstAttempt = true)) })
        for (call in calls) {
            val hung = Hung(hanging)
            val client = Client.relay(relay.url, hung.session) {}
            var stays = false
            val error = ended(hung, Thread::interrupt) {
                try {
                    client.call()
                } finally {
                    stays = Thread.currentThread().isInterrupted
                }
            }
            assertEquals(TransportFault.INTERRUPTED to Outcome.NOT_SENT, error.transportFault to error.outcome, "$error")
            assertInstanceOf(InterruptedException::class.java, error.cause)
            assertTrue(stays, "the thread stays interrupted")
            hung.ended.get(10, TimeUnit.SECONDS)
        }
        assertEquals(0, relay.requests.size)
    }

    @Test
    fun `closing the client cancels a suspended session`() = MockRelay { data(CARD) }.use { relay ->
        val hung = Hung(Hanging.SUSPENDING)
        val client = Client.relay(relay.url, hung.session) {}
        val error = ended(hung, { client.close() }) { client.accounts().transfer(transfer) }
        assertEquals(ErrorKind.CONFIG to Outcome.NOT_SENT, error.kind to error.outcome, "$error")
        assertInstanceOf(CancellationException::class.java, hung.ended.get(10, TimeUnit.SECONDS))
        assertEquals(0, relay.requests.size)
    }

    @Test
    fun `a client that is closed while its session is asked sends nothing`() = MockRelay { data(CARD) }.use { relay ->
        for (transport in listOf(null, JavaHttpTransport(), UrlConnectionTransport())) {
            lateinit var client: Client
            client = Client.relay(relay.url, { client.close(); "session-1" }) { transport?.let(::transport) }
            val error = assertThrows(KeySecureException.Config::class.java) { client.accounts().transfer(transfer) }
            assertEquals(Outcome.NOT_SENT, error.outcome)
        }
        assertEquals(0, relay.requests.size)
    }

    @Test
    fun `the time of the call is the time of a suspended session`() = MockRelay { data(CARD) }.use { relay ->
        val calls = listOf<Client.() -> Unit>(
            { cards().get("c1") },
            { cards().packages().toList() },
            { accounts().ensureTransfer(transfer, EnsureOptions(firstAttempt = true, deadline = Duration.ofMillis(200))) },
        )
        for (call in calls) {
            val hung = Hung(Hanging.SUSPENDING)
            val client = Client.relay(relay.url, hung.session) { timeout(Duration.ofMillis(200)) }
            val start = System.nanoTime()
            val error = assertThrows(KeySecureException.Timeout::class.java) { client.call() }
            assertEquals(Outcome.NOT_SENT, error.outcome, "$error")
            assertTrue(System.nanoTime() - start < 10_000_000_000)
            assertInstanceOf(CancellationException::class.java, hung.ended.get(10, TimeUnit.SECONDS))
        }
        assertEquals(0, relay.requests.size)
    }

    @Test
    fun `a session that takes all the time of the call sends nothing`() = MockRelay { data(CARD) }.use { relay ->
        val client = Client.relay(relay.url, { Thread.sleep(300); "session-1" }) { timeout(Duration.ofMillis(200)) }
        val error = assertThrows(KeySecureException.Timeout::class.java) { client.accounts().transfer(transfer) }
        assertEquals(Outcome.NOT_SENT, error.outcome)
        assertEquals(0, relay.requests.size)
    }

    @Test
    fun `the job of the context cancels a suspended session`() = MockRelay { data(CARD) }.use { relay ->
        val scope = Job()
        val begun = CountDownLatch(1)
        val client = Client.relay(relay.url, suspendingSession(scope) { begun.countDown(); delay(60_000); "session-1" }) {}
        val failure = FutureTask(Callable { runCatching { client.cards().get("c1") }.exceptionOrNull() as KeySecureException })
        Thread(failure).start()
        assertTrue(begun.await(20, TimeUnit.SECONDS))
        scope.cancel()
        val error = failure.get(10, TimeUnit.SECONDS)
        assertEquals(ErrorKind.AUTHENTICATION to Outcome.NOT_SENT, error.kind to error.outcome)
        assertInstanceOf(CancellationException::class.java, error.cause)
        Unit
    }

    @Test
    fun `a session may make calls of another client`() = MockRelay { data(CARD) }.use { relay ->
        val inner = Client.relay(relay.url, { "inner" }) {}
        val session = suspendingSession { inner.io { cards().get("c1") }.cardNo }
        Client.relay(relay.url, session) {}.use { it.cards().get("c1") }
        assertEquals(listOf<String?>("Bearer inner", "Bearer c1"), relay.requests.map { it.header("Authorization") })
    }

    @Test
    fun `sessions of virtual threads`() {
        val java = ChildJvm.withVirtualThreads
        assumeTrue(java != null, "no JDK 21 or later: set KEYSECURE_JDK21 to its folder")
        ChildJvm.run(OnVirtualThreads::class, java = java!!, options = listOf("--enable-native-access=ALL-UNNAMED"))
    }

    /** The program of a JVM with virtual threads. */
    object OnVirtualThreads {
        @JvmStatic
        fun main(args: Array<String>) = MockRelay { data(CARD) }.use { relay ->
            for (hanging in Hanging.values()) {
                val hung = Hung(hanging)
                val client = Client.relay(relay.url, hung.session) {}
                val failure = FutureTask(Callable { runCatching { client.cards().get("c1") }.exceptionOrNull() as KeySecureException })
                val thread = startVirtual(failure)
                check(hung.begun.await(20, TimeUnit.SECONDS))
                thread.interrupt()
                val error = failure.get(10, TimeUnit.SECONDS)
                check(error.transportFault == TransportFault.INTERRUPTED && error.outcome == Outcome.NOT_SENT) { "$error" }
                hung.ended.get(10, TimeUnit.SECONDS)
            }
            check(relay.requests.isEmpty())
            val thread = FutureTask(Callable {
                Client.relay(relay.url, { check(!VirtualThreads.isCurrent()); "session-1" }) {}.use { it.cards().get("c1") }
            })
            startVirtual(thread)
            check(thread.get(20, TimeUnit.SECONDS).cardNo == "c1")
        }

        /** `Thread.startVirtualThread` of JDK 21; the tests are compiled with JDK 17. */
        private fun startVirtual(task: Runnable): Thread =
            Thread::class.java.getMethod("startVirtualThread", Runnable::class.java).invoke(null, task) as Thread
    }

    private companion object {
        inline fun ending(ended: (Throwable) -> Unit, block: () -> Unit) {
            try {
                block()
            } catch (error: Throwable) {
                ended(error)
                throw error
            }
        }
    }
}
