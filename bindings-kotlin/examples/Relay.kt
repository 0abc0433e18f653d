package examples.relay

import io.keysecure.*
import io.keysecure.model.*
import java.math.BigDecimal
import java.time.Duration

interface SignIn {
    val token: String?

    suspend fun renew(): String?
}

/** `signIn` is your own: it keeps the session token of the user. */
fun createClient(signIn: SignIn): Client =
    Client.relay("https://api.shop.example/keysecure", suspendingSession { refused -> if (refused) signIn.renew() else signIn.token }) {
        timeout(Duration.ofSeconds(10))
    }

/** Choose `tap` once for each action of the user, and keep it until the result is known: sent again, it is done once. */
suspend fun pay(client: Client, cardholderNo: String, tap: String): String = try {
    val transfer = Transfer(cardholderNo, tap, TransferType.In, BigDecimal("25.00"))
    "paid: ${client.io { accounts().ensureTransfer(transfer) }.value.transferNo}"
} catch (error: KeySecureException) {
    when (error.outcome) {
        Outcome.NOT_SENT, Outcome.REJECTED -> "no money was moved: ${error.message}"
        Outcome.UNKNOWN -> "try again" // with the same tap
    }
}
