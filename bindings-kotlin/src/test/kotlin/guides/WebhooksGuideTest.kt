package guides

import io.keysecure.*
import io.keysecure.model.*
import java.math.BigDecimal
import java.time.Instant
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

// --8<-- [start:receiver]
private val verifier = WebhookVerifier("my-api-key", listOf("current-secret-16", "previous-secret"), store = Store.memory())

private val responder = Responder({ purchase ->
    if (purchase.amount < BigDecimal(100)) Decision.Approve else Decision.Decline("over the limit")
})

private val receiver = WebhookReceiver(verifier, responder) { event ->
    when (event) {
        is Event.Consumption -> println("${event.data.consumeNo} ${event.data.status} ${event.data.amount}")
        is Event.CardUpdate -> println("card ${event.data.cardNo} is ${event.data.afterStatus}")
        else -> println("another event")
    }
}

/** Returns the status and the JSON body of the response: call it from the HTTP server of your choice. */
fun receive(headers: Map<String, *>, body: ByteArray): Pair<Int, String> =
    receiver.receive(headers, body).let { response -> response.status to response.body }
// --8<-- [end:receiver]

class WebhooksGuideTest {
    @Test
    fun `a purchase is decided`() {
        // --8<-- [start:test]
        val body = """{"id": "w-1", "action": "Auth", "data": {"consume_no": "c-1", "card_no": "k-1", "amount": 12.50}}""".toByteArray()
        val headers = verifier.signForTests(Instant.now(), body)
        assertEquals(200 to """{"code":0,"message":""}""", receive(headers, body))
        // --8<-- [end:test]
        assertEquals(400, receive(headers + ("Signature" to "0".repeat(64)), body).first)
    }

    @Test
    fun `a webhook is handled once`() {
        val body = """{"id": "w-2", "action": "Card_update", "data": {"card_no": "k-1", "after_status": "Frozen"}}""".toByteArray()
        val headers = verifier.signForTests(Instant.now(), body)
        val saved = ArrayList<Event>()
        fun save(event: Event) = saved.add(event)
        // --8<-- [start:claim]
        // Throws KeySecureException.Webhook when it is forged, old or handled before.
        verifier.claim(headers, body).use { claim ->
            save(claim.received.event)
            claim.finish() // without it, the platform sends the webhook again
        }
        // --8<-- [end:claim]
        assertEquals(1, saved.size)
    }
}
