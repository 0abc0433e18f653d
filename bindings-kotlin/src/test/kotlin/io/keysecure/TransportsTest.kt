package io.keysecure

import io.keysecure.internal.ffi.libraryVersion
import io.keysecure.model.Outcome
import io.keysecure.model.TransportFault
import java.lang.reflect.Proxy
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
    private fun over(env: TestEnv, transport: Transport, retries: Int = 2) =
        env.builder().transport(transport).maxRetries(retries).build()

    /** The transports of the library. */
    enum class Ready(val make: () -> Transport) {
        JAVA_HTTP({ JavaHttpTransport() }),
        URL_CONNECTION({ UrlConnectionTransport() }),
    }

    @ParameterizedTest
    @EnumSource
    fun `every kind of call works over the HTTP stacks of the JVM`(ready: Ready) = TestEnv().use { env ->
        over(env, ready.make()).use { client ->
            assertEquals(env.cardholderNo, client.cardholders().get(env.cardholderNo).cardholderNo)
            client.accounts().transfer(env.transfer("t-1"))
            assertTrue(client.cards().packages().any())
            client.cards().privateInfo(env.sandbox.virtualCard(env.cardholderNo)).close()
        }
        assertEquals(1, env.sandbox.transfers().size)
    }

    @ParameterizedTest
    @EnumSource
    fun `over the JVM's HTTP a lost response is unknown and sent once`(ready: Ready) =
        TestEnv().use { env ->
            env.sandbox.advance(Duration.ofHours(9))
            val client = over(env, ready.make())
            // An HTTP stack repeats requests on connections that were idle.
            client.cardholders().get(env.cardholderNo)
            env.sandbox.fault("accounts.transfer", "drop_after_commit")
            val error = assertThrows(KeySecureException.Transport::class.java) {
                client.accounts().transfer(env.transfer("t-1"))
            }
            assertEquals(Outcome.UNKNOWN, error.outcome)
            assertEquals(TransportFault.CLOSED, error.transportFault)
            assertEquals(1, env.sandbox.requestsTo("accounts.transfer"))
            assertEquals(1, env.sandbox.transfers().size)
        }

    @ParameterizedTest
    @EnumSource
    fun `a connection that breaks before the body is read pays once at most`(ready: Ready) =
        TestEnv().use { env ->
            env.sandbox.advance(Duration.ofHours(9))
            val client = over(env, ready.make())
            client.cardholders().get(env.cardholderNo)
            env.sandbox.fault("accounts.transfer", "drop_before_read")
            try {
                // The JDK writes the body after the header. If the connection breaks in between, the request was not sent, and the
                // client sends it again.
                client.accounts().transfer(env.transfer("t-1"))
                assertEquals(1, env.sandbox.transfers().size)
            } catch (error: KeySecureException.Transport) {
                assertEquals(Outcome.UNKNOWN, error.outcome)
                assertEquals(TransportFault.CLOSED, error.transportFault)
                assertEquals(0, env.sandbox.transfers().size)
                assertEquals(1, env.sandbox.requestsTo("accounts.transfer"))
            }
        }

    @ParameterizedTest
    @EnumSource
    fun `the JVM's HTTP follows no redirect and limits size and time`(ready: Ready) = TestEnv().use { env ->
        val client = over(env, ready.make(), retries = 0)
        client.accessToken()
        env.sandbox.fault("cardholders.get", "redirect")
        assertThrows(KeySecureException::class.java) { client.cardholders().get(env.cardholderNo) }
        assertEquals(0, env.sandbox.control("GET /redirect_calls").asJsonObject["calls"].asInt)

        env.sandbox.fault("cardholders.get", mapOf("oversize" to 9_000_000))
        val large = assertThrows(KeySecureException.InvalidResponse::class.java) {
            client.cardholders().get(env.cardholderNo)
        }
        assertEquals(TransportFault.TOO_LARGE, large.transportFault)

        env.sandbox.fault("cardholders.get", mapOf("http_status" to listOf(503, 7)))
        val busy = assertThrows(KeySecureException::class.java) { client.cardholders().get(env.cardholderNo) }
        assertEquals(503, busy.httpStatus)
        assertEquals(Duration.ofSeconds(7), busy.retryAfter)

        val hurried = env.builder().transport(ready.make()).timeout(Duration.ofMillis(700)).maxRetries(0).build()
        hurried.accessToken()
        env.sandbox.fault("cardholders.get", mapOf("stall" to 60_000))
        assertThrows(KeySecureException.Timeout::class.java) { hurried.cardholders().get(env.cardholderNo) }
        Unit
    }

    @ParameterizedTest
    @EnumSource
    fun `a slow response ends with the timeout of the exchange`(ready: Ready) {
        SlowServer().use { server ->
            val client = Client(
                "key", "sixteen-letters!", baseUrl = server.url, transport = ready.make(), timeout = Duration.ofMillis(900), maxRetries = 0,
            )
            val began = System.nanoTime()
            val error = assertThrows(KeySecureException::class.java) { client.cards().get("c") }
            assertEquals(TransportFault.TIMEOUT, error.transportFault)
            // The complete response would take a minute.
            assertTrue(System.nanoTime() - began < Duration.ofSeconds(20).toNanos())
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `over the JVM's HTTP a refused connection means not sent`(ready: Ready) {
        val client = Client("key", "sixteen-letters!", baseUrl = "http://127.0.0.1:1", transport = ready.make())
        val error = assertThrows(KeySecureException.Transport::class.java) { client.cards().get("c") }
        assertEquals(Outcome.NOT_SENT, error.outcome)
        assertEquals(TransportFault.CONNECT, error.transportFault)
    }

    @Test
    fun `a body is sent once when the JDK requests it twice`() {
        val gate = SendGate(null)
        val body = SingleUseBody("BODY".toByteArray(), gate)
        val seen = mutableListOf<String>()
        val subscriber = object : Flow.Subscriber<ByteBuffer> {
            override fun onSubscribe(subscription: Flow.Subscription) = subscription.request(1)
            override fun onNext(part: ByteBuffer) { seen += "part" }
            override fun onError(error: Throwable) { seen += "error" }
            override fun onComplete() { seen += "end" }
        }
        repeat(2) { body.subscribe(subscriber) }
        assertFalse(gate.abandon())
        assertEquals(listOf("part", "end", "error"), seen)
    }

    @Test
    fun `an abandoned or late request is never sent`() {
        val abandoned = SendGate(null)
        assertTrue(abandoned.abandon())
        assertFalse(abandoned.open())
        assertTrue(abandoned.abandon())
        assertFalse(abandoned.late)

        val opened = SendGate(Duration.ofSeconds(Long.MAX_VALUE))
        assertTrue(opened.open())
        assertFalse(opened.open())
        assertFalse(opened.abandon())

        val late = SendGate(Duration.ZERO)
        assertFalse(late.open())
        assertTrue(late.late)
        assertTrue(late.abandon())
    }

    @Test
    fun `an exception of a transport is a typed error with its cause`() = TestEnv().use { env ->
        env.client.accessToken()
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
                over(env, transport).accounts().transfer(env.transfer("t-1"))
            }
            assertEquals(Outcome.UNKNOWN, error.outcome)
            assertEquals(TransportFault.OTHER, error.transportFault)
            assertSame(thrown, error.cause)
            assertEquals(1, calls.get(), "a mutation with an unknown outcome is not sent again")
        }
        assertEquals(0, env.sandbox.transfers().size)
    }

    @Test
    fun `a transport that returns null is named in the cause`() {
        // As Java code may.
        val nothing = Proxy.newProxyInstance(javaClass.classLoader, arrayOf(Transport::class.java)) { _, method, _ ->
            if (method.name == "abortsOnFailure") false else null
        } as Transport
        val client = Client("key", "sixteen-letters!", transport = nothing, maxRetries = 0)
        val error = assertThrows(KeySecureException.Transport::class.java) { client.cards().get("c") }
        assertEquals(TransportFault.OTHER, error.transportFault)
        assertEquals("the transport returned null", error.cause?.message)
    }

    @Test
    fun `a request that a transport reports as not sent is sent again`() = TestEnv().use { env ->
        val inner = JavaHttpTransport()
        val calls = AtomicInteger()
        val transport = Transport { request ->
            if ("transfer" in request.url && calls.incrementAndGet() == 1) {
                throw TransportFailedException(TransportFault.CONNECT, mayHaveBeenSent = false)
            }
            inner.send(request)
        }
        over(env, transport).accounts().transfer(env.transfer("t-1"))
        assertEquals(2, calls.get())
        assertEquals(1, env.sandbox.transfers().size)
    }

    @Test
    fun `an impossible response is an InvalidResponse error`() {
        for (status in listOf(-1, 0, 99_999)) {
            val transport = Transport { HttpResponse(status, ByteArray(0)) }
            val client = Client("key", "sixteen-letters!", transport = transport, maxRetries = 0)
            assertThrows(KeySecureException.InvalidResponse::class.java) { client.cards().get("c") }
        }
        val oversized = Transport { HttpResponse(200, ByteArray(it.maxResponseBytes.toInt() + 1)) }
        val error = assertThrows(KeySecureException.InvalidResponse::class.java) {
            Client("key", "sixteen-letters!", transport = oversized, maxRetries = 0).cards().get("c")
        }
        assertEquals(TransportFault.TOO_LARGE, error.transportFault)
    }

    @Test
    fun `a transport may call the library during a call`() = TestEnv().use { env ->
        val inner = JavaHttpTransport()
        val transport = Transport { request ->
            assertEquals(System.getProperty("keysecure.version"), libraryVersion())
            assertThrows(KeySecureException.InvalidInput::class.java) { env.client.cardholders().get("") }
            inner.send(request)
        }
        over(env, transport).use { client ->
            repeat(3) { assertEquals(env.cardholderNo, client.cardholders().get(env.cardholderNo).cardholderNo) }
            val error = assertThrows(KeySecureException::class.java) { client.cardholders().get("nobody") }
            assertEquals("cardholders.get", error.operation)
        }
    }

    @Test
    fun `closing a client closes its transport`() {
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
    fun `an observer gets every attempt and call and may throw`() = TestEnv().use { env ->
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
        val client = env.builder().observer(observer).build()
        env.sandbox.fault("cardholders.get", "drop_before_read")
        client.cardholders().get(env.cardholderNo)
        assertEquals(listOf("token", "cardholders.get", "cardholders.get"), attempts.map { it.operation })
        assertEquals(listOf(1, 1, 2), attempts.map { it.attempt })
        assertEquals("cardholders.get", calls.last().operation)
        assertEquals(2, calls.last().attempts)
        assertTrue(lines.last().startsWith("operation=cardholders.get attempt=2 ms="), lines.last())
        assertTrue(lines.last().endsWith("http_status=200 code=0"), lines.last())
        assertFalse(lines.any { env.cardholderNo in it })
    }
}
