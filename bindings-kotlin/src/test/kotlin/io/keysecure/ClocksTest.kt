package io.keysecure

import io.keysecure.model.Rejection
import java.time.Duration
import java.time.Instant
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

class ClocksTest {
    @Test
    fun `a verifier of a client follows the clock that the client learned`() {
        TestEnv().use { env ->
            val body = """{"id":"1","action":"Card_update","data":{"card_no":"1","after_status":"Frozen"}}""".toByteArray()
            val ahead = Duration.ofMinutes(10)
            env.sandbox.advance(ahead)
            val client = env.builder().build()
            val verifier = client.webhookVerifier()
            val headers = verifier.signForTests(Instant.now().plus(ahead), body)
            val early = assertThrows(KeySecureException.Webhook::class.java) { verifier.verify(headers, body) }
            assertEquals(Rejection.TOO_NEW, early.rejection)
            assertTrue("the tolerance is 300 s" in early.message!!, early.message)
            client.accessToken().close()
            verifier.verify(headers, body)
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
