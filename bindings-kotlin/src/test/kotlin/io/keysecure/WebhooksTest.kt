package io.keysecure

import io.keysecure.model.CardStatus
import io.keysecure.model.Event
import io.keysecure.model.Rejection
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import java.util.concurrent.atomic.AtomicInteger
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class WebhooksTest {
    @TempDir
    lateinit var folder: Path

    private val verifier = WebhookVerifier("key", listOf("current", "previous"))
    private val purchase =
        """{"id":"1","action":"Auth","data":{"consume_no":"c1","card_no":"k1","amount":12.50,"status":"Pending"}}"""
            .toByteArray()

    private fun headers(at: Instant = Instant.now(), body: ByteArray = purchase) = verifier.signForTests(at, body)

    private fun rejected(block: () -> Unit): Rejection? =
        assertThrows(KeySecureException.Webhook::class.java) { block() }.rejection

    @Test
    fun `a signed callback is verified and typed`() {
        val received = verifier.verify(headers(), purchase)
        val event = received.event as Event.Auth
        assertEquals("1", received.id)
        assertEquals(0, received.secretIndex)
        assertEquals("12.50".toBigDecimal(), event.data.amount)
        val lists = headers().map { (name, value) -> name.uppercase() to listOf(value) }.toMap()
        assertEquals("1", verifier.verify(lists, purchase).id)
        val servlet = headers().mapValues { java.util.Collections.enumeration(listOf(it.value)) }
        assertEquals("1", verifier.verify(servlet, purchase).id)
        @Suppress("UNCHECKED_CAST")
        val connection = (headers() + (null to "HTTP/1.1 200 OK")) as Map<String, String>
        assertEquals("1", verifier.verify(connection, purchase).id)
        assertEquals(0, verifier.verifySignature(headers(), purchase).secretIndex)
    }

    @Test
    fun `every hostile input is one typed rejection`() {
        assertEquals(Rejection.MISSING_HEADER, rejected { verifier.verify(emptyMap<String, String>(), purchase) })
        assertEquals(Rejection.WRONG_SIGNATURE, rejected {
            verifier.verify(headers(), String(purchase).replace("12.50", "1.50").toByteArray())
        })
        assertEquals(Rejection.TOO_OLD, rejected { verifier.verify(headers(Instant.now() - Duration.ofHours(1)), purchase) })
        assertEquals(Rejection.TOO_NEW, rejected { verifier.verify(headers(Instant.now() + Duration.ofHours(1)), purchase) })
        assertEquals(Rejection.DUPLICATE_HEADER, rejected {
            verifier.verify(headers() + ("timestamp" to "1"), purchase)
        })
        assertEquals(Rejection.TOO_LARGE, rejected { verifier.verify(headers(), ByteArray(2_000_000)) })
        assertEquals(Rejection.NOT_A_CALLBACK, rejected { verifier.verify(headers(), "\u0000".toByteArray()) })
    }

    @Test
    fun `a callback that comes twice is told, in memory, in files and in a store of one's own`() {
        val stores = listOf(Store.memory(), Store.file(folder.resolve("replays")), Store.own(replays = OwnReplays()))
        for (store in stores) {
            val guarded = WebhookVerifier("key", listOf("current"), store = store)
            val headers = headers()
            guarded.verify(headers, purchase)
            assertEquals(Rejection.REPLAYED, rejected { guarded.verify(headers, purchase) })
        }
    }

    @Test
    fun `a callback that could not be handled is new when it comes again, and one that was handled is told`() {
        for (store in listOf(Store.memory(), Store.file(folder.resolve("claims")), Store.own(replays = OwnReplays()))) {
            val guarded = WebhookVerifier("key", listOf("current"), store = store)
            val update = """{"id":"1","action":"Card_update","data":{"card_no":"k","after_status":"Frozen"}}""".toByteArray()
            val headers = guarded.signForTests(Instant.now(), update)
            assertThrows(IllegalStateException::class.java) { guarded.claim(headers, update).use { error("no room") } }
            guarded.claim(headers, update).use { claim ->
                assertTrue(claim.received.event is Event.CardUpdate)
                assertEquals(Rejection.IN_PROGRESS, rejected { guarded.claim(headers, update) })
                assertTrue(claim.finish())
            }
            assertEquals(Rejection.REPLAYED, rejected { guarded.claim(headers, update) })
            assertEquals(Replies.accept(), Replies.again(update))
            val closed = guarded.claim(guarded.signForTests(Instant.now().minusSeconds(9), update), update)
            repeat(2) { closed.close() }
            assertFalse(closed.finish())
        }
        assertTrue("\"code\":1" in Replies.again(purchase), "no replay approves a purchase")
    }

    @Test
    fun `a store that throws rejects, unless it is told to accept`() {
        for (thrown in listOf(IllegalStateException(), AssertionError())) {
            val broken = Store.own(replays = OwnReplays { throw thrown })
            assertEquals(Rejection.REPLAY_STORE_UNAVAILABLE, rejected {
                WebhookVerifier("key", listOf("current"), store = broken).verify(headers(), purchase)
            })
            val lenient = WebhookVerifier("key", listOf("current"), store = broken, acceptWhenUnavailable = true)
            assertEquals("1", lenient.verify(headers(), purchase).id)
        }
    }

    @Test
    fun `a responder answers in time whatever the decision does`() {
        fun answer(otherwise: Decision? = null, budget: Duration? = Duration.ofSeconds(1), decide: Decider) =
            Responder(decide, otherwise, budget).respond(verifier.verify(headers(), purchase))

        assertEquals(Replies.accept(), answer { Decision.Approve })
        assertEquals(Replies.decline("over the limit"), answer { Decision.Decline("over the limit") })
        assertTrue("\"code\":1" in answer { error("broken") })
        assertTrue("\"code\":1" in answer { throw AssertionError("broken") })
        assertEquals(Replies.accept(), answer(otherwise = Decision.Approve) { error("broken") })
        val late = answer(otherwise = Decision.Decline("too late"), budget = Duration.ofMillis(50)) {
            Thread.sleep(3_000)
            Decision.Approve
        }
        assertEquals(Replies.decline("too late"), late)
        assertThrows(KeySecureException.InvalidInput::class.java) { Replies.decline(" ") }
        assertThrows(KeySecureException.InvalidInput::class.java) {
            Responder({ Decision.Approve }, budget = Duration.ofSeconds(-1))
        }
        Unit
    }

    @Test
    fun `what the sandbox sends is verified`() = Stage().use { stage ->
        val sandbox = stage.sandbox
        sandbox.control("POST /callbacks/settings", "url" to "${sandbox.controlUrl}/callbacks/sink")
        val cardNo = sandbox.virtualCard(stage.cardholderNo)
        stage.client.cards().freeze(cardNo)
        sandbox.control("POST /callbacks/settle", "ms" to 20_000)
        val delivery = sandbox.control("GET /callbacks/deliveries").asJsonObject["deliveries"].asJsonArray
            .map { it.asJsonObject }.first { it.toString().contains("Card_update") }
        val text = { name: String -> delivery[name].asString }
        val headers = mapOf("Timestamp" to text("timestamp_ms"), "Signature" to text("signature"))
        val received = WebhookVerifier(sandbox.apiKey, listOf(sandbox.apiSecret)).verify(headers, text("body").toByteArray())
        val event = received.event as Event.CardUpdate
        assertEquals(cardNo, event.data.cardNo)
        assertEquals(CardStatus.Frozen, event.data.afterStatus)
    }

    @Test
    fun `a stored callback is read without verifying it`() {
        val event = WebhookVerifier.parseUnverified("""{"id":"1","action":"Brand_new","data":{"a":1.50}}""".toByteArray())
        assertEquals(Event.Unknown("Brand_new", """{"a":1.50}"""), event)
    }

    @Test
    fun `a store without webhooks is refused by a verifier`() {
        val error = assertThrows(KeySecureException.InvalidInput::class.java) {
            WebhookVerifier("key", listOf("current"), store = Store.own(tokens = OwnTokens()))
        }
        assertEquals("store", error.field)
    }

    @Test
    fun `an old webhook with a new header contradicts itself`() {
        val old = Instant.now() - Duration.ofDays(30)
        val signed = verifier.signForTests(old, purchase)
        val moved = String(purchase).replace("\"data\":{", "\"data\":{\"timestamp\":\"${old.toEpochMilli()}\",").toByteArray()
        val fresh = signed + ("Timestamp" to Instant.now().toEpochMilli().toString())
        assertEquals(Rejection.CONTRADICTION, rejected { verifier.verify(fresh, moved) })
    }

    @Test
    fun `a body is as large as the verifier takes`() {
        val large = String(purchase).replace("\"k1\"", "\"k1\",\"merchant_info\":{\"merchant_name\":\"${"x".repeat(70_000)}\"}").toByteArray()
        val headers = verifier.signForTests(Instant.now(), purchase)
        assertEquals(Rejection.TOO_LARGE, rejected { verifier.verify(headers, large) })
        val roomy = WebhookVerifier("key", listOf("current"), maxBody = 100_000)
        assertEquals("1", roomy.verify(roomy.signForTests(Instant.now(), large), large).id)
        assertThrows(KeySecureException.InvalidInput::class.java) { WebhookVerifier("key", listOf("current"), maxBody = -1) }
        Unit
    }

    @Test
    fun `two workers with one store decide a purchase once and repeat the first reply`() {
        val decided = AtomicInteger()
        // As two processes have it: each opens the directory for itself, and has a verifier and a rule of its own.
        val workers = (1..2).map { number ->
            val guarded = WebhookVerifier("key", listOf("current"), store = Store.file(folder.resolve("fleet")))
            guarded to Responder({ decided.incrementAndGet(); Decision.Decline("worker $number says no") })
        }
        val replies = (0..3).map { delivery ->
            val (guarded, responder) = workers[delivery % 2]
            // Each delivery has a timestamp and a signature of its own.
            val signed = guarded.signForTests(Instant.now().minusSeconds(delivery.toLong()), purchase)
            val reply = responder.respond(guarded.verify(signed, purchase))
            assertEquals(Rejection.REPLAYED, rejected { workers.first().first.verify(signed, purchase) })
            listOf(reply, workers.last().first.replyDuplicate(purchase))
        }
        assertEquals(listOf(Replies.decline("worker 1 says no")), replies.flatten().distinct())
        assertEquals(1, decided.get())
    }

    @Test
    fun `an approval is repeated to exact replays, over a store of one's own too`() {
        val guarded = WebhookVerifier("key", listOf("current"), store = Store.own(replays = OwnReplays()))
        val responder = Responder({ Decision.Approve }, budget = Duration.ofMillis(800))
        val signed = headers()
        assertEquals(Replies.accept(), responder.respond(guarded.verify(signed, purchase)))
        assertEquals(Rejection.REPLAYED, rejected { guarded.verify(signed, purchase) })
        assertEquals(Replies.accept(), guarded.replyDuplicate(purchase))
        assertTrue("\"code\":1" in Replies.again(purchase), "without the store nothing is known of it")
    }

    @Test
    fun `what is late or throws is declined and logged, without the exception's text`() {
        val heard = Heard()
        heard.use {
            val late = Responder({ Thread.sleep(400); Decision.Approve }, budget = Duration.ofMillis(50))
            assertTrue("\"code\":1" in late.respond(verifier.verify(headers(), purchase)))
            heard.await("a decision came too late and is dropped: consume_no=\"c1\"")
            Responder({ error("s3cr3t") }).respond(verifier.verify(headers(), purchase))
            heard.await("a decision threw java.lang.IllegalStateException at io.keysecure.WebhooksTest")
            heard.await("a purchase is declined: consume_no=\"c1\"")
            rejected { verifier.verify(headers(), "{}".toByteArray()) }
        }
        assertFalse(heard.lines.any { "s3cr3t" in it }, "${heard.lines}")
    }
}
