package io.keysecure

import io.keysecure.model.Address
import io.keysecure.model.CardType
import io.keysecure.model.Consumption
import io.keysecure.model.ConsumptionType
import io.keysecure.model.MerchantInfo
import io.keysecure.model.SimulationRequest
import io.keysecure.model.Status
import io.keysecure.model.TransferType
import java.math.BigDecimal
import java.time.Duration
import java.time.Instant

/**
 * Walks through the life cycle of a card against the offline sandbox, without an account or a network. Run it with
 * `cargo xtask kotlin test -Dtest=QuickstartTest`.
 */
fun main() {
    Sandbox().use { sandbox ->
        println("The offline sandbox listens on ${sandbox.baseUrl}.")
        Client(sandbox.apiKey, sandbox.apiSecret, baseUrl = sandbox.baseUrl).use { client -> Walkthrough(client, sandbox).run() }
    }
}

private class Walkthrough(private val client: Client, private val sandbox: Sandbox) {
    private val start = Instant.now() - Duration.ofDays(1)
    private val end = Instant.now() + Duration.ofDays(1)

    fun run() {
        val cardholderNo = applyForCardholder()
        val cardNo = applyForCards(cardholderNo)
        activateCard(cardholderNo, cardNo)
        freezeAndUnfreeze(cardNo)
        spend(cardholderNo, cardNo)
        printLists()
    }

    private fun applyForCardholder(): String {
        section("Cardholder")
        val cardholderNo = client.cardholders().apply("customer-4711", "share-token-of-the-identity-check").cardholderNo
        println("Applied for customer-4711: cardholder $cardholderNo.")
        println("Verification status: ${client.cardholders().get(cardholderNo).status}.")
        sandbox.control("POST /cardholders/approve", "cardholder_no" to cardholderNo)
        println("After the identity check: ${client.cardholders().get(cardholderNo).status}.")
        return cardholderNo
    }

    /** Applies for a virtual and a physical card, and returns the number of the physical card. */
    private fun applyForCards(cardholderNo: String): String {
        section("Cards")
        val packages = client.cards().packages().toList()
        packages.forEach { println("Package ${it.packageNo}: ${it.packageEnName}, ${it.packageType}") }
        fun apply(type: CardType, uniqueNo: String): String = client.cards().apply(
            cardholderNo = cardholderNo,
            cardUniqueNo = uniqueNo,
            cardType = type,
            packageNo = packages.first { it.packageType == type }.packageNo,
            addressInfo = if (type == CardType.Physical) address else null,
        ).cardNo
        val virtualNo = apply(CardType.Virtual, "customer-4711-virtual")
        val physicalNo = apply(CardType.Physical, "customer-4711-physical")
        for (number in listOf(virtualNo, physicalNo)) {
            val card = client.cards().get(number)
            println("Card $number (${card.cardType}, **** ${card.cardLastNo}) is ${card.status}.")
        }
        return physicalNo
    }

    private fun activateCard(cardholderNo: String, cardNo: String) {
        section("Activation")
        // The cardholder reads the CVV on the back of the card; here the sandbox provides it.
        val (_, cvv) = sandbox.secrets(cardNo)
        client.cards().activate(cardNo, cardholderNo, cvv, client.cards().get(cardNo).cardLastNo.orEmpty())
        println("Activated with its CVV, which was sent encrypted.")
        client.cards().setPin(cardNo, cardholderNo, "739251")
        try {
            client.cards().setPin(cardNo, cardholderNo, "123456")
        } catch (error: KeySecureException.InvalidInput) {
            println("Set the PIN. A weak PIN is not sent: ${error.message}")
        }
        client.cards().privateInfo(cardNo).use { println("Its secrets print masked: $it") }
    }

    private fun freezeAndUnfreeze(cardNo: String) {
        section("Freeze and unfreeze")
        client.cards().freeze(cardNo)
        println("Frozen: the card is ${client.cards().get(cardNo).status}.")
        client.cards().unfreeze(cardNo)
        println("Unfrozen: the card is ${client.cards().get(cardNo).status}.")
    }

    private fun spend(cardholderNo: String, cardNo: String) {
        section("Money")
        val moved = client.accounts().transfer(cardholderNo, "topup-2026-0001", TransferType.In, BigDecimal("250.00"))
        println("Transferred 250.00 TUSDT: balance ${moved.beforeBalance} -> ${moved.afterBalance}.")
        simulatePurchases(SimulationRequest(
            cardNo = cardNo,
            cardholderNo = cardholderNo,
            type = ConsumptionType.Consumption,
            amount = BigDecimal("40.00"),
            localAmount = BigDecimal("40.00"),
            localCurrency = "USD",
            merchantInfo = MerchantInfo(merchantName = "Corner Books", merchantMcc = "5942"),
        ))
        client.accounts().get(cardholderNo).list.forEach { println("Balance: ${it.balance} ${it.symbol}.") }
    }

    private fun simulatePurchases(purchase: SimulationRequest) {
        val simulation = client.simulation()
        val purchaseNo = simulation.auth(purchase).consumeNo
        println("Authorized a purchase of 40.00: consumption $purchaseNo.")
        simulation.consumptionClear(SimulationRequest(consumeNo = purchaseNo))
        println("The merchant cleared it.")
        val reversedNo = simulation.auth(purchase.copy(amount = BigDecimal("15.50"))).consumeNo
        simulation.reversal(SimulationRequest(consumeRelateNo = reversedNo))
        println("A purchase of 15.50 was reversed before clearing.")
        simulation.refund(SimulationRequest(consumeRelateNo = purchaseNo, amount = BigDecimal("10.00")))
        println("10.00 of the first purchase was refunded.")
    }

    private fun printLists() {
        section("Lists")
        val consumptions = client.consumptions().list(start, end).toList()
        for (one in consumptions) {
            val details = client.consumptions().get(one.consumeNo)
            println("%12s  %8s  %s".format(details.type, details.amount, details.status))
        }
        println("${consumptions.size} consumptions, ${settled(consumptions)} settled.")
        val transfers = client.accounts().transfers(start, end).toList()
        println("${transfers.size} transfer, in total ${transfers.sumOf { it.amount ?: BigDecimal.ZERO }}.")
        println("${client.cards().list(start, end).count()} cards were issued.")
    }

    /** The sum of settled purchases minus refunds. A reversal cancels an authorization that was never settled. */
    private fun settled(consumptions: List<Consumption>): BigDecimal =
        consumptions.filter { it.status == Status.Success }.sumOf { one ->
            val amount = one.amount ?: BigDecimal.ZERO
            when (one.type) {
                ConsumptionType.Refund -> -amount
                ConsumptionType.Reversal -> BigDecimal.ZERO
                else -> amount
            }
        }

    private fun section(title: String) = println("\n== $title ==")
}

private val address = Address(
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
