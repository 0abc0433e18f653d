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
 * The offline platform as a program of its own: copy this class into your own tests. It needs the program
 * `keysecure-sandbox` (its path in the system property `keysecure.sandbox`) and any JSON library; here it is Gson.
 */
class Sandbox(vararg options: String) : AutoCloseable {
    private val process: Process = ProcessBuilder(
        listOf(System.getProperty("keysecure.sandbox"), "serve", "--port", "0", "--exit-with-stdin") + options,
    ).redirectError(ProcessBuilder.Redirect.INHERIT).start()

    private val info: JsonObject = JsonParser.parseString(
        checkNotNull(process.inputReader().readLine()) { "the sandbox did not start: see its words above" },
    ).asJsonObject
    private val http: HttpClient = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()

    val baseUrl: String = info["base_url"].asString
    val controlUrl: String = info["control_url"].asString
    val apiKey: String = info["api_key"].asString
    val apiSecret: String = info["api_secret"].asString

    /** Makes a control call: `control("POST /clock/advance", "ms" to 3_600_000)`. */
    fun control(call: String, vararg body: Pair<String, Any?>): JsonElement {
        val (method, path) = call.split(' ')
        val json = JsonObject().apply { body.forEach { (name, value) -> add(name, json(value)) } }.toString()
        val content = if (method == "GET") {
            HttpRequest.BodyPublishers.noBody()
        } else {
            HttpRequest.BodyPublishers.ofString(json)
        }
        val request = HttpRequest.newBuilder(URI.create(controlUrl + path)).timeout(Duration.ofSeconds(60))
        val answer = http.send(request.method(method, content).build(), HttpResponse.BodyHandlers.ofString())
        check(answer.statusCode() == 200) { "$call: ${answer.body()}" }
        return JsonParser.parseString(answer.body())
    }

    fun approvedCardholder(): String = control("POST /seed/approved_cardholder").asJsonObject["cardholder_no"].asString

    fun virtualCard(cardholderNo: String): String =
        control("POST /seed/virtual_card", "cardholder_no" to cardholderNo).asJsonObject["card_no"].asString

    fun physicalCard(cardholderNo: String): String =
        control("POST /seed/physical_card", "cardholder_no" to cardholderNo).asJsonObject["card_no"].asString

    /** The PAN and the CVV of a card, which only a test may know. */
    fun secrets(cardNo: String): Pair<String, String> =
        control("POST /cards/secrets_for_tests", "card_no" to cardNo).asJsonObject.let { it["pan"].asString to it["cvv"].asString }

    /** The platform's time. */
    fun now(): Instant = Instant.ofEpochMilli(control("GET /clock").asJsonObject["now_ms"].asLong)

    fun advance(by: Duration) {
        control("POST /clock/advance", "ms" to by.toMillis())
    }

    fun rewind(by: Duration) {
        control("POST /clock/rewind", "ms" to by.toMillis())
    }

    /** The next request to [operation] goes wrong; see the sandbox's README for the kinds. */
    fun fault(operation: String?, kind: Any, times: Int = 1) {
        control("POST /faults", "operation" to operation, "kind" to kind, "times" to times)
    }

    /** How the platform behaves: `settings("http_statuses" to "strict", "tariffs" to true)`. */
    fun settings(vararg settings: Pair<String, Any?>) {
        control("POST /settings", *settings)
    }

    /** What lists leave out or change: `listSettings("reference" to "trimmed", "page_cap" to 50)`. */
    fun listSettings(vararg settings: Pair<String, Any?>) {
        control("POST /lists/settings", *settings)
    }

    /** Charges the card's management fee, or [amount], and returns the number of the consumption. */
    fun manageFee(cardNo: String, amount: String? = null): String {
        val body = listOfNotNull("card_no" to cardNo, amount?.let { "amount" to it })
        return control("POST /cards/manage_fee", *body.toTypedArray()).asJsonObject["consume_no"].asString
    }

    fun requestsTo(operation: String): Int =
        control("POST /requests/count", "operation" to operation).asJsonObject["count"].asInt

    /** The transfers that the platform made. */
    fun transfers(): List<JsonObject> =
        control("GET /state").asJsonObject["transfers"].asJsonArray.map { it.asJsonObject }

    override fun close() {
        // The sandbox ends with its standard input.
        process.outputStream.close()
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly()
        }
    }

    private fun json(value: Any?): JsonElement = com.google.gson.Gson().toJsonTree(value)
}
