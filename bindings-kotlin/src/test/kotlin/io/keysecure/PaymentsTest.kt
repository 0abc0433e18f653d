package io.keysecure

import examples.payments.pay
import io.keysecure.model.Outcome
import io.keysecure.model.TransferResult
import java.time.Duration
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.isActive
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The payment of the README. */
class PaymentsTest {
    @Test
    fun `a refused payment leaves a scope for the next one`() = TestEnv().use { env ->
        val scope = CoroutineScope(Job())
        val records = mutableListOf<Result<TransferResult>>()
        runBlocking {
            val refused = runCatching { pay(scope, env.client, env.transfer("t-1", "99999999"), records::add) }.exceptionOrNull()
            assertEquals(Outcome.REJECTED, (refused as KeySecureException).outcome)
            val paid = pay(scope, env.client, env.transfer("t-2"), records::add)!!
            assertEquals(env.sandbox.transfers().map { it["transfer_no"].asString }, listOf(paid.transferNo))
        }
        assertEquals(listOf(false, true), records.map { it.isSuccess })
    }

    @Test
    fun `a record that fails leaves the scope, and the caller gets its error`() = TestEnv().use { env ->
        val scope = CoroutineScope(Job())
        val told = runCatching { runBlocking { pay(scope, env.client, env.transfer("t-1")) { error("disk full") } } }
        assertEquals("disk full", told.exceptionOrNull()?.message)
        assertTrue(scope.isActive)
    }

    @Test
    fun `a payment that fails after the wait is recorded`() = TestEnv().use { env ->
        val transfer = env.transfer("t-1")
        env.sandbox.fault("accounts.transfer", mapOf("stall_after_commit" to 3_000))
        env.builder().timeout(Duration.ofMillis(900)).build().use { client ->
            client.accessToken().close()
            val record = CompletableDeferred<Result<TransferResult>>()
            runBlocking {
                // In place of the 5 s of the example.
                assertEquals(null, withTimeoutOrNull(200) { pay(CoroutineScope(Job()), client, transfer, record::complete) })
                assertFalse(record.isCompleted)
                val error = withTimeout(10_000) { record.await() }.exceptionOrNull()
                assertEquals(Outcome.UNKNOWN, (error as KeySecureException).outcome)
            }
        }
    }
}
