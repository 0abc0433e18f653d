package io.keysecure

import io.keysecure.model.Outcome
import java.time.Duration
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class FaultsTest {
    @Test
    fun `a transfer whose response is lost is unknown and sent once`() = TestEnv().use { env ->
        env.sandbox.fault("accounts.transfer", "drop_after_commit")
        val error = assertThrows(KeySecureException.Transport::class.java) {
            env.client.accounts().transfer(env.transfer("t-1"))
        }
        assertEquals(Outcome.UNKNOWN, error.outcome)
        assertEquals(1, env.sandbox.transfers().size)
        assertEquals(1, env.sandbox.requestsTo("accounts.transfer"))
    }

    @Test
    fun `ensureTransfer resolves an unknown outcome`() = TestEnv().use { env ->
        env.sandbox.fault("accounts.transfer", "drop_after_commit")
        val options = EnsureOptions(deadline = Duration.ofSeconds(30), settle = Duration.ofMillis(500), firstAttempt = true)
        val found = env.client.accounts().ensureTransfer(env.transfer("t-1"), options)
        assertTrue(found.created, "this call created it; only the response was lost")
        assertEquals("t-1", found.value.transferUniqueNo)
        val again = env.client.accounts().ensureTransfer(env.transfer("t-1"), options)
        assertFalse(again.created)
        assertEquals(found.value.transferNo, again.value.transferNo)
        assertEquals(1, env.sandbox.transfers().size)
    }

    @Test
    fun `ensureTransfer sends again only what did not arrive`() = TestEnv().use { env ->
        env.sandbox.fault("accounts.transfer", "drop_before_read")
        val options = EnsureOptions(deadline = Duration.ofSeconds(30), settle = Duration.ofMillis(500), firstAttempt = true)
        val made = env.client.accounts().ensureTransfer(env.transfer("t-1"), options)
        assertTrue(made.created)
        assertEquals(1, env.sandbox.transfers().size)
    }

    @Test
    fun `the same reference with another amount is a conflict`() = TestEnv().use { env ->
        val accounts = env.client.accounts()
        accounts.ensureTransfer(env.transfer("t-1", "25.00"), EnsureOptions.firstAttempt())
        val error = assertThrows(KeySecureException.Conflict::class.java) {
            accounts.ensureTransfer(env.transfer("t-1", "26.00"), EnsureOptions.firstAttempt())
        }
        assertTrue(error.message!!.isNotEmpty())
        assertEquals(1, env.sandbox.transfers().size)
    }

    @Test
    fun `a read is sent again`() = TestEnv().use { env ->
        for (kind in listOf("drop_before_read", "drop_after_commit", "expired_token")) {
            env.sandbox.fault("cardholders.get", kind)
            assertEquals(env.cardholderNo, env.client.cardholders().get(env.cardholderNo).cardholderNo, kind)
        }
    }

    @Test
    fun `an unreadable response is a typed error`() = TestEnv().use { env ->
        val client = env.builder().maxRetries(0).build()
        for (kind in listOf("html", "malformed", "wrong_type", "invalid_utf8", "deep_nesting", mapOf("oversize" to 9_000_000))) {
            env.sandbox.fault("accounts.transfer", kind)
            val error = assertThrows(KeySecureException.InvalidResponse::class.java, {
                client.accounts().transfer(env.transfer("t-$kind"))
            }, "$kind")
            assertEquals(Outcome.UNKNOWN, error.outcome, "$kind")
        }
    }

    @Test
    fun `a stalled response ends with the timeout of the client`() = TestEnv().use { env ->
        val client = env.builder().timeout(Duration.ofMillis(700)).build()
        client.accessToken()
        env.sandbox.fault("accounts.transfer", mapOf("stall_after_commit" to 60_000))
        val error = assertThrows(KeySecureException.Timeout::class.java) {
            client.accounts().transfer(env.transfer("t-1"))
        }
        assertEquals(Outcome.UNKNOWN, error.outcome)
    }
}
