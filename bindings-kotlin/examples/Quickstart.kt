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
 * A card's whole life, against the offline sandbox: no account, no network. The tests run it; by hand:
 * `cargo xtask kotlin test -Dtest=QuickstartTest`.
 */
fun main() {
    Sandbox().use { sandbox ->
        println("An offline sandbox of the platform listens on ${sandbox.baseUrl}.")
        Client(sandbox.apiKey, sandbox.apiSecret, baseUrl = sandbox.baseUrl).use { client -> Story(client, sandbox).tell() }
    }
}

private class Story(private val client: Client, private val sandbox: Sandbox) {
    private val start = Instant.now() - Duration.ofDays(1)
    private val end = Instant.now() + Duration.ofDays(1)

    fun tell() {
        val cardholderNo = aCardholder()
        val cardNo = twoCards(cardholderNo)
        theCardArrives(cardholderNo, cardNo)
        lostAndFound(cardNo)
        money(cardholderNo, cardNo)
        books()
    }

    private fun aCardholder(): String {
        chapter("A cardholder")
        val cardholderNo = client.cardholders().apply("customer-4711", "share-token-of-the-identity-check").cardholderNo
        println("Applied for customer-4711; the platform calls them $cardholderNo.")
        println("Verification stands at ${client.cardholders().get(cardholderNo).status}.")
        sandbox.control("POST /cardholders/approve", "cardholder_no" to cardholderNo)
        println("The platform checked the identity: ${client.cardholders().get(cardholderNo).status}.")
        return cardholderNo
    }

    /** The plastic one is what the story goes on with. */
    private fun twoCards(cardholderNo: String): String {
        chapter("Two cards")
        val packages = client.cards().packages().toList()
        packages.forEach { println("Package ${it.packageNo}: ${it.packageEnName}, ${it.packageType}") }
        fun apply(type: CardType, uniqueNo: String): String = client.cards().apply(
            cardholderNo = cardholderNo,
            cardUniqueNo = uniqueNo,
            cardType = type,
            packageNo = packages.first { it.packageType == type }.packageNo,
            addressInfo = if (type == CardType.Physical) address else null,
        ).cardNo
        val online = apply(CardType.Virtual, "customer-4711-online")
        val plastic = apply(CardType.Physical, "customer-4711-plastic")
        for (number in listOf(online, plastic)) {
            val card = client.cards().get(number)
            println("Card $number (${card.cardType}, **** ${card.cardLastNo}) is ${card.status}.")
        }
        return plastic
    }

    private fun theCardArrives(cardholderNo: String, cardNo: String) {
        chapter("The plastic card arrives by mail")
        // The cardholder reads the CVV off the back of the card; here the sandbox does.
        val (_, cvv) = sandbox.secrets(cardNo)
        client.cards().activate(cardNo, cardholderNo, cvv, client.cards().get(cardNo).cardLastNo.orEmpty())
        println("Activated with its CVV, which left this program only encrypted.")
        client.cards().setPin(cardNo, cardholderNo, "739251")
        try {
            client.cards().setPin(cardNo, cardholderNo, "123456")
        } catch (error: KeySecureException.InvalidInput) {
            println("Set its PIN. A weak one never leaves: ${error.message}")
        }
        client.cards().privateInfo(cardNo).use { println("Its secrets, masked unless exposed on purpose: $it") }
    }

    private fun lostAndFound(cardNo: String) {
        chapter("Lost, and found again")
        client.cards().freeze(cardNo)
        println("Frozen: the card is ${client.cards().get(cardNo).status}.")
        client.cards().unfreeze(cardNo)
        println("Unfrozen: the card is ${client.cards().get(cardNo).status}.")
    }

    private fun money(cardholderNo: String, cardNo: String) {
        chapter("Money")
        val moved = client.accounts().transfer(cardholderNo, "topup-2026-0001", TransferType.In, BigDecimal("250.00"))
        println("Moved 250.00 TUSDT in: balance ${moved.beforeBalance} -> ${moved.afterBalance}.")
        shop(SimulationRequest(
            cardNo = cardNo,
            cardholderNo = cardholderNo,
            type = ConsumptionType.Consumption,
            amount = BigDecimal("40.00"),
            localAmount = BigDecimal("40.00"),
            localCurrency = "USD",
            merchantInfo = MerchantInfo(merchantName = "Corner Books", merchantMcc = "5942"),
        ))
        client.accounts().get(cardholderNo).list.forEach { println("Balance now: ${it.balance} ${it.symbol}.") }
    }

    private fun shop(purchase: SimulationRequest) {
        val simulation = client.simulation()
        val bought = simulation.auth(purchase).consumeNo
        println("Bought books for 40.00: authorization $bought.")
        simulation.consumptionClear(SimulationRequest(consumeNo = bought))
        println("The shop cleared it.")
        val cancelled = simulation.auth(purchase.copy(amount = BigDecimal("15.50"))).consumeNo
        simulation.reversal(SimulationRequest(consumeRelateNo = cancelled))
        println("Another purchase of 15.50 was reversed before clearing.")
        simulation.refund(SimulationRequest(consumeRelateNo = bought, amount = BigDecimal("10.00")))
        println("One book went back: 10.00 refunded.")
    }

    private fun books() {
        chapter("The books")
        val consumptions = client.consumptions().list(start, end).toList()
        for (one in consumptions) {
            val whole = client.consumptions().get(one.consumeNo)
            println("%12s  %8s  %s".format(whole.type, whole.amount, whole.status))
        }
        println("${consumptions.size} consumptions; spent and settled: ${spent(consumptions)}.")
        val transfers = client.accounts().transfers(start, end).toList()
        println("${transfers.size} transfer; moved in all: ${transfers.sumOf { it.balance ?: BigDecimal.ZERO }}.")
        println("${client.cards().list(start, end).count()} cards were issued.")
    }

    /** Purchases that were settled, less refunds. A reversal gives back an authorization that was never settled. */
    private fun spent(consumptions: List<Consumption>): BigDecimal =
        consumptions.filter { it.status == Status.Success }.sumOf { one ->
            val amount = one.amount ?: BigDecimal.ZERO
            when (one.type) {
                ConsumptionType.Refund -> -amount
                ConsumptionType.Reversal -> BigDecimal.ZERO
                else -> amount
            }
        }

    private fun chapter(title: String) = println("\n== $title ==")
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
