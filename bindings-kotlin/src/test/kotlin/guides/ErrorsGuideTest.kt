package guides

import io.keysecure.*
import io.keysecure.model.*
import io.keysecure.sandbox.KeySecureSandbox
import io.keysecure.sandbox.Sandbox
import java.math.BigDecimal
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

@KeySecureSandbox
class ErrorsGuideTest {
    // --8<-- [start:outcome]
    fun topUp(client: Client, cardholderNo: String): String = try {
        val done = client.accounts().transfer(cardholderNo, "order-7-topup", TransferType.In, BigDecimal("25.00"))
        "balance is now ${done.afterBalance}"
    } catch (error: KeySecureException) {
        when (error.outcome) {
            // No whole request can have reached the platform: send it again.
            Outcome.NOT_SENT -> "not sent: ${error.message}"
            // The platform says that it did not do it.
            Outcome.REJECTED -> "refused: ${error.code} ${error.msg} ${error.field}"
            // It may have been done: look it up by its reference, or use ensureTransfer.
            Outcome.UNKNOWN -> "unknown: ${error.message}"
        }
    }
    // --8<-- [end:outcome]

    // --8<-- [start:kinds]
    fun status(client: Client, cardholderNo: String): String = try {
        client.cardholders().get(cardholderNo).status.toString()
    } catch (error: KeySecureException.NotFound) {
        "no such cardholder"
    } catch (error: KeySecureException.InvalidInput) {
        "check the argument ${error.field}"
    } catch (error: KeySecureException.State) {
        "not in this state: ${error.code}"
    } catch (error: KeySecureException.Transport) { // the network; Timeout is one of them
        "try again later: ${error.transportFault}"
    } catch (error: KeySecureException) {
        "failed: ${error.message} (${error.outcome})"
    }
    // --8<-- [end:kinds]

    @Test
    fun `an outcome says what to do`(sandbox: Sandbox, client: Client) {
        sandbox.fault("accounts.transfer", "drop_after_commit")
        val text = topUp(client, sandbox.approvedCardholder())
        assertTrue(text.startsWith("unknown: "), text)
    }

    @Test
    fun `a kind is a class`(client: Client) {
        assertEquals("no such cardholder", status(client, "nobody"))
        assertEquals("check the argument cardholder_no", status(client, ""))
    }
}
