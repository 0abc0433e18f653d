package io.keysecure

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.time.Duration
import java.time.Instant
import java.util.concurrent.TimeUnit

/**
 * Runs the offline sandbox of the platform. Copy this class into your own tests: it needs the program `keysecure-sandbox` (its path
 * in the system property `keysecure.sandbox`) and a JSON library, here Gson.
 */
class Sandbox(vararg options: String) : AutoCloseable {
    private val process: Process = ProcessBuilder(
        listOf(System.getProperty("keysecure.sandbox"), "serve", "--port", "0", "--exit-with-stdin") + options,
    ).redirectError(ProcessBuilder.Redirect.INHERIT).start()

    private val info: JsonObject = JsonParser.parseString(
        checkNotNull(process.inputReader().readLine()) { "the sandbox did not start: see its output above" },
    ).asJsonObject
    private val http: HttpClient = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()

    val baseUrl: String = info["base_url"].asString
    val controlUrl: String = info["control_url"].asString
    val apiKey: String = info["api_key"].asString
    val apiSecret: String = info["api_secret"].asString

    /** Calls the admin API of the sandbox: `control("POST /clock/advance", "ms" to 3_600_000)`. */
    fun control(call: String, vararg body: Pair<String, Any?>): JsonElement {
        val (method, path) = call.split(' ')
        val json = JsonObject().apply { body.forEach { (name, value) -> add(name, json(value)) } }.toString()
        val content = if (method == "GET") {
            HttpRequest.BodyPublishers.noBody()
        } else {
            HttpRequest.BodyPublishers.ofString(json)
        }
        val request = HttpRequest.newBuilder(URI.create(controlUrl + path)).timeout(Duration.ofSeconds(60))
        val response = http.send(request.method(method, content).build(), HttpResponse.BodyHandlers.ofString())
        check(response.statusCode() == 200) { "$call: ${response.body()}" }
        return JsonParser.parseString(response.body())
    }

    fun approvedCardholder(): String = control("POST /seed/approved_cardholder").asJsonObject["cardholder_no"].asString

    fun virtualCard(cardholderNo: String): String =
        control("POST /seed/virtual_card", "cardholder_no" to cardholderNo).asJsonObject["card_no"].asString

    fun physicalCard(cardholderNo: String): String =
        control("POST /seed/physical_card", "cardholder_no" to cardholderNo).asJsonObject["card_no"].asString

    /** Returns the PAN and the CVV of a card. */
    fun secrets(cardNo: String): Pair<String, String> =
        control("POST /cards/secrets_for_tests", "card_no" to cardNo).asJsonObject.let { it["pan"].asString to it["cvv"].asString }

    /** Returns the time of the virtual clock. */
    fun now(): Instant = Instant.ofEpochMilli(control("GET /clock").asJsonObject["now_ms"].asLong)

    fun advance(by: Duration) {
        control("POST /clock/advance", "ms" to by.toMillis())
    }

    fun rewind(by: Duration) {
        control("POST /clock/rewind", "ms" to by.toMillis())
    }

    /** Injects a fault into the next requests to [operation]. The README of the sandbox lists the kinds. */
    fun fault(operation: String?, kind: Any, times: Int = 1) {
        control("POST /faults", "operation" to operation, "kind" to kind, "times" to times)
    }

    /** Changes the behavior of the platform: `settings("http_statuses" to "strict", "tariffs" to true)`. */
    fun settings(vararg settings: Pair<String, Any?>) {
        control("POST /settings", *settings)
    }

    /** Changes the contents of lists: `listSettings("reference" to "trimmed", "page_cap" to 50)`. */
    fun listSettings(vararg settings: Pair<String, Any?>) {
        control("POST /lists/settings", *settings)
    }

    /** Charges the management fee of a card, or [amount], and returns the number of the consumption. */
    fun manageFee(cardNo: String, amount: String? = null): String {
        val body = listOfNotNull("card_no" to cardNo, amount?.let { "amount" to it })
        return control("POST /cards/manage_fee", *body.toTypedArray()).asJsonObject["consume_no"].asString
    }

    fun requestsTo(operation: String): Int =
        control("POST /requests/count", "operation" to operation).asJsonObject["count"].asInt

    /** Returns the transfers of the platform. */
    fun transfers(): List<JsonObject> =
        control("GET /state").asJsonObject["transfers"].asJsonArray.map { it.asJsonObject }

    override fun close() {
        // The sandbox exits when its standard input ends.
        process.outputStream.close()
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly()
        }
    }

    private fun json(value: Any?): JsonElement = com.google.gson.Gson().toJsonTree(value)
}
