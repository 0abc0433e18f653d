package io.keysecure

import io.keysecure.model.AuthEvent
import io.keysecure.model.Event
import java.io.ByteArrayInputStream
import java.io.FilterInputStream
import java.io.IOException
import java.io.InputStream
import java.time.Duration
import java.time.Instant
import java.util.Collections
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.delay
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The responses of a receiver, which are those of the Python receivers. */
class WebhookReceiverTest {
    // Not the store of the process, which remembers the webhooks of other tests.
    private val verifier = WebhookVerifier("key", listOf("current-secret"), store = Store.own(replays = TestReplayStore()))
    private val update = """{"id":"1","action":"Card_update","data":{"card_no":"k1","after_status":"Frozen"}}""".toByteArray()
    private val handled = CopyOnWriteArrayList<Event>()

    private fun receiver(verifier: WebhookVerifier = this.verifier, handler: EventHandler = EventHandler { handled += it }) =
        WebhookReceiver(verifier, Responder(::decide), handler = handler)

    private fun decide(purchase: AuthEvent): Decision =
        if (purchase.amount < 100.toBigDecimal()) Decision.Approve else Decision.Decline("too much")

    private fun purchase(number: String, amount: String = "12.50") =
        """{"id":"1","action":"Auth","data":{"consume_no":"$number","card_no":"k1","amount":$amount,"status":"Pending"}}""".toByteArray()

    private fun signed(body: ByteArray, at: Instant = Instant.now()) = verifier.signForTests(at, body)

    private fun WebhookReceiver.receive(body: ByteArray): Pair<Int, String> = receive(signed(body), body).let { it.status to it.body }

    private val accepted = 200 to Replies.accept()

    @Test
    fun `an event is handled and accepted`() {
        assertEquals(accepted, receiver().receive(update))
        assertEquals("k1", (handled.single() as Event.CardUpdate).data.cardNo)
        val response = receiver().receive(signed(update, Instant.now().minusSeconds(1)), ByteArrayInputStream(update))
        assertEquals(listOf(200, "application/json", Replies.accept()), response.run { listOf(status, contentType, String(toByteArray())) })
    }

    @Test
    fun `a header without a value or with half a surrogate pair is no fault`() {
        val withNull = signed(update).mapValues { listOf(it.value, null) } + ("X-Odd" to "\uD83D") + ("X-\uD83D" to listOf(null))
        assertEquals(200, receiver().receive(withNull, update).status)
        val array = signed(update, Instant.now().minusSeconds(1)).mapValues { arrayOf(it.value, null) }
        assertEquals(200, receiver().receive(array, update).status)
        RecordedWarnings().use { warnings ->
            val statuses = signed(update).keys.map { name -> receiver().receive(signed(update) + (name to "\uD83D"), update).status }
            // Some of the headers are not needed.
            assertEquals(setOf(400), statuses.toSet() - 200)
            assertTrue(warnings.lines.isNotEmpty() && warnings.lines.all { "a webhook is rejected" in it }, "${warnings.lines}")
        }
    }

    @Test
    fun `the time to reply counts from before the body is read`() {
        val body = purchase("slow")
        val response = runBlocking {
            receiver().awaitResponse(signed(body)) { max ->
                delay(1_000)
                body.copyOf(minOf(max, body.size))
            }
        }
        assertTrue("\"code\":1" in response.body && response.status == 200, "$response")
    }

    @Test
    fun `a log line holds no long number and no line break of a webhook`() {
        val number = "4111111111111111\\nfake"
        val body = """{"id":"1","action":"Consumption","data":{"consume_no":"$number","card_no":"k1","amount":1,"status":"Success"}}""".toByteArray()
        RecordedWarnings().use { warnings ->
            receiver { error("s3cr3t") }.receive(body)
            val line = warnings.lines.single { "the handler of a webhook threw" in it }
            assertTrue("411111******1111" in line && "\n" !in line, line)
        }
    }

    @Test
    fun `headers of a servlet are read once`() {
        val headers = signed(update).mapValues { Collections.enumeration(listOf(it.value)) }
        assertEquals(200, receiver().receive(headers, ByteArrayInputStream(update)).status)
    }

    @Test
    fun `purchases get the decision and never reach the handler`() {
        assertEquals(accepted, receiver().receive(purchase("c1")))
        assertEquals(200 to Replies.decline("too much"), receiver().receive(purchase("c2", "100")))
        val unknownForm = """{"id":"1","action":"Auth","data":{"consume_no":7}}""".toByteArray()
        assertEquals(200 to Replies.decline("no decision could be made"), receiver().receive(unknownForm))
        val without = WebhookReceiver(verifier) { handled += it }
        assertEquals(200 to Replies.decline("purchases are not accepted"), without.receive(purchase("c3")))
        assertTrue(handled.isEmpty(), "$handled")
    }

    @Test
    fun `the log says that a receiver without a responder decides nothing`() {
        RecordedWarnings().use { log ->
            WebhookReceiver(verifier) { handled += it }.receive(purchase("c4"))
            assertTrue(log.lines.any { "c4" in it && "there is no decision function" in it }, "${log.lines}")
            assertTrue(log.lines.none { "by decision" in it }, "${log.lines}")
        }
    }

    @Test
    fun `a purchase whose body arrives too late is declined`() {
        val body = purchase("c9")
        val slow = object : FilterInputStream(ByteArrayInputStream(body)) {
            override fun read(bytes: ByteArray, offset: Int, length: Int): Int {
                if (available() == body.size) Thread.sleep(1_000)
                return super.read(bytes, offset, length)
            }
        }
        val response = receiver().receive(signed(body), slow)
        assertEquals(200, response.status)
        assertTrue(response.body != Replies.accept(), response.body)
    }

    @Test
    fun `slow handlers do not delay a purchase`() {
        val receiver = receiver { Thread.sleep(2_000) }
        runBlocking {
            val slow = (1..70).map { number ->
                val body = """{"id":"$number","action":"Card_update","data":{"card_no":"k$number","after_status":"Frozen"}}""".toByteArray()
                launch { receiver.awaitResponse(signed(body), body) }
            }
            delay(300)
            val start = System.nanoTime()
            assertEquals(Replies.accept(), receiver.awaitResponse(signed(purchase("c10")), purchase("c10")).body)
            assertTrue(System.nanoTime() - start < 700_000_000)
            slow.joinAll()
        }
    }

    @Test
    fun `the calls of a handler have not waited for its thread`() = TestEnv().use { env ->
        val client = env.builder().timeout(Duration.ofMillis(400)).build()
        client.accessToken().close()
        val event = { number: String -> """{"id":"$number","action":"Card_update","data":{"card_no":"$number","after_status":"Frozen"}}""" }
        val receiver = receiver { handled ->
            if ((handled as Event.CardUpdate).data.cardNo == "last") client.cardholders().get(env.cardholderNo) else Thread.sleep(1_000)
        }
        runBlocking {
            val slow = (1..64).map { number ->
                val body = event("$number").toByteArray()
                launch { receiver.awaitResponse(signed(body), body) }
            }
            delay(300)
            val last = event("last").toByteArray()
            assertEquals(200, receiver.awaitResponse(signed(last), last).status)
            slow.joinAll()
        }
    }

    @Test
    fun `a replay is handled once and gets the first reply again`() {
        val decided = AtomicInteger()
        val receiver = WebhookReceiver(verifier, Responder({ Decision.decline("no ${decided.incrementAndGet()}") })) { handled += it }
        val at = Instant.now()
        repeat(3) { assertEquals(accepted, receiver.receive(signed(update, at), update).run { status to body }) }
        // The identical request, and the same purchase under a new signature.
        for (headers in listOf(signed(purchase("c4"), at), signed(purchase("c4"), at), signed(purchase("c4"), at.minusSeconds(2)))) {
            assertEquals(200 to Replies.decline("no 1"), receiver.receive(headers, purchase("c4")).run { status to body })
        }
        assertEquals(1 to 1, handled.size to decided.get())
    }

    @Test
    fun `a handler that throws gets the webhook again`() = RecordedWarnings().use { warnings ->
        for (thrown in listOf(IllegalStateException("s3cr3t"), AssertionError("s3cr3t"), InterruptedException("s3cr3t"))) {
            val failures = ArrayList<Throwable>()
            val attempts = AtomicInteger()
            val receiver = WebhookReceiver(verifier, onFailure = { _, error -> failures += error; error("ignored") }) {
                if (attempts.incrementAndGet() == 1) throw thrown
            }
            val body = String(update).replace("k1", thrown.javaClass.simpleName).toByteArray()
            val headers = signed(body)
            val first = receiver.receive(headers, body)
            assertEquals(500 to Replies.decline("the webhook could not be handled"), first.status to first.body)
            assertEquals(thrown is InterruptedException, Thread.interrupted())
            repeat(2) { assertEquals(200, receiver.receive(headers, body).status) }
            assertEquals(2, attempts.get())
            assertSame(thrown, failures.single())
            warnings.await("the handler of a webhook threw ${thrown.javaClass.name} at io.keysecure.WebhookReceiverTest")
        }
        assertFalse(warnings.lines.any { "s3cr3t" in it }, "${warnings.lines}")
    }

    @Test
    fun `a webhook that is being handled is sent again`() {
        val headers = signed(update)
        val inner = CopyOnWriteArrayList<Int>()
        lateinit var receiver: WebhookReceiver
        receiver = receiver { inner += receiver.receive(headers, update).status }
        assertEquals(200, receiver.receive(headers, update).status)
        assertEquals(listOf(503), inner.toList())
    }

    @Test
    fun `an unavailable store makes the platform send it again`() = RecordedWarnings().use { warnings ->
        val broken = WebhookVerifier("key", listOf("current-secret"), store = Store.own(replays = TestReplayStore { error("s3cr3t") }))
        assertEquals(503, receiver(broken).receive(update).first)
        warnings.await("a webhook is rejected (replay_store_unavailable)")
        assertFalse(warnings.lines.any { "s3cr3t" in it }, "${warnings.lines}")
    }

    @Test
    fun `rejected webhooks get a status and a line in the log`() = RecordedWarnings().use { warnings ->
        val changed = String(update).replace("k1", "k2").toByteArray()
        assertEquals(400, receiver().receive(signed(update), changed).status)
        warnings.await("a webhook is rejected (wrong_signature)")
        assertEquals(400, receiver().receive(emptyMap<String, String>(), update).status)
        assertEquals(400, receiver().receive(signed(update, Instant.now() - Duration.ofHours(1)), update).status)
        assertEquals(413, receiver().receive(signed(update), ByteArray(65_537)).status)
        warnings.await("a webhook is rejected (too_large)")
        assertTrue(handled.isEmpty())
        assertFalse(warnings.lines.any { "current-secret" in it || signed(update).getValue("Signature") in it })
    }

    private class Counting(inner: InputStream) : FilterInputStream(inner) {
        var read = 0

        override fun read(b: ByteArray, off: Int, len: Int): Int = super.read(b, off, len).also { read += it }
    }

    @Test
    fun `a body that is too large is not read to its end`() = RecordedWarnings().use { warnings ->
        val body = Counting(ByteArrayInputStream(ByteArray(1_000_000)))
        val length = mapOf("content-length" to listOf("1000000"))
        assertEquals(413, receiver().receive(signed(update) + length, body).status)
        assertEquals(0, body.read)
        warnings.await("a webhook is rejected (too_large)")
        assertEquals(413, receiver().receive(signed(update), body).status)
        assertEquals(65_537, body.read)
        val small = receiver(WebhookVerifier("key", listOf("current-secret"), maxBody = 2_000))
        for ((size, status) in listOf(2_000 to 200, 2_001 to 413)) {
            val padded = String(update).let { it.replace("k1", "k".repeat(size - it.length + 2)) }.toByteArray()
            assertEquals(size, padded.size)
            assertEquals(status, small.receive(signed(padded), ByteArrayInputStream(padded)).status)
        }
        assertEquals(1024 * 1024, receiver(WebhookVerifier("key", listOf("s"), maxBody = 9_000_000)).maxBody)
    }

    @Test
    fun `a body that cannot be read is named`() = RecordedWarnings().use { warnings ->
        fun ask(body: InputStream, vararg headers: Pair<String, String>) = receiver().receive(signed(update) + headers, body)
        val length = "Content-Length" to "${update.size}"
        for (header in listOf(length, "Transfer-Encoding" to "chunked")) {
            val gone = ask(ByteArrayInputStream(ByteArray(0)), header)
            assertEquals(500 to Replies.decline("the body was read before; pass the raw body"), gone.status to gone.body)
        }
        warnings.await("a filter may have read it before")
        assertEquals(400, ask(ByteArrayInputStream(update, 0, 20), length).status)
        warnings.await("its body ends after 20 of ${update.size} bytes")
        val broken = object : InputStream() {
            override fun read(): Int = throw IOException("s3cr3t")
        }
        assertEquals(400, ask(broken, length).status)
        warnings.await("reading its body threw java.io.IOException")
        assertFalse(warnings.lines.any { "s3cr3t" in it }, "${warnings.lines}")
    }

    @Test
    fun `webhooks are received and handled by coroutines`() = runBlocking {
        val receiver = receiver(handler = suspendingHandler { delay(10); handled += it })
        assertEquals(200, receiver.awaitResponse(signed(update), update).status)
        assertEquals(accepted, receiver.awaitResponse(signed(purchase("c5")), purchase("c5")).run { status to body })
        assertEquals(1, handled.size)
    }
}
