package io.keysecure.sandbox

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import io.keysecure.Client
import io.keysecure.ClientBuilder
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.time.Duration
import java.time.Instant
import java.util.UUID
import java.util.concurrent.TimeUnit

/**
 * Runs the offline sandbox of the platform in a process of its own, for tests. In JUnit 5, [KeySecureSandbox] starts and closes it.
 * Each sandbox has an Api-Key of its own, unless the options name one.
 *
 *     Sandbox().use { sandbox ->
 *         val cardholderNo = sandbox.approvedCardholder()
 *         sandbox.client().use { client -> ... }
 *     }
 *
 * The program is in the jar. The system property `keysecure.sandbox` names another one: for a system that the jar has no program
 * for, or when no file of the temporary directory may be executed.
 *
 * @param options further options of `keysecure-sandbox serve`.
 * @throws IllegalStateException when the program cannot be started.
 */
public class Sandbox(vararg options: String) : AutoCloseable {
    // The key is not that of another sandbox: `Store.memory()` would keep the token and the attempts of an earlier one for this one,
    // when the system gives it the same port.
    private val process: Process = ProcessBuilder(
        listOf(Program.path(), "serve", "--port", "0", "--exit-with-stdin", "--api-key", "sandbox-${UUID.randomUUID()}") + options,
    ).redirectError(ProcessBuilder.Redirect.INHERIT).start()

    private val info: JsonObject = JsonParser.parseString(
        checkNotNull(process.inputStream.bufferedReader().readLine()) { "the sandbox did not start: see its output above" },
    ).asJsonObject

    /** The address of the platform. */
    public val baseUrl: String = info["base_url"].asString

    /** The address of the admin API. */
    public val controlUrl: String = info["control_url"].asString

    /** The address of the console, a web page that shows and controls the sandbox: for a browser on this machine. */
    public val consoleUrl: String = info["console_url"].asString

    /** The Api-Key of the merchant. */
    public val apiKey: String = info["api_key"].asString

    /** The apiSecret of the merchant. */
    public val apiSecret: String = info["api_secret"].asString

    /** Creates a client of the sandbox. The caller closes it. */
    public fun client(): Client = clientBuilder().build()

    /** Creates a builder of a client of the sandbox. */
    public fun clientBuilder(): ClientBuilder = Client.builder(apiKey, apiSecret).baseUrl(baseUrl)

    /** Calls the admin API of the sandbox: `control("POST /clock/advance", "ms" to 3_600_000)`. */
    @JvmSynthetic // Java has no pairs: see the overloads.
    public fun control(call: String, vararg body: Pair<String, Any?>): JsonElement = control(call, body.toMap())

    /** Calls the admin API of the sandbox without a body: `control("POST /faults/clear")`. */
    public fun control(call: String): JsonElement = control(call, emptyMap())

    /** Calls the admin API of the sandbox: `control("POST /clock/advance", Map.of("ms", 3_600_000))`. */
    public fun control(call: String, body: Map<String, Any?>): JsonElement {
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

    /** Creates a cardholder who passed verification, and returns the number. */
    public fun approvedCardholder(): String = control("POST /seed/approved_cardholder").asJsonObject["cardholder_no"].asString

    /** Creates an activated virtual card, and returns its number. */
    public fun virtualCard(cardholderNo: String): String =
        control("POST /seed/virtual_card", "cardholder_no" to cardholderNo).asJsonObject["card_no"].asString

    /** Creates a physical card that is not activated, and returns its number. */
    public fun physicalCard(cardholderNo: String): String =
        control("POST /seed/physical_card", "cardholder_no" to cardholderNo).asJsonObject["card_no"].asString

    /** Returns the PAN and the CVV of a card. */
    public fun secrets(cardNo: String): TestCardSecrets = control("POST /cards/secrets_for_tests", "card_no" to cardNo).asJsonObject
        .let { TestCardSecrets(pan = it["pan"].asString, cvv = it["cvv"].asString) }

    /** Returns the time of the virtual clock. */
    public fun now(): Instant = Instant.ofEpochMilli(control("GET /clock").asJsonObject["now_ms"].asLong)

    /** Advances the virtual clock. */
    public fun advance(by: Duration) {
        control("POST /clock/advance", "ms" to by.toMillis())
    }

    /** Sets the virtual clock back. */
    public fun rewind(by: Duration) {
        control("POST /clock/rewind", "ms" to by.toMillis())
    }

    /** Injects a fault into the next requests to [operation]. The README of the sandbox lists the kinds. */
    @JvmOverloads
    public fun fault(operation: String?, kind: Any, times: Int = 1) {
        control("POST /faults", "operation" to operation, "kind" to kind, "times" to times)
    }

    /** Changes the behavior of the platform: `settings("http_statuses" to "strict", "tariffs" to true)`. */
    @JvmSynthetic
    public fun settings(vararg settings: Pair<String, Any?>): Unit = settings(settings.toMap())

    /** Changes the behavior of the platform: `settings(Map.of("http_statuses", "strict", "tariffs", true))`. */
    public fun settings(settings: Map<String, Any?>) {
        control("POST /settings", settings)
    }

    /** Changes the contents of lists: `listSettings("reference" to "trimmed", "page_cap" to 50)`. */
    @JvmSynthetic
    public fun listSettings(vararg settings: Pair<String, Any?>): Unit = listSettings(settings.toMap())

    /** Changes the contents of lists: `listSettings(Map.of("reference", "trimmed", "page_cap", 50))`. */
    public fun listSettings(settings: Map<String, Any?>) {
        control("POST /lists/settings", settings)
    }

    /** Charges the management fee of a card, or [amount], and returns the number of the consumption. */
    @JvmOverloads
    public fun manageFee(cardNo: String, amount: String? = null): String {
        val body = listOfNotNull("card_no" to cardNo, amount?.let { "amount" to it })
        return control("POST /cards/manage_fee", *body.toTypedArray()).asJsonObject["consume_no"].asString
    }

    /** Returns how many requests to an operation the platform received. */
    public fun requestsTo(operation: String): Int =
        control("POST /requests/count", "operation" to operation).asJsonObject["count"].asInt

    /** Returns the transfers of the platform. */
    public fun transfers(): List<JsonObject> =
        control("GET /state").asJsonObject["transfers"].asJsonArray.map { it.asJsonObject }

    /** Ends the sandbox. */
    override fun close() {
        // The sandbox exits when its standard input ends.
        process.outputStream.close()
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly()
        }
    }

    private fun json(value: Any?): JsonElement = com.google.gson.Gson().toJsonTree(value)

    private companion object {
        // One for all: before JDK 21 the threads of a client end only when it is collected as garbage.
        val http: HttpClient by lazy { HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build() }
    }
}

/**
 * The secrets of a card of the sandbox.
 *
 * @property pan the card number, 16 digits.
 * @property cvv three digits.
 */
public data class TestCardSecrets(val pan: String, val cvv: String)
