package io.keysecure

import io.keysecure.ffi.AttemptRecord
import io.keysecure.ffi.CallRecord
import io.keysecure.ffi.HttpRequest
import io.keysecure.ffi.HttpResponse
import io.keysecure.ffi.libraryVersion
import io.keysecure.model.Outcome
import io.keysecure.model.TransportFault
import java.nio.ByteBuffer
import java.time.Duration
import java.util.concurrent.Flow
import java.util.concurrent.atomic.AtomicInteger
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

class TransportsTest {
    private fun over(stage: Stage, transport: Transport, retries: Int = 2) =
        stage.builder().transport(transport).maxRetries(retries).build()

    /** The transports that come with the library. */
    enum class Ready(val make: () -> Transport) {
        JAVA_HTTP({ JavaHttpTransport() }),
        URL_CONNECTION({ UrlConnectionTransport() }),
    }

    @ParameterizedTest
    @EnumSource
    fun `every kind of call goes through the JVM's own HTTP as well`(ready: Ready) = Stage().use { stage ->
        over(stage, ready.make()).use { client ->
            assertEquals(stage.cardholderNo, client.cardholders().get(stage.cardholderNo).cardholderNo)
            client.accounts().transfer(stage.transfer("t-1"))
            assertTrue(client.cards().packages().any())
            client.cards().privateInfo(stage.sandbox.virtualCard(stage.cardholderNo)).close()
        }
        assertEquals(1, stage.sandbox.transfers().size)
    }

    @ParameterizedTest
    @EnumSource
    fun `over the JVM's HTTP a lost answer is unknown, sent once, and a clock wrong by hours works`(ready: Ready) =
        Stage().use { stage ->
            stage.sandbox.advance(Duration.ofHours(9))
            val client = over(stage, ready.make())
            for (kind in listOf("drop_before_read", "drop_after_commit")) {
                // A kept connection is what a stack repeats a request on.
                client.cardholders().get(stage.cardholderNo)
                val before = stage.sandbox.requestsTo("accounts.transfer")
                stage.sandbox.fault("accounts.transfer", kind)
                val error = assertThrows(KeySecureException.Transport::class.java) {
                    client.accounts().transfer(stage.transfer("t-$kind"))
                }
                assertEquals(Outcome.UNKNOWN, error.outcome)
                assertEquals(TransportFault.CLOSED, error.transportFault)
                assertEquals(before + 1, stage.sandbox.requestsTo("accounts.transfer"))
            }
            assertEquals(1, stage.sandbox.transfers().size)
        }

    @ParameterizedTest
    @EnumSource
    fun `the JVM's HTTP follows no redirect, caps the answer and keeps the time`(ready: Ready) = Stage().use { stage ->
        val client = over(stage, ready.make(), retries = 0)
        client.accessToken()
        stage.sandbox.fault("cardholders.get", "redirect")
        assertThrows(KeySecureException::class.java) { client.cardholders().get(stage.cardholderNo) }
        assertEquals(0, stage.sandbox.control("GET /redirect_calls").asJsonObject["calls"].asInt)

        stage.sandbox.fault("cardholders.get", mapOf("oversize" to 9_000_000))
        val large = assertThrows(KeySecureException.InvalidResponse::class.java) {
            client.cardholders().get(stage.cardholderNo)
        }
        assertEquals(TransportFault.TOO_LARGE, large.transportFault)

        stage.sandbox.fault("cardholders.get", mapOf("http_status" to listOf(503, 7)))
        val busy = assertThrows(KeySecureException::class.java) { client.cardholders().get(stage.cardholderNo) }
        assertEquals(503, busy.httpStatus)
        assertEquals(Duration.ofSeconds(7), busy.retryAfter)

        val hurried = stage.builder().transport(ready.make()).timeout(Duration.ofMillis(700)).maxRetries(0).build()
        hurried.accessToken()
        stage.sandbox.fault("cardholders.get", mapOf("stall" to 60_000))
        assertThrows(KeySecureException.Timeout::class.java) { hurried.cardholders().get(stage.cardholderNo) }
        Unit
    }

    @ParameterizedTest
    @EnumSource
    fun `an answer that trickles ends with the time of the whole exchange`(ready: Ready) {
        Trickling().use { server ->
            val client = Client(
                "key", "sixteen-letters!", baseUrl = server.url, transport = ready.make(), timeout = Duration.ofMillis(900), maxRetries = 0,
            )
            val began = System.nanoTime()
            val error = assertThrows(KeySecureException::class.java) { client.cards().get("c") }
            assertEquals(TransportFault.TIMEOUT, error.transportFault)
            // It would trickle for a minute.
            assertTrue(System.nanoTime() - began < Duration.ofSeconds(20).toNanos())
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `the JVM's HTTP says not sent when nobody is there`(ready: Ready) {
        val client = Client("key", "sixteen-letters!", baseUrl = "http://127.0.0.1:1", transport = ready.make())
        val error = assertThrows(KeySecureException.Transport::class.java) { client.cards().get("c") }
        assertEquals(Outcome.NOT_SENT, error.outcome)
        assertEquals(TransportFault.CONNECT, error.transportFault)
    }

    @Test
    fun `a body leaves once, whatever the JDK is set to repeat`() {
        val departure = Departure(null)
        val body = Once("BODY".toByteArray(), departure)
        val seen = mutableListOf<String>()
        val subscriber = object : Flow.Subscriber<ByteBuffer> {
            override fun onSubscribe(subscription: Flow.Subscription) = subscription.request(1)
            override fun onNext(part: ByteBuffer) { seen += "part" }
            override fun onError(error: Throwable) { seen += "error" }
            override fun onComplete() { seen += "end" }
        }
        repeat(2) { body.subscribe(subscriber) }
        assertFalse(departure.abandon())
        assertEquals(listOf("part", "end", "error"), seen)
    }

    @Test
    fun `what is abandoned in time never leaves, and what is late does not either`() {
        val abandoned = Departure(null)
        assertTrue(abandoned.abandon())
        assertFalse(abandoned.begin())
        assertTrue(abandoned.abandon())
        assertFalse(abandoned.late)

        val begun = Departure(Duration.ofSeconds(Long.MAX_VALUE))
        assertTrue(begun.begin())
        assertFalse(begun.begin())
        assertFalse(begun.abandon())

        val late = Departure(Duration.ZERO)
        assertFalse(late.begin())
        assertTrue(late.late)
        assertTrue(late.abandon())
    }

    @Test
    fun `whatever a transport throws is a typed error with its cause`() = Stage().use { stage ->
        stage.client.accessToken()
        for (thrown in listOf(IllegalStateException("broken"), AssertionError("broken"), StackOverflowError())) {
            val inner = JavaHttpTransport()
            val calls = AtomicInteger()
            val transport = Transport { request ->
                if ("transfer" in request.url) {
                    calls.incrementAndGet()
                    throw thrown
                }
                inner.send(request)
            }
            val error = assertThrows(KeySecureException.Transport::class.java) {
                over(stage, transport).accounts().transfer(stage.transfer("t-1"))
            }
            assertEquals(Outcome.UNKNOWN, error.outcome)
            assertEquals(TransportFault.OTHER, error.transportFault)
            assertSame(thrown, error.cause)
            assertEquals(1, calls.get(), "a mutation with an unknown outcome is not sent again")
        }
        assertEquals(0, stage.sandbox.transfers().size)
    }

    @Test
    fun `a transport may say that nothing was sent, and is then asked again`() = Stage().use { stage ->
        val inner = JavaHttpTransport()
        val calls = AtomicInteger()
        val transport = Transport { request ->
            if ("transfer" in request.url && calls.incrementAndGet() == 1) {
                throw TransportFailedException(TransportFault.CONNECT, sent = false)
            }
            inner.send(request)
        }
        over(stage, transport).accounts().transfer(stage.transfer("t-1"))
        assertEquals(2, calls.get())
        assertEquals(1, stage.sandbox.transfers().size)
    }

    @Test
    fun `an answer that cannot be is an invalid response`() {
        for (status in listOf(-1, 0, 99_999)) {
            val transport = Transport { HttpResponse(status, ByteArray(0)) }
            val client = Client("key", "sixteen-letters!", transport = transport, maxRetries = 0)
            assertThrows(KeySecureException.InvalidResponse::class.java) { client.cards().get("c") }
        }
        val greedy = Transport { HttpResponse(200, ByteArray(it.maxResponseBytes.toInt() + 1)) }
        val error = assertThrows(KeySecureException.InvalidResponse::class.java) {
            Client("key", "sixteen-letters!", transport = greedy, maxRetries = 0).cards().get("c")
        }
        assertEquals(TransportFault.TOO_LARGE, error.transportFault)
    }

    @Test
    fun `a transport may call the library, inside the call under way`() = Stage().use { stage ->
        val inner = JavaHttpTransport()
        val transport = Transport { request ->
            assertEquals(System.getProperty("keysecure.version"), libraryVersion())
            assertThrows(KeySecureException.InvalidInput::class.java) { stage.client.cardholders().get("") }
            inner.send(request)
        }
        over(stage, transport).use { client ->
            repeat(3) { assertEquals(stage.cardholderNo, client.cardholders().get(stage.cardholderNo).cardholderNo) }
            val error = assertThrows(KeySecureException::class.java) { client.cardholders().get("nobody") }
            assertEquals("cardholders.get", error.operation)
        }
    }

    @Test
    fun `a transport is closed with its client`() {
        var closed = 0
        val transport = object : Transport {
            override fun send(request: HttpRequest): HttpResponse = error("not called")
            override fun close() {
                closed += 1
                error("and closing fails")
            }
        }
        Client("key", "sixteen-letters!", transport = transport).close()
        assertEquals(1, closed)
    }

    @Test
    fun `an observer is told of every attempt and call, and one that throws fails no call`() = Stage().use { stage ->
        val attempts = mutableListOf<AttemptRecord>()
        val calls = mutableListOf<CallRecord>()
        val lines = mutableListOf<String>()
        val log = LogObserver { lines += it }
        val observer = object : Observer {
            override fun attempt(record: AttemptRecord) {
                attempts += record
                log.attempt(record)
                error("the log is full")
            }

            override fun call(record: CallRecord) {
                calls += record
                throw AssertionError("the log is full")
            }
        }
        val client = stage.builder().observer(observer).build()
        stage.sandbox.fault("cardholders.get", "drop_before_read")
        client.cardholders().get(stage.cardholderNo)
        assertEquals(listOf("token", "cardholders.get", "cardholders.get"), attempts.map { it.operation })
        assertEquals(listOf(1, 1, 2), attempts.map { it.attempt })
        assertEquals("cardholders.get", calls.last().operation)
        assertEquals(2, calls.last().attempts)
        assertTrue(lines.last().startsWith("operation=cardholders.get attempt=2 ms="), lines.last())
        assertTrue(lines.last().endsWith("http_status=200 code=0"), lines.last())
        assertFalse(lines.any { stage.cardholderNo in it })
    }
}
