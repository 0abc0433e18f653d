import io.keysecure.*
import io.keysecure.model.Rejection
import java.math.BigDecimal

// Workers share a store: Store.file(...) on one machine, Store.redis(...) on several.
val verifier = WebhookVerifier("my-api-key", listOf("current-secret", "previous-secret"), store = Store.memory())
val responder = Responder({ if (it.amount < BigDecimal(100)) Decision.Approve else Decision.Decline("over the limit") })

fun handle(headers: Map<String, List<String>>, body: ByteArray): Pair<Int, String> =
    try {
        200 to responder.respond(verifier.verify(headers, body)) // replies in time, whatever the decision does
    } catch (error: KeySecureException.Webhook) {
        // Handled before: repeats the first reply to a purchase, accepts everything else.
        if (error.rejection == Rejection.REPLAYED) 200 to verifier.replyDuplicate(body) else 400 to error.message!!
    }
