package examples.decisions

import io.keysecure.*
import io.keysecure.model.*
import java.math.BigDecimal
import java.util.logging.Level
import java.util.logging.Logger
import kotlinx.coroutines.delay

val logger: Logger = Logger.getLogger("shop")

suspend fun limit(cardNo: String): BigDecimal {
    delay(10)
    return BigDecimal(cardNo.length)
}

suspend fun decide(purchase: AuthEvent): Decision =
    if (purchase.amount <= limit(purchase.cardNo)) Decision.Approve else Decision.Decline("over the limit")

val responder = Responder(
    suspendingDecider { purchase -> decide(purchase) },
    onFailure = { purchase, error -> logger.log(Level.SEVERE, "no decision on ${purchase.consumeNo}", error) },
)

suspend fun reply(verifier: WebhookVerifier, headers: Map<String, List<String>>, body: ByteArray): String =
    responder.awaitReply(verifier.io { verify(headers, body) })
