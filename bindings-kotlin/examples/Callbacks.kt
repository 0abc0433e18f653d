import io.keysecure.*
import java.math.BigDecimal

val verifier = WebhookVerifier("my-api-key", listOf("current-secret", "previous-secret"), replayStore = ReplayStore.memory())
val responder = Responder({ if (it.amount < BigDecimal(100)) Decision.Approve else Decision.Decline("over the limit") })

fun answer(headers: Map<String, List<String>>, body: ByteArray): Pair<Int, String> =
    try {
        200 to responder.respond(verifier.verify(headers, body)) // in time, whatever the decision does
    } catch (error: KeySecureException.Webhook) {
        400 to error.message!!
    }
