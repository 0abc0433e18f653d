import io.keysecure.*
import io.keysecure.model.Rejection
import java.math.BigDecimal

// Several workers share one store: Store.file(...) on one machine, Store.redis(...) on many.
val verifier = WebhookVerifier("my-api-key", listOf("current-secret", "previous-secret"), store = Store.memory())
val responder = Responder({ if (it.amount < BigDecimal(100)) Decision.Approve else Decision.Decline("over the limit") })

fun answer(headers: Map<String, List<String>>, body: ByteArray): Pair<Int, String> =
    try {
        200 to responder.respond(verifier.verify(headers, body)) // in time, whatever the decision does
    } catch (error: KeySecureException.Webhook) {
        // Accepted before: a purchase gets its first reply again, everything else is accepted.
        if (error.rejection == Rejection.REPLAYED) 200 to verifier.replyDuplicate(body) else 400 to error.message!!
    }
