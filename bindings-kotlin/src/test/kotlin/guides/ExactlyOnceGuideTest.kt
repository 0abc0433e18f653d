package guides

import io.keysecure.*
import io.keysecure.model.*
import io.keysecure.sandbox.KeySecureSandbox
import io.keysecure.sandbox.Sandbox
import java.math.BigDecimal
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

@KeySecureSandbox
class ExactlyOnceGuideTest {
    // --8<-- [start:pay]
    fun pay(client: Client, order: String, cardholderNo: String): String = try {
        val transfer = Transfer(cardholderNo, "$order-topup", TransferType.In, BigDecimal("25.00"))
        "paid: ${client.accounts().ensureTransfer(transfer).value.transferNo}"
    } catch (error: KeySecureException.Conflict) {
        throw error // the reference belongs to another payment: a bug to investigate, never to repeat
    } catch (error: KeySecureException) {
        when (error.outcome) {
            Outcome.UNKNOWN -> "later" // put the order back into the queue: the same call settles it
            Outcome.NOT_SENT, Outcome.REJECTED -> "failed" // nothing was moved
        }
    }
    // --8<-- [end:pay]

    @Test
    fun `a payment is made once although its response is lost`(sandbox: Sandbox) = shop(sandbox).use { client ->
        val cardholderNo = sandbox.approvedCardholder()
        sandbox.fault("accounts.transfer", "drop_after_commit")
        repeat(2) { assertTrue(pay(client, "order-7", cardholderNo).startsWith("paid: ")) }
        assertEquals(1, sandbox.transfers().size)
        sandbox.fault("accounts.transfer", mapOf("code" to 2002))
        assertEquals("failed", pay(client, "order-8", cardholderNo))
    }

    @Test
    fun `a client has a store`(sandbox: Sandbox, @TempDir folder: Path) {
        val (apiKey, apiSecret, directory) = Triple(sandbox.apiKey, sandbox.apiSecret, folder)
        // --8<-- [start:store]
        val client = Client.builder(apiKey, apiSecret).store(Store.file(directory)).build()
        // --8<-- [end:store]
        client.close()
    }

    @Test
    fun `another payment with the same reference is a conflict`(sandbox: Sandbox) = shop(sandbox).use { client ->
        val cardholderNo = sandbox.approvedCardholder()
        pay(client, "order-9", cardholderNo)
        assertThrows(KeySecureException.Conflict::class.java) {
            // --8<-- [start:conflict]
            val other = Transfer(cardholderNo, "order-9-topup", TransferType.In, BigDecimal("30.00"))
            client.accounts().ensureTransfer(other) // Conflict: order-9-topup is a transfer of 25.00
            // --8<-- [end:conflict]
        }
        Unit
    }

    @Test
    fun `a new reference does not wait`(sandbox: Sandbox) {
        val cardholderNo = sandbox.approvedCardholder()
        sandbox.clientBuilder().store("memory").build().use { client ->
            // --8<-- [start:first-attempt]
            val transfer = Transfer(cardholderNo, "order-10-topup", TransferType.In, BigDecimal("25.00"))
            // This program has just created the reference.
            val done = client.accounts().ensureTransfer(transfer, EnsureOptions.firstAttempt())
            // --8<-- [end:first-attempt]
            assertTrue(done.created)
        }
    }
}
