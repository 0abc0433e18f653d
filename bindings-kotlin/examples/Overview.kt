import io.keysecure.*
import io.keysecure.model.*
import java.math.BigDecimal
import java.time.LocalDate

fun main() {
    // KEYSECURE_API_KEY, KEYSECURE_API_SECRET, KEYSECURE_ENVIRONMENT (sandbox or production)
    Client.fromEnv().use { client ->
        val card = client.cards().apply(
            cardholderNo = "1001",
            cardUniqueNo = "order-7-card", // your reference
            cardType = CardType.Virtual,
            packageNo = "P1",
        )

        try {
            val done = client.accounts().transfer("1001", "order-7-topup", TransferType.In, BigDecimal("25.00"))
            println("balance is now ${done.afterBalance}")
        } catch (error: KeySecureException) {
            when (error.outcome) {
                Outcome.NOT_SENT, Outcome.REJECTED -> println("no money was moved: ${error.message}")
                Outcome.UNKNOWN -> println("look it up by its reference before sending it again: ${error.message}")
            }
        }

        // Fetches pages on demand. A span of any length is split into the 90-day windows of the platform.
        client.consumptions().list(LocalDate.of(2026, 1, 1), LocalDate.of(2026, 12, 31), cardNo = card.cardNo)
            .forEach { println("${it.type} ${it.amount}") }

        client.cards().privateInfo(card.cardNo).use { secrets ->
            println(secrets) // pan=411111******1111, cvv=***
            println(secrets.exposePan().length) // only expose... returns secrets
        }
    }
}
