package io.keysecure

import io.keysecure.model.CardStatus
import io.keysecure.model.Event
import io.keysecure.model.OnStoreFailure
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
    fun `a signed webhook is verified and parsed`() {
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
    fun `every invalid webhook has a typed rejection`() {
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
    fun `every kind of store rejects a replayed webhook`() {
        val stores = listOf(Store.memory(), Store.file(folder.resolve("replays")), Store.own(replays = TestReplayStore()))
        for (store in stores) {
            val guarded = WebhookVerifier("key", listOf("current"), store = store)
            val headers = headers()
            guarded.verify(headers, purchase)
            assertEquals(Rejection.REPLAYED, rejected { guarded.verify(headers, purchase) })
        }
    }

    @Test
    fun `a webhook is accepted again only until it was handled`() {
        for (store in listOf(Store.memory(), Store.file(folder.resolve("claims")), Store.own(replays = TestReplayStore()))) {
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
            assertEquals(Replies.accept(), Replies.duplicate(update))
            val closed = guarded.claim(guarded.signForTests(Instant.now().minusSeconds(9), update), update)
            repeat(2) { closed.close() }
            assertFalse(closed.finish())
        }
        assertTrue("\"code\":1" in Replies.duplicate(purchase), "no replay approves a purchase")
    }

    @Test
    fun `a failing store rejects webhooks unless configured to accept`() {
        for (thrown in listOf(IllegalStateException(), AssertionError())) {
            val broken = Store.own(replays = TestReplayStore { throw thrown })
            assertEquals(Rejection.REPLAY_STORE_UNAVAILABLE, rejected {
                WebhookVerifier("key", listOf("current"), store = broken).verify(headers(), purchase)
            })
            val lenient = WebhookVerifier("key", listOf("current"), store = broken, onStoreFailure = OnStoreFailure.ACCEPT)
            assertEquals("1", lenient.verify(headers(), purchase).id)
        }
    }

    @Test
    fun `a responder replies in time whatever the decision does`() {
        fun reply(otherwise: Decision? = null, budget: Duration? = Duration.ofSeconds(1), decide: Decider) =
            Responder(decide, otherwise, budget).respond(verifier.verify(headers(), purchase))

        assertEquals(Replies.accept(), reply { Decision.Approve })
        assertEquals(Replies.decline("over the limit"), reply { Decision.Decline("over the limit") })
        assertTrue("\"code\":1" in reply { error("broken") })
        assertTrue("\"code\":1" in reply { throw AssertionError("broken") })
        assertEquals(Replies.accept(), reply(otherwise = Decision.Approve) { error("broken") })
        val late = reply(otherwise = Decision.Decline("too late"), budget = Duration.ofMillis(50)) {
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
    fun `webhooks of the sandbox are verified`() = TestEnv().use { env ->
        val sandbox = env.sandbox
        sandbox.control("POST /callbacks/settings", "url" to "${sandbox.controlUrl}/callbacks/sink")
        val cardNo = sandbox.virtualCard(env.cardholderNo)
        env.client.cards().freeze(cardNo)
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
    fun `a stored webhook can be parsed without verification`() {
        val event = WebhookVerifier.parseUnverified("""{"id":"1","action":"Brand_new","data":{"a":1.50}}""".toByteArray())
        assertEquals(Event.Unknown("Brand_new", """{"a":1.50}"""), event)
    }

    @Test
    fun `a verifier refuses a store without a replay store`() {
        val error = assertThrows(KeySecureException.InvalidInput::class.java) {
            WebhookVerifier("key", listOf("current"), store = Store.own(tokens = TestTokenStore()))
        }
        assertEquals("store", error.field)
    }

    @Test
    fun `an old webhook with a new timestamp header is rejected`() {
        val old = Instant.now() - Duration.ofDays(30)
        val signed = verifier.signForTests(old, purchase)
        val moved = String(purchase).replace("\"data\":{", "\"data\":{\"timestamp\":\"${old.toEpochMilli()}\",").toByteArray()
        val fresh = signed + ("Timestamp" to Instant.now().toEpochMilli().toString())
        assertEquals(Rejection.CONTRADICTION, rejected { verifier.verify(fresh, moved) })
    }

    @Test
    fun `the maximum body size can be configured`() {
        val large = String(purchase).replace("\"k1\"", "\"k1\",\"merchant_info\":{\"merchant_name\":\"${"x".repeat(70_000)}\"}").toByteArray()
        val headers = verifier.signForTests(Instant.now(), purchase)
        assertEquals(Rejection.TOO_LARGE, rejected { verifier.verify(headers, large) })
        val roomy = WebhookVerifier("key", listOf("current"), maxBody = 100_000)
        assertEquals("1", roomy.verify(roomy.signForTests(Instant.now(), large), large).id)
        assertThrows(KeySecureException.InvalidInput::class.java) { WebhookVerifier("key", listOf("current"), maxBody = -1) }
        Unit
    }

    @Test
    fun `workers with one store decide once and repeat the first reply`() {
        val decided = AtomicInteger()
        // Like two processes: each opens the directory, and has its own verifier and decision.
        val workers = (1..2).map { number ->
            val guarded = WebhookVerifier("key", listOf("current"), store = Store.file(folder.resolve("fleet")))
            guarded to Responder({ decided.incrementAndGet(); Decision.Decline("worker $number says no") })
        }
        val replies = (0..3).map { delivery ->
            val (guarded, responder) = workers[delivery % 2]
            // Each delivery has another timestamp and signature.
            val signed = guarded.signForTests(Instant.now().minusSeconds(delivery.toLong()), purchase)
            val reply = responder.respond(guarded.verify(signed, purchase))
            assertEquals(Rejection.REPLAYED, rejected { workers.first().first.verify(signed, purchase) })
            listOf(reply, workers.last().first.replyDuplicate(purchase))
        }
        assertEquals(listOf(Replies.decline("worker 1 says no")), replies.flatten().distinct())
        assertEquals(1, decided.get())
    }

    @Test
    fun `an approval is repeated for replays with a custom store`() {
        val guarded = WebhookVerifier("key", listOf("current"), store = Store.own(replays = TestReplayStore()))
        val responder = Responder({ Decision.Approve }, budget = Duration.ofMillis(800))
        val signed = headers()
        assertEquals(Replies.accept(), responder.respond(guarded.verify(signed, purchase)))
        assertEquals(Rejection.REPLAYED, rejected { guarded.verify(signed, purchase) })
        assertEquals(Replies.accept(), guarded.replyDuplicate(purchase))
        assertTrue("\"code\":1" in Replies.duplicate(purchase), "without the store the first reply is not known")
    }

    @Test
    fun `a late or failing decision is logged without the message`() {
        val warnings = RecordedWarnings()
        warnings.use {
            val late = Responder({ Thread.sleep(1_500); Decision.Approve }, budget = Duration.ofMillis(500))
            assertTrue("\"code\":1" in late.respond(verifier.verify(headers(), purchase)))
            warnings.await("a decision came too late and is dropped: consume_no=\"c1\"")
            Responder({ error("s3cr3t") }).respond(verifier.verify(headers(), purchase))
            warnings.await("a decision threw java.lang.IllegalStateException at io.keysecure.WebhooksTest")
            warnings.await("a purchase is declined: consume_no=\"c1\"")
            rejected { verifier.verify(headers(), "{}".toByteArray()) }
        }
        assertFalse(warnings.lines.any { "s3cr3t" in it }, "${warnings.lines}")
    }
}
