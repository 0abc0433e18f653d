package guides

import io.keysecure.*
import io.keysecure.model.*
import io.keysecure.sandbox.KeySecureSandbox
import io.keysecure.sandbox.Sandbox
import java.math.BigDecimal
import java.time.Duration
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class MigratingGuideTest {
    @Test
    @KeySecureSandbox
    fun `each call of the platform is made`(sandbox: Sandbox, client: Client) {
        val (start, end) = sandbox.now().let { it - Duration.ofDays(1) to it + Duration.ofDays(1) }
        // --8<-- [start:token]
        val token = client.accessToken() // the SDK fetches and renews it; you need no call
        // --8<-- [end:token]
        // --8<-- [start:cardholder-apply]
        val applied = client.cardholders().apply("customer-4711", "auto-approve-4711")
        // --8<-- [end:cardholder-apply]
        val cardholderNo = applied.cardholderNo
        // --8<-- [start:cardholder-list]
        val cardholders = client.cardholders().list(start, end).toList() // all pages and windows
        // --8<-- [end:cardholder-list]
        // --8<-- [start:cardholder-info]
        val cardholder = client.cardholders().get(cardholderNo)
        // --8<-- [end:cardholder-info]
        // --8<-- [start:package-list]
        val packages = client.cards().packages(CardType.Virtual).toList()
        // --8<-- [end:package-list]
        val packageNo = packages.first().packageNo
        // --8<-- [start:card-apply]
        val card = client.cards().apply(cardholderNo, "order-7-card", CardType.Virtual, packageNo = packageNo)
        // --8<-- [end:card-apply]
        val cardNo = card.cardNo
        // --8<-- [start:card-list]
        val cards = client.cards().list(start, end, cardholderNo = cardholderNo).toList()
        // --8<-- [end:card-list]
        // --8<-- [start:card-detail]
        val detail = client.cards().get(cardNo)
        // --8<-- [end:card-detail]
        // --8<-- [start:private-info]
        val secrets = client.cards().privateInfo(cardNo) // decrypted; secrets.exposePan()
        // --8<-- [end:private-info]
        val physicalNo = sandbox.physicalCard(cardholderNo)
        val cvv = sandbox.secrets(physicalNo).cvv
        val lastFour = client.cards().get(physicalNo).cardLastNo.orEmpty()
        // --8<-- [start:active]
        // The CVV in plain text: the SDK encrypts it.
        client.cards().activate(physicalNo, cardholderNo, cvv, lastFour)
        // --8<-- [end:active]
        // --8<-- [start:pin-set]
        client.cards().setPin(physicalNo, cardholderNo, "739251")
        // --8<-- [end:pin-set]
        // --8<-- [start:status-update]
        client.cards().freeze(cardNo) // or unfreeze, delete, updateStatus(cardNo, CardStatus.Frozen)
        // --8<-- [end:status-update]
        client.cards().unfreeze(cardNo)
        // --8<-- [start:transfer]
        // Better: ensureTransfer, which is safe to repeat.
        val done = client.accounts().transfer(cardholderNo, "order-7-topup", TransferType.In, BigDecimal("250.00"))
        // --8<-- [end:transfer]
        // --8<-- [start:account-info]
        val account = client.accounts().get(cardholderNo).list.first()
        // --8<-- [end:account-info]
        // --8<-- [start:transfer-list]
        val transfers = client.accounts().transfers(start, end, transferUniqueNo = "order-7-topup").toList()
        // --8<-- [end:transfer-list]
        // --8<-- [start:sim-auth]
        val purchase = SimulationRequest(cardNo = cardNo, type = ConsumptionType.Consumption, amount = BigDecimal("40.00"))
        val bought = client.simulation().auth(purchase)
        // --8<-- [end:sim-auth]
        // --8<-- [start:sim-clear]
        client.simulation().consumptionClear(SimulationRequest(consumeNo = bought.consumeNo))
        // --8<-- [end:sim-clear]
        // --8<-- [start:sim-refund]
        val refund = SimulationRequest(consumeRelateNo = bought.consumeNo, amount = BigDecimal("10.00"))
        client.simulation().refund(refund)
        // --8<-- [end:sim-refund]
        val second = client.simulation().auth(purchase)
        val third = client.simulation().auth(purchase)
        // --8<-- [start:sim-reversal]
        client.simulation().reversal(SimulationRequest(consumeRelateNo = second.consumeNo))
        // --8<-- [end:sim-reversal]
        // --8<-- [start:sim-fail]
        client.simulation().consumptionFail(SimulationRequest(consumeNo = third.consumeNo))
        // --8<-- [end:sim-fail]
        // --8<-- [start:consume-list]
        val consumptions = client.consumptions().list(start, end, cardNo = cardNo).toList()
        // --8<-- [end:consume-list]
        val consumeNo = consumptions.first().consumeNo
        // --8<-- [start:consume-info]
        val consumption = client.consumptions().get(consumeNo)
        // --8<-- [end:consume-info]
        // --8<-- [start:client-token]
        val pageToken = client.pci().clientToken(cardNo) // pageToken.expose() for the hosted card page
        // --8<-- [end:client-token]
        val info = sandbox.control("GET /info").asJsonObject
        val (origin, parentOrigin) = listOf("hosted_origin", "parent_origin").map { info[it].asString }
        // --8<-- [start:pci-detail]
        // The hosted card page makes this call, a server does not need it.
        val shown = client.pci().cardDetail(pageToken.expose(), origin, parentOrigin, nonce = "nonce-1")
        // --8<-- [end:pci-detail]
        assertEquals(listOf(CardholderStatus.Approved, cardNo), listOf(cardholder.status, detail.cardNo))
        assertEquals(listOf(1, 1, 1), listOf(cardholders.size, cards.size, transfers.size))
        assertEquals(listOf("TUSDT", consumeNo), listOf(account.symbol, consumption.consumeNo))
        assertEquals(0, BigDecimal("250.00").compareTo(done.afterBalance))
        assertTrue(token.expiresAt > start)
        assertEquals(secrets.exposePan(), shown.exposePan())
    }

    @Test
    @KeySecureSandbox(options = ["--mode", "authorization"])
    fun `BINs are listed in authorization mode`(client: Client) {
        // --8<-- [start:bins]
        val bins = client.cards().bins().toList()
        // --8<-- [end:bins]
        assertTrue(bins.isNotEmpty())
    }
}
