package io.keysecure

import java.time.Duration
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test

class CoroutinesTest {
    @Test
    fun `calls are suspended off the caller's thread and keep their errors`() = Stage().use { stage ->
        val holders = runBlocking {
            (1..40).map { async { stage.client.io { cardholders().get(stage.cardholderNo) } } }.awaitAll()
        }
        assertEquals(setOf(stage.cardholderNo), holders.map { it.cardholderNo }.toSet())
        assertThrows(KeySecureException.NotFound::class.java) {
            runBlocking { stage.client.io { cardholders().get("nobody") } }
        }
        Unit
    }

    @Test
    fun `a list is a flow`() = Stage().use { stage ->
        val packages = runBlocking { stage.client.cards().packages().asFlow().take(1).toList() }
        assertEquals(1, packages.size)
    }

    @Test
    fun `cancelling waits for a payment that has begun`() = Stage().use { stage ->
        stage.client.accessToken().close()
        stage.sandbox.fault("accounts.transfer", mapOf("stall_after_commit" to 500))
        val seen = mutableListOf<String>()
        runBlocking {
            val paying = launch {
                stage.client.io { accounts().transfer(stage.transfer("t-1")).also { seen += it.transferNo } }
            }
            while (stage.sandbox.requestsTo("accounts.transfer") == 0) delay(Duration.ofMillis(5).toMillis())
            paying.cancelAndJoin()
        }
        assertEquals(1, seen.size)
    }
}
