package guides

import io.keysecure.*
import io.keysecure.model.*
import io.keysecure.sandbox.KeySecureSandbox
import io.keysecure.sandbox.Sandbox
import java.math.BigDecimal
import java.time.Duration
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test

// --8<-- [start:first]
@KeySecureSandbox // each test has a sandbox of its own
class TestingGuideTest {
    @Test
    fun `a lost response is not a failure`(sandbox: Sandbox, client: Client) {
        val customer = sandbox.approvedCardholder()
        sandbox.fault("accounts.transfer", "drop_after_commit")
        val error = assertThrows(KeySecureException::class.java) {
            client.accounts().transfer(customer, "order-7", TransferType.In, BigDecimal("25.00"))
        }
        assertEquals(Outcome.UNKNOWN, error.outcome)
        assertEquals(1, sandbox.transfers().size)
    }
    // --8<-- [end:first]

    @Test
    fun `time moves`(sandbox: Sandbox, client: Client) {
        // --8<-- [start:clock]
        client.accessToken()
        sandbox.advance(Duration.ofHours(25)) // the token has expired
        client.cards().packages().toList() // the client fetches another one
        assertEquals(2, sandbox.requestsTo("token"))
        // --8<-- [end:clock]
    }

    @Test
    fun `purchases are simulated`(sandbox: Sandbox, client: Client) {
        // --8<-- [start:purchase]
        val customer = sandbox.approvedCardholder()
        val cardNo = sandbox.virtualCard(customer)
        client.accounts().transfer(customer, "t-1", TransferType.In, BigDecimal("100.00"))
        val purchase = SimulationRequest(cardNo = cardNo, type = ConsumptionType.Consumption, amount = BigDecimal("40.00"))
        val consumeNo = client.simulation().auth(purchase).consumeNo.orEmpty()
        client.simulation().consumptionClear(SimulationRequest(consumeNo = consumeNo))
        assertEquals(Status.Success, client.consumptions().get(consumeNo).status)
        // --8<-- [end:purchase]
    }
}
