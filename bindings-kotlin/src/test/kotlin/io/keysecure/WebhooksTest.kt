package io.keysecure

import io.keysecure.model.CardStatus
import io.keysecure.model.Event
import io.keysecure.model.Rejection
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import java.util.concurrent.ConcurrentHashMap
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
        assertEquals(0, received.secret)
        assertEquals("12.50".toBigDecimal(), event.data.amount)
        val lists = headers().map { (name, value) -> name.uppercase() to listOf(value) }.toMap()
        assertEquals("1", verifier.verify(lists, purchase).id)
        assertEquals(0, verifier.verifySignature(headers(), purchase).secret)
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
        val stores = listOf(
            ReplayStore.memory(),
            ReplayStore.file(folder.resolve("replays")),
            ReplayStore.own(OwnMemory()),
        )
        for (store in stores) {
            val guarded = WebhookVerifier("key", listOf("current"), replayStore = store)
            val headers = headers()
            guarded.verify(headers, purchase)
            assertEquals(Rejection.REPLAYED, rejected { guarded.verify(headers, purchase) })
        }
    }

    @Test
    fun `a callback that could not be handled is new when it comes again, and one that was handled is told`() {
        for (store in listOf(ReplayStore.memory(), ReplayStore.file(folder.resolve("claims")), ReplayStore.own(OwnMemory()))) {
            val guarded = WebhookVerifier("key", listOf("current"), replayStore = store)
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
            val broken = ReplayStore.own(OwnMemory { throw thrown })
            assertEquals(Rejection.REPLAY_STORE_UNAVAILABLE, rejected {
                WebhookVerifier("key", listOf("current"), replayStore = broken).verify(headers(), purchase)
            })
            val lenient = WebhookVerifier("key", listOf("current"), replayStore = broken, acceptWhenUnavailable = true)
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

    /** A store of one's own; [before] runs before each question. */
    private class OwnMemory(private val before: () -> Unit = {}) : ReplayMemory {
        private val values = ConcurrentHashMap<String, String>()

        override fun insert(key: String, value: String, keep: Duration): String? {
            before()
            return values.putIfAbsent(key, value)
        }

        override fun get(key: String): String? {
            before()
            return values[key]
        }

        override fun remove(key: String) {
            before()
            values.remove(key)
        }
    }
}
