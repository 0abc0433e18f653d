package io.keysecure

import io.keysecure.model.AttemptEnd
import io.keysecure.model.Outcome
import io.keysecure.model.TransportFault
import java.time.Duration
import java.time.Instant
import java.util.concurrent.CopyOnWriteArrayList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What a caller's own code returns never fails on its way to the native library. */
class ForeignValuesTest {
    /** Cut in the middle of a surrogate pair. */
    private val cut = "Karte gesperrt \uD83D\uDE00".substring(0, 16)

    private fun purchase(verifier: WebhookVerifier, number: Int): VerifiedWebhook {
        val body = """{"id":"$number","action":"Auth","data":{"consume_no":"f$number","card_no":"k1","amount":12.50,"status":"Pending"}}"""
        return body.toByteArray().let { verifier.verify(verifier.signForTests(Instant.now(), it), it) }
    }

    @Test
    fun `a decline with half a surrogate pair stays a decline`() {
        val verifier = WebhookVerifier("key", listOf("current"))
        for ((number, executor) in listOf(null, java.util.concurrent.Executor { it.run() }).withIndex()) {
            val responder = Responder({ Decision.Decline(cut) }, otherwise = Decision.Approve, executor = executor)
            val reply = responder.respond(purchase(verifier, number))
            assertTrue("\"code\":1" in reply && "Karte gesperrt \uFFFD" in reply, reply)
        }
        val late = Responder({ error("no decision") }, otherwise = Decision.Decline(cut))
        assertTrue("\uFFFD" in late.respond(purchase(verifier, 9)))
    }

    @Test
    fun `a store may return negative durations and half surrogate pairs`() = TestEnv().use { env ->
        val released = CopyOnWriteArrayList<String>()
        val attempts = object : AttemptStore by TestAttemptStore(Duration.ZERO) {
            override fun acquire(reference: String, lease: Duration, within: Duration): Acquired =
                Acquired.Leased("lease \uD83D", PastAttempt(Duration.ofMillis(-5), AttemptEnd.NOT_DONE), Duration.ofMillis(-5))

            override fun begin(attempt: AttemptStart, within: Duration): Boolean = true

            override fun release(reference: String, leaseId: String, within: Duration) {
                released += leaseId
            }
        }
        val tokens = object : TokenStore by TestTokenStore() {
            override fun load(slot: String, within: Duration) = StoredToken("token \uD83D", Instant.now(), Instant.now().plusSeconds(600))

            override fun tryLock(slot: String, within: Duration): String = "lock \uD83D"
        }
        RecordedWarnings().use { warnings ->
            env.builder().store(Store.own(tokens, attempts)).build().use { client ->
                val options = EnsureOptions(deadline = Duration.ofSeconds(20), settle = Duration.ofMillis(200))
                assertTrue(client.accounts().ensureTransfer(env.transfer("t-1"), options).created)
            }
            assertEquals(listOf("lease \uFFFD"), released)
            assertEquals(listOf<String>(), warnings.lines.filter { "threw" in it })
        }
    }

    @Test
    fun `a replay store may return half a surrogate pair`() {
        val replays = object : ReplayStore by TestReplayStore() {
            override fun get(key: String): String = "\uD83D"

            override fun insert(key: String, value: String, keep: Duration): String? = "\uD83D"
        }
        RecordedWarnings().use { warnings ->
            val verifier = WebhookVerifier("key", listOf("current"), store = Store.own(replays = replays))
            val body = """{"id":"1","action":"CardUpdate","data":{"card_no":"k1"}}""".toByteArray()
            WebhookReceiver(verifier) { }.receive(verifier.signForTests(Instant.now(), body), body)
            assertFalse(warnings.lines.any { "threw" in it }, "${warnings.lines}")
        }
    }

    @Test
    fun `a transport may return half a surrogate pair in a header`() = TestEnv().use { env ->
        val inner = JavaHttpTransport()
        val half = "\uD83D"
        val texts = Transport { request -> inner.send(request).copy(date = half, contentType = half, retryAfter = half, location = half) }
        env.builder().transport(texts).build().use { client ->
            assertEquals("t-1", client.accounts().transfer(env.transfer("t-1")).transferUniqueNo)
        }
        inner.close()
    }
}
