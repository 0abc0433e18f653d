package io.keysecure.relay

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import com.sun.net.httpserver.HttpServer
import io.keysecure.Client
import io.keysecure.ClientBuilder
import io.keysecure.Sandbox
import io.keysecure.Store
import io.keysecure.model.Grant
import java.math.BigDecimal
import java.net.InetSocketAddress
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executors

/** A sandbox with two cardholders, and a relay of this process whose sessions are tokens. */
class RelayShop(settings: RelayBuilder.() -> Unit = {}) : AutoCloseable {
    private val folder = oldStore()
    val sandbox = Sandbox()
    val client: Client = sandbox.clientBuilder().store(Store.file(folder)).build()
    val own: String = sandbox.approvedCardholder()
    val other: String = sandbox.approvedCardholder()
    val records = CopyOnWriteArrayList<AuditRecord>()
    val scopes = hashMapOf<String?, (RelayRequest) -> Scope?>(
        "own" to { everything(own).session("phone-1") },
        "other" to { everything(other) },
        "reads" to { Scope.cardholder(own).readOnly() },
        "nothing" to { Scope.cardholder(own) },
        "small" to { Scope.cardholder(own).grant(Grant.ACCOUNTS_TRANSFER_IN).maxTransfer(BigDecimal("5.009")).maxPerDay(BigDecimal(6)) },
    )
    val relay: Relay = Relay.builder(client) { request -> scopes[request.bearer]?.invoke(request) }
        .requestsPerSecond(100_000).audit { records += it }.apply(settings).build()

    fun send(
        operation: String,
        body: String,
        session: String = "own",
        tap: String? = null,
        headers: Map<String, String> = emptyMap(),
    ): RelayResponse {
        val all = mapOf("Authorization" to "Bearer $session", "Content-Type" to "application/json") + headers
        return relay.handle("POST", "/v1/$operation", all + (tap?.let { mapOf("Idempotency-Key" to it) }.orEmpty()), body.toByteArray())
    }

    fun events(session: String = "own", headers: Map<String, String> = emptyMap()): RelayResponse =
        relay.handle("GET", "/v1/events", mapOf("Authorization" to "Bearer $session") + headers, ByteArray(0))

    override fun close() {
        client.close()
        sandbox.close()
        folder.toFile().deleteRecursively()
    }
}

/** Everything that a scope can grant, with high limits. */
fun everything(cardholderNo: String): Scope =
    Scope.cardholder(cardholderNo).grants(Grant.values().asIterable())
        .maxTransfer(BigDecimal("1e9")).maxPerDay(BigDecimal("1e9")).maxCardsPerDay(Int.MAX_VALUE)

val RelayResponse.text: String get() = String(body)

val RelayResponse.error: JsonObject get() = JsonParser.parseString(text).asJsonObject["error"].asJsonObject

/** Status, kind and outcome of a refusal. */
val RelayResponse.refusal: List<String> get() = listOf("$status", error["kind"].asString, error["outcome"].asString)

/** A directory for a store that says it is an hour old, so that a reference without a record is known to be new. */
fun oldStore(): Path {
    val folder = Files.createTempDirectory("keysecure-relay-")
    val created = System.currentTimeMillis() - Duration.ofHours(1).toMillis()
    Files.createDirectories(folder.resolve("attempts/leases"))
    Files.writeString(folder.resolve("attempts/created"), "$created - 0")
    return folder
}

/** A relay of this process behind the HTTP server of the JDK: what the program `relay_server` of the tests is in Rust. */
class ServedRelay(clients: ClientBuilder, store: Path) : AutoCloseable {
    private val client = clients.store(Store.file(store)).build()
    private val relay = Relay(client, requestsPerSecond = 100_000) { request ->
        request.bearer?.removePrefix("session-")?.let(::everything)
    }
    private val threads = Executors.newCachedThreadPool()
    private val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0).apply {
        executor = threads
        createContext("/") { exchange ->
            exchange.use {
                val path = exchange.requestURI.toString()
                relay.handle(exchange.requestMethod, path, exchange.requestHeaders, exchange.requestBody, exchange).use { response ->
                    response.headers.forEach { (name, value) -> exchange.responseHeaders[name] = value }
                    exchange.sendResponseHeaders(response.status, response.contentLength?.toLong() ?: 0)
                    response.writeTo(exchange.responseBody)
                }
            }
        }
        start()
    }

    val url = "http://127.0.0.1:${server.address.port}"

    override fun close() {
        server.stop(0)
        threads.shutdownNow()
        client.close()
    }
}
