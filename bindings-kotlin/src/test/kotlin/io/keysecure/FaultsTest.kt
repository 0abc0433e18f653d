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
    fun `a transfer whose answer is lost is unknown, made once and never sent again`() = Stage().use { stage ->
        stage.sandbox.fault("accounts.transfer", "drop_after_commit")
        val error = assertThrows(KeySecureException.Transport::class.java) {
            stage.client.accounts().transfer(stage.transfer("t-1"))
        }
        assertEquals(Outcome.UNKNOWN, error.outcome)
        assertEquals(1, stage.sandbox.transfers().size)
        assertEquals(1, stage.sandbox.requestsTo("accounts.transfer"))
    }

    @Test
    fun `ensureTransfer finishes what an unknown outcome left open`() = Stage().use { stage ->
        stage.sandbox.fault("accounts.transfer", "drop_after_commit")
        val how = EnsureOptions(deadline = Duration.ofSeconds(30), settle = Duration.ofMillis(500), firstAttempt = true)
        val found = stage.client.accounts().ensureTransfer(stage.transfer("t-1"), how)
        assertTrue(found.created, "this call made it, and only the response was lost")
        assertEquals("t-1", found.value.transferUniqueNo)
        val again = stage.client.accounts().ensureTransfer(stage.transfer("t-1"), how)
        assertFalse(again.created)
        assertEquals(found.value.transferNo, again.value.transferNo)
        assertEquals(1, stage.sandbox.transfers().size)
    }

    @Test
    fun `ensureTransfer sends again only what never arrived`() = Stage().use { stage ->
        stage.sandbox.fault("accounts.transfer", "drop_before_read")
        val how = EnsureOptions(deadline = Duration.ofSeconds(30), settle = Duration.ofMillis(500), firstAttempt = true)
        val made = stage.client.accounts().ensureTransfer(stage.transfer("t-1"), how)
        assertTrue(made.created)
        assertEquals(1, stage.sandbox.transfers().size)
    }

    @Test
    fun `the same number for another amount is a conflict`() = Stage().use { stage ->
        val accounts = stage.client.accounts()
        accounts.ensureTransfer(stage.transfer("t-1", "25.00"), EnsureOptions.firstAttempt())
        val error = assertThrows(KeySecureException.Conflict::class.java) {
            accounts.ensureTransfer(stage.transfer("t-1", "26.00"), EnsureOptions.firstAttempt())
        }
        assertTrue(error.message!!.isNotEmpty())
        assertEquals(1, stage.sandbox.transfers().size)
    }

    @Test
    fun `a read is sent again`() = Stage().use { stage ->
        for (kind in listOf("drop_before_read", "drop_after_commit", "expired_token")) {
            stage.sandbox.fault("cardholders.get", kind)
            assertEquals(stage.cardholderNo, stage.client.cardholders().get(stage.cardholderNo).cardholderNo, kind)
        }
    }

    @Test
    fun `answers that are none are typed errors`() = Stage().use { stage ->
        val client = stage.builder().maxRetries(0).build()
        for (kind in listOf("html", "malformed", "wrong_type", "invalid_utf8", "deep_nesting", mapOf("oversize" to 9_000_000))) {
            stage.sandbox.fault("accounts.transfer", kind)
            val error = assertThrows(KeySecureException.InvalidResponse::class.java, {
                client.accounts().transfer(stage.transfer("t-$kind"))
            }, "$kind")
            assertEquals(Outcome.UNKNOWN, error.outcome, "$kind")
        }
    }

    @Test
    fun `a stall ends with the client's time-out`() = Stage().use { stage ->
        val client = stage.builder().timeout(Duration.ofMillis(700)).build()
        client.accessToken()
        stage.sandbox.fault("accounts.transfer", mapOf("stall_after_commit" to 60_000))
        val error = assertThrows(KeySecureException.Timeout::class.java) {
            client.accounts().transfer(stage.transfer("t-1"))
        }
        assertEquals(Outcome.UNKNOWN, error.outcome)
    }
}
