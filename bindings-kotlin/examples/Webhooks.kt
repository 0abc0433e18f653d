import io.keysecure.*
import io.keysecure.model.*
import java.io.InputStream
import java.math.BigDecimal

// Workers share a store: Store.file(...) on one machine, Store.redis(...) on several.
val verifier = WebhookVerifier("my-api-key", listOf("current-secret", "previous-secret"), store = Store.memory())
val responder = Responder({ if (it.amount < BigDecimal(100)) Decision.Approve else Decision.Decline("over the limit") })

val receiver = WebhookReceiver(verifier, responder) { event ->
    if (event is Event.CardUpdate) println("card ${event.data.cardNo} is ${event.data.afterStatus}")
}

/** Returns the status and the JSON body of the response: call it from the HTTP server of your choice. */
fun handle(headers: Map<String, List<String>>, body: InputStream): Pair<Int, String> =
    receiver.receive(headers, body).let { response -> response.status to response.body }
