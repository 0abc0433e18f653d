import io.keysecure.Client
import io.keysecure.KeySecureException
import io.keysecure.model.Outcome
import io.keysecure.model.TransferType
import java.math.BigDecimal

/** Tops up a cardholder, and says what came of it. */
fun topUp(client: Client, cardholderNo: String, order: String): String =
    try {
        "balance ${client.accounts().transfer(cardholderNo, "$order-topup", TransferType.In, BigDecimal("25.00")).afterBalance}"
    } catch (error: KeySecureException) {
        if (error.outcome == Outcome.UNKNOWN) "not known" else "not made: ${error.code}"
    }
