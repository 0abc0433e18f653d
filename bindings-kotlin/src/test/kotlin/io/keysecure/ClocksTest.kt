package io.keysecure

import io.keysecure.model.ListCards
import io.keysecure.model.Rejection
import io.keysecure.model.WindowBound
import java.time.Clock
import java.time.Duration
import java.time.Instant
import java.time.LocalTime
import java.time.ZoneOffset
import java.util.TimeZone
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

class ClocksTest {
    private val update = """{"id":"1","action":"Card_update","data":{"card_no":"1","after_status":"Frozen"}}""".toByteArray()

    @Test
    fun `a verifier uses its own clock`() {
        val then = Instant.parse("2030-01-02T03:04:05Z")
        val verifier = WebhookVerifier("key", listOf("secret"), clock = Clock.fixed(then, ZoneOffset.UTC))
        val received = verifier.verify(verifier.signForTests(then.minusSeconds(299), update), update)
        assertEquals(then, received.receivedAt)
        val now = assertThrows(KeySecureException.Webhook::class.java) {
            verifier.verify(verifier.signForTests(Instant.now(), update), update)
        }
        assertEquals(Rejection.TOO_OLD, now.rejection)
    }

    @Test
    fun `a client uses its own clock until it knows the platform's`() = TestEnv().use { env ->
        val then = Instant.parse("2030-01-02T03:04:05Z")
        for (client in listOf(
            env.builder().clock(Clock.fixed(then, ZoneOffset.UTC)).build(),
            Client(env.sandbox.apiKey, env.sandbox.apiSecret, baseUrl = env.sandbox.baseUrl, clock = Clock.fixed(then, ZoneOffset.UTC)),
        )) {
            val verifier = client.webhookVerifier()
            val headers = verifier.signForTests(then, update)
            assertEquals(then, verifier.verify(headers, update).receivedAt)
            val fixed = client.webhookVerifier(clock = Clock.fixed(then.minusSeconds(1), ZoneOffset.UTC))
            client.accessToken().close()
            assertEquals(Rejection.TOO_NEW, assertThrows(KeySecureException.Webhook::class.java) { verifier.verify(headers, update) }.rejection)
            assertEquals(then.minusSeconds(1), fixed.verify(headers, update).receivedAt)
            client.close()
        }
    }

    @Test
    fun `a clock that throws is refused at once and tolerated later`() {
        var fails = true
        val then = Instant.parse("2030-01-02T03:04:05Z")
        val clock = object : Clock() {
            override fun getZone() = ZoneOffset.UTC

            override fun withZone(zone: java.time.ZoneId) = this

            override fun instant() = if (fails) error("s3cr3t") else then
        }
        val refused = assertThrows(KeySecureException.Config::class.java) { Client("key", "sixteen-letters!", clock = clock) }
        assertTrue("clock threw java.lang.IllegalStateException" in refused.message!!, refused.message)
        fails = false
        val verifier = WebhookVerifier("key", listOf("secret"), clock = clock)
        fails = true
        RecordedWarnings().use { warnings ->
            val received = verifier.verify(verifier.signForTests(then, update), update)
            assertTrue(Duration.between(then, received.receivedAt).seconds in 0..60, "${received.receivedAt}")
            warnings.await("the clock threw java.lang.IllegalStateException")
            assertTrue(warnings.lines.none { "s3cr3t" in it }, "${warnings.lines}")
        }
    }

    @Test
    fun `the time to reply to a purchase passes`() {
        val verifier = WebhookVerifier("key", listOf("secret"))
        val before = Instant.now()
        val received = verifier.verify(verifier.signForTests(before, update), update)
        assertTrue(received.receivedAt >= before && received.receivedAt <= Instant.now())
        assertTrue(received.timeLeft > Duration.ZERO && received.timeLeft <= Duration.ofMillis(800), "${received.timeLeft}")
        val deadline = Duration.between(received.receivedAt, received.replyBefore)
        assertTrue(deadline.minusMillis(800).abs() < Duration.ofMillis(100), "$deadline")
        Thread.sleep(850)
        assertEquals(Duration.ZERO, received.timeLeft)
    }

    @Test
    fun `a list that ends with a date that is over warns`() = TestEnv().use { env ->
        val machine = TimeZone.getDefault()
        // In UTC+8 a day is over at 16:00 UTC.
        val now = env.sandbox.now().atOffset(ZoneOffset.UTC)
        val evening = now.with(LocalTime.of(17, 0)).plusDays(1)
        val ahead = Duration.between(now, evening)
        env.sandbox.advance(ahead)
        try {
            TimeZone.setDefault(TimeZone.getTimeZone("UTC"))
            RecordedWarnings().use { warnings ->
                val client = env.builder().clock(Clock.offset(Clock.systemUTC(), ahead)).build()
                val today = evening.toLocalDate()
                client.cards().list(ListCards(WindowBound.Day(today.minusDays(2)), WindowBound.Day(today))).toList()
                warnings.await("a list ends with $today, which is today on this machine (UTC+0) and over in UTC+8")
            }
        } finally {
            TimeZone.setDefault(machine)
        }
    }

    @Test
    fun `a verifier of a client follows the clock that the client learned`() {
        TestEnv().use { env ->
            val ahead = Duration.ofMinutes(10)
            env.sandbox.advance(ahead)
            val client = env.builder().build()
            val verifier = client.webhookVerifier()
            val headers = verifier.signForTests(Instant.now().plus(ahead), update)
            val early = assertThrows(KeySecureException.Webhook::class.java) { verifier.verify(headers, update) }
            assertEquals(Rejection.TOO_NEW, early.rejection)
            assertTrue("the tolerance is 300 s" in early.message!!, early.message)
            client.accessToken().close()
            verifier.verify(headers, update)
        }
    }

    @ParameterizedTest
    @ValueSource(longs = [-30, -7, -1, 1, 7, 30])
    fun `a clock that is wrong by hours works from the start and later on`(hours: Long) {
        fun shiftClock(sandbox: Sandbox) {
            val by = Duration.ofHours(hours).abs()
            if (hours > 0) sandbox.advance(by) else sandbox.rewind(by)
        }
        TestEnv().use { env ->
            shiftClock(env.sandbox)
            val client = env.builder().build()
            client.accounts().transfer(env.transfer("from-the-start"))
            shiftClock(env.sandbox)
            client.accounts().transfer(env.transfer("later-on"))
            assertEquals(2, env.sandbox.transfers().size)
            assertTrue(env.sandbox.requestsTo("accounts.transfer") <= 4)
        }
    }
}
