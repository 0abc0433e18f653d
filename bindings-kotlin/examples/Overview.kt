import io.keysecure.*
import io.keysecure.model.*
import java.math.BigDecimal
import java.time.LocalDate

fun main() {
    // KEYSECURE_API_KEY, KEYSECURE_API_SECRET, KEYSECURE_ENVIRONMENT (sandbox or production)
    Client.fromEnv().use { client ->
        val card = client.cards().apply(
            cardholderNo = "1001",
            cardUniqueNo = "order-7-card", // your own number
            cardType = CardType.Virtual,
            packageNo = "P1",
        )

        try {
            val done = client.accounts().transfer("1001", "order-7-topup", TransferType.In, BigDecimal("25.00"))
            println("balance is now ${done.afterBalance}")
        } catch (error: KeySecureException) {
            when (error.outcome) {
                Outcome.NOT_SENT, Outcome.REJECTED -> println("nothing was moved: ${error.message}")
                Outcome.UNKNOWN -> println("look it up by its number before sending it again: ${error.message}")
            }
        }

        // Lazy, over all pages, and over any span: it is cut into the platform's 90-day windows.
        client.consumptions().list(LocalDate.of(2026, 1, 1), LocalDate.of(2026, 12, 31), cardNo = card.cardNo)
            .forEach { println("${it.type} ${it.amount}") }

        client.cards().privateInfo(card.cardNo).use { secrets ->
            println(secrets) // pan=411111******1111, cvv=***
            println(secrets.exposePan().length) // only expose... reveals
        }
    }
}
