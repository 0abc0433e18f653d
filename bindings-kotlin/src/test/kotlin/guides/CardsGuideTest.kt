package guides

import io.keysecure.*
import io.keysecure.model.*
import io.keysecure.sandbox.KeySecureSandbox
import io.keysecure.sandbox.Sandbox
import java.time.Duration
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

@KeySecureSandbox
class CardsGuideTest {
    @Test
    fun `a card is applied for, activated and used`(sandbox: Sandbox) = shop(sandbox).use { client ->
        // --8<-- [start:cardholder]
        val applied = client.cardholders().ensureCardholder("customer-4711", "share-token-of-the-identity-check")
        val cardholder = client.cardholders().get(applied.value.cardholderNo)
        println(cardholder.status) // Pending, In_progress, Approved or Rejected
        // --8<-- [end:cardholder]
        val cardholderNo = cardholder.cardholderNo
        sandbox.control("POST /cardholders/approve", "cardholder_no" to cardholderNo)
        // --8<-- [start:virtual]
        // In authorization mode: client.cards().bins(), cardBinNo
        val offer = client.cards().packages().first { it.packageType == CardType.Virtual }
        val online = ApplyCard(cardholderNo, "customer-4711-online", CardType.Virtual, packageNo = offer.packageNo)
        val card = client.cards().ensureCard(online).value
        println("${card.cardNo} ${card.status}")
        // --8<-- [end:virtual]
        val virtualNo = card.cardNo
        // --8<-- [start:physical]
        val address = Address(
            firstName = "Ada",
            lastName = "Lovelace",
            phoneCode = "44",
            phone = "2079460123",
            postalCode = "SW1Y 4JH",
            country = "GB",
            state = "London",
            city = "London",
            addressLine1 = "12 St James's Square",
        )
        val plastic = ApplyCard(
            cardholderNo = cardholderNo,
            cardUniqueNo = "customer-4711-plastic",
            cardType = CardType.Physical,
            packageNo = client.cards().packages().first { it.packageType == CardType.Physical }.packageNo,
            addressInfo = address,
        )
        val cardNo = client.cards().ensureCard(plastic).value.cardNo
        // --8<-- [end:physical]
        val cvv = sandbox.secrets(cardNo).cvv
        // --8<-- [start:activate]
        val lastFour = client.cards().get(cardNo).cardLastNo.orEmpty()
        client.cards().activate(cardNo, cardholderNo, cvv, lastFour)
        // --8<-- [end:activate]
        // --8<-- [start:pin]
        client.cards().setPin(cardNo, cardholderNo, "739251")
        // --8<-- [end:pin]
        // --8<-- [start:secrets]
        client.cards().privateInfo(virtualNo).use { secrets ->
            println(secrets) // masked: pan=411111******1111
            println(secrets.exposePan().length) // only expose... reveals
        } // wiped here
        // --8<-- [end:secrets]
        // --8<-- [start:freeze]
        client.cards().freeze(cardNo)
        println(client.cards().get(cardNo).status) // Frozen
        client.cards().unfreeze(cardNo)
        client.cards().delete(virtualNo) // for good
        // --8<-- [end:freeze]
        assertEquals(CardStatus.Activated, client.cards().get(cardNo).status)
        assertEquals(CardStatus.Delete, client.cards().get(virtualNo).status)
    }
}

/** A client whose store is old enough to know that a reference is new. */
fun shop(sandbox: Sandbox): Client =
    sandbox.clientBuilder().store(Store.own(attempts = TestAttemptStore(Duration.ofHours(1)))).build()
