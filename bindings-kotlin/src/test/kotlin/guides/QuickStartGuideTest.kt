package guides

// --8<-- [start:first]
import io.keysecure.*
import io.keysecure.model.*
import io.keysecure.sandbox.Sandbox
import java.math.BigDecimal
// --8<-- [end:first]
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class QuickStartGuideTest {
    @Test
    fun `the first program runs`() {
        // --8<-- [start:first]
        Sandbox().use { sandbox ->
            sandbox.clientBuilder().store("memory").build().use { client ->
                val customer = sandbox.approvedCardholder()
                val offer = client.cards().packages().first { it.packageType == CardType.Virtual }
                val application = ApplyCard(customer, "customer-7-card", CardType.Virtual, packageNo = offer.packageNo)
                val card = client.cards().ensureCard(application, EnsureOptions.firstAttempt())
                println("card ${card.value.cardNo}")

                val transfer = Transfer(customer, "order-7", TransferType.In, BigDecimal("25.00"))
                val paid = client.accounts().ensureTransfer(transfer, EnsureOptions.firstAttempt())
                println("paid ${paid.value.transferNo}")
                println("balance ${client.accounts().get(customer).list.first().balance}")
            }
        }
        // --8<-- [end:first]
    }

    // --8<-- [start:account]
    fun listPackages() {
        Client.fromEnv().use { client ->
            client.cards().packages().forEach { println("${it.packageNo} ${it.packageEnName}") }
        }
    }
    // --8<-- [end:account]

    @Test
    fun `a program without credentials says which are missing`() {
        val error = assertThrows(KeySecureException.Config::class.java) { listPackages() }
        assertTrue("KEYSECURE_API_KEY" in error.message.orEmpty(), error.message)
    }
}
