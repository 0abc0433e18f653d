package examples.relayserver

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import io.keysecure.*
import io.keysecure.model.Grant
import io.keysecure.relay.*
import java.math.BigDecimal
import java.net.InetSocketAddress
import java.util.concurrent.Executors

class User(val cardholderNo: String, val sessionId: String)

/** Your own: sessions, JWTs or cookies. */
fun interface Sessions {
    fun find(token: String?): User?
}

// --8<-- [start:server]
fun createRelay(client: Client, sessions: Sessions) = Relay(client, mount = "/keysecure/relay") { request ->
    sessions.find(request.bearer)?.let { user ->
        Scope.cardholder(user.cardholderNo)
            .session(user.sessionId)
            .readOnly()
            .grant(Grant.CARDS_FREEZE, Grant.CARDS_UNFREEZE, Grant.ACCOUNTS_TRANSFER_IN)
            .maxTransfer(BigDecimal(100))
            .maxPerDay(BigDecimal(500))
    }
}

/** With the HTTP server of the JDK, behind a proxy that speaks TLS. `client` has a store, such as `redis://10.0.0.5/`. */
fun serve(client: Client, store: Store, sessions: Sessions, port: Int): HttpServer {
    val relay = createRelay(client, sessions)
    val receiver = WebhookReceiver(client.webhookVerifier(store = store)) { event -> relay.publish(event) }
    return HttpServer.create(InetSocketAddress("127.0.0.1", port), 0).apply {
        executor = Executors.newCachedThreadPool() // of virtual threads on JDK 21 and later
        createContext("/keysecure/relay/") { exchange ->
            // The path as it was received: a decoded one is not what the app sent.
            val path = exchange.requestURI.toString()
            val response = relay.handle(exchange.requestMethod, path, exchange.requestHeaders, exchange.requestBody, exchange)
            response.use { exchange.send(it.status, it.headers, it.contentLength, it::writeTo) }
        }
        createContext("/keysecure/webhooks") { exchange ->
            val response = receiver.receive(exchange.requestHeaders, exchange.requestBody)
            val body = response.toByteArray()
            exchange.send(response.status, mapOf("Content-Type" to response.contentType), body.size) { it.write(body) }
        }
        start()
    }
}

/** Sends a response; without a length in chunks. */
private fun HttpExchange.send(status: Int, headers: Map<String, String>, length: Int?, write: (java.io.OutputStream) -> Unit) {
    for ((name, value) in headers) responseHeaders[name] = value
    val isHead = requestMethod == "HEAD"
    sendResponseHeaders(status, if (isHead) -1 else length?.toLong() ?: 0)
    if (!isHead) responseBody.use(write)
    close()
}
// --8<-- [end:server]
