import io.keysecure.Client
import io.keysecure.sandbox.KeySecureSandbox
import io.keysecure.sandbox.Sandbox
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

@KeySecureSandbox
class TopUpTest {
    @Test
    fun `a cardholder is topped up`(sandbox: Sandbox, client: Client) {
        assertTrue(topUp(client, sandbox.approvedCardholder(), "order-7").startsWith("balance 25"))
    }

    @Test
    fun `an unknown cardholder is refused`(client: Client) {
        assertEquals("not made: 2002", topUp(client, "nobody", "order-8"))
    }
}
