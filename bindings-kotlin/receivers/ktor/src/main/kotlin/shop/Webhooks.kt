package shop

import io.keysecure.Client
import io.keysecure.Decision
import io.keysecure.EventHandler
import io.keysecure.KeySecureException
import io.keysecure.Responder
import io.keysecure.Store
import io.keysecure.WebhookReceiver
import io.keysecure.awaitResponse
import io.keysecure.io
import io.keysecure.model.AuthEvent
import io.keysecure.suspendingDecider
import io.keysecure.suspendingHandler
import io.ktor.http.ContentType
import io.ktor.http.HttpStatusCode
import io.ktor.server.application.Application
import io.ktor.server.cio.CIO
import io.ktor.server.engine.embeddedServer
import io.ktor.server.request.receiveChannel
import io.ktor.server.response.respondBytes
import io.ktor.server.response.respondText
import io.ktor.server.routing.get
import io.ktor.server.routing.post
import io.ktor.server.routing.routing
import io.ktor.utils.io.readRemaining
import java.math.BigDecimal
import kotlinx.io.readByteArray

/**
 * Serves webhooks and the health check.
 *
 * @param store shared by all workers: rejects replays and holds the first replies to purchases.
 * @param handler handles all events but purchases. An event may come twice.
 */
fun Application.webhooks(client: Client, store: Store, handler: EventHandler) {
    val responder = Responder(suspendingDecider { purchase -> decide(purchase) })
    val receiver = WebhookReceiver(client.webhookVerifier(store = store), responder, handler = handler)
    routing {
        post("/webhooks") {
            // Not `toMap()`, which keeps one of two headers with the same name in some engines.
            val headers = call.request.headers.names().associateWith { call.request.headers.getAll(it).orEmpty() }
            // The raw body, which is signed, and no more of it than is needed to see that it is too large.
            val response = receiver.awaitResponse(headers) { max ->
                call.receiveChannel().readRemaining(max.toLong()).readByteArray()
            }
            val contentType = ContentType.parse(response.contentType)
            call.respondBytes(response.toByteArray(), contentType, HttpStatusCode.fromValue(response.status))
        }
        get("/healthz") {
            if (isReady(client)) {
                call.respondText("""{"status":"ok"}""", ContentType.Application.Json)
            } else {
                call.respondText("""{"status":"down"}""", ContentType.Application.Json, HttpStatusCode.ServiceUnavailable)
            }
        }
    }
}

/** Decides on a purchase, within 600 ms. */
suspend fun decide(purchase: AuthEvent): Decision =
    if (purchase.amount <= BigDecimal(100)) Decision.Approve else Decision.Decline("over the limit of 100")

/** Ready once the platform has accepted the credentials: fetches an access token only while there is none. */
private suspend fun isReady(client: Client): Boolean =
    try {
        client.io { accessToken().close() }
        true
    } catch (_: KeySecureException) {
        false
    }

/** Listens on port 8080 of loopback, behind a proxy that speaks TLS, with the settings of the environment. */
fun main() {
    val store = Store.of(System.getenv("KEYSECURE_STORE") ?: "memory")
    embeddedServer(CIO, host = "127.0.0.1", port = 8080) {
        webhooks(Client.fromEnv(), store, suspendingHandler { event -> println(event) })
    }.start(wait = true)
}
