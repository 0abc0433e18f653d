package io.keysecure.conformance

import com.google.gson.JsonElement
import com.google.gson.JsonNull
import com.google.gson.JsonObject
import io.keysecure.Client
import io.keysecure.KeySecureException
import io.keysecure.TestReplayStore
import io.keysecure.Sandbox
import io.keysecure.Store
import io.keysecure.WebhookVerifier
import io.keysecure.model.Environment
import io.keysecure.model.Language
import java.time.Duration

/** Runs one scenario with a sandbox and a client; with [relayedBy], with the client of an app where a relay serves the call. */
class Scenario(private val data: JsonObject, private val relayedBy: Relayed.By? = null) : AutoCloseable {
    private val sandbox = Sandbox(*options(data["sandbox"].asJsonObject))
    private val names = Names()
    private var client: Client
    private var relay: Relayed? = null
    private var verifier: WebhookVerifier? = null

    init {
        sandbox.control("GET /info").asJsonObject.entrySet().forEach { (name, value) -> names.save(name, value) }
        client = client(data["client"].asJsonObject)
    }

    override fun close() {
        relay?.close()
        client.close()
        sandbox.close()
    }

    fun run() {
        data["steps"].asJsonArray.forEachIndexed { number, step ->
            try {
                runStep(step.asJsonObject)
            } catch (wrong: Throwable) {
                throw AssertionError("step $number: $step\n${wrong.message}", wrong)
            }
        }
    }

    private fun runStep(step: JsonObject) {
        val wanted = step["relay"]?.asJsonObject?.takeIf { relayedBy != null } ?: step
        val failure = wanted["error"]
        val result = try {
            execute(step)
        } catch (error: KeySecureException) {
            if (failure == null) throw error
            compare(failure, Results.error(error))
            return
        }
        check(failure == null) { "expected an error and got $result" }
        wanted["expect"]?.let { compare(it, result) }
        step["save"]?.asJsonObject?.entrySet()?.forEach { (name, path) ->
            val value = at(result, path.asString)
            check(!value.isJsonNull) { "no ${path.asString} in $result" }
            names.save(name, value)
        }
    }

    private fun compare(expected: JsonElement, found: JsonElement) {
        val difference = difference(names.fill(expected, null), found)
        check(difference == null) { "$difference\nin $found" }
    }

    private fun execute(step: JsonObject): JsonElement {
        step["call"]?.asString?.let { call ->
            val with = names.fill(step["with"] ?: JsonObject(), null).asJsonObject
            val relay = relay
            if (relay == null || !Relayed.serves(call)) return make(client, call, Args(with, nowMs()))
            return relay.app(names.holder()).use { app -> make(app, call, Args(Relayed.arguments(with), nowMs())) }
        }
        step["control"]?.asString?.let { call ->
            val body = step["body"]?.let { names.fill(it, nowMs()).asJsonObject } ?: JsonObject()
            return sandbox.control(call, *body.entrySet().map { (name, value) -> name to value }.toTypedArray())
        }
        step["client"]?.let { settings ->
            client.close()
            client = client(names.fill(settings, null).asJsonObject)
            return JsonNull.INSTANCE
        }
        return verify(names.fill(step["verify"], null).asJsonObject)
    }

    private fun make(client: Client, call: String, args: Args): JsonElement =
        try {
            Calls(client, args).make(call)
        } finally {
            args.checkAllUsed(call)
        }

    private fun verify(webhook: JsonObject): JsonElement {
        if (verifier == null || listOf("secrets", "app_id", "tolerance").any(webhook::has)) {
            verifier = WebhookVerifier(
                appId = webhook["app_id"]?.asString ?: names.text("api_key"),
                secrets = webhook["secrets"]?.asJsonArray?.map { it.asString } ?: listOf(names.text("api_secret")),
                tolerance = Duration.ofSeconds(webhook["tolerance"]?.asLong ?: 300),
                // A new store for each verifier: `Store.memory()` is the same in the whole process.
                store = Store.own(replays = TestReplayStore()),
            )
        }
        fun text(name: String) = webhook[name].let { if (it.isJsonPrimitive) it.asString else it.toString() }
        val headers = mapOf("Timestamp" to text("timestamp"), "Signature" to text("signature"), "Sign-Version" to "V1")
        return Results.received(verifier!!.verify(headers, text("body").toByteArray()))
    }

    private fun client(settings: JsonObject): Client {
        val builder = Client.builder(names.text("api_key"), names.text("api_secret")).baseUrl(names.text("base_url")).store(Store.memory())
        for ((name, value) in settings.entrySet()) {
            when (name) {
                "timeout" -> builder.timeout(duration(value))
                "connect_timeout" -> builder.connectTimeout(duration(value))
                "max_retries" -> builder.maxRetries(value.asInt)
                "timezone" -> builder.timezone(value.asString)
                "language" -> builder.language(if (value.asString == "zh_CN") Language.CHINESE else Language.ENGLISH)
                "base_url" -> builder.baseUrl(value.asString)
                "environment" -> builder.environment(Environment.valueOf(value.asString.uppercase()))
                else -> error("unknown setting $name")
            }
        }
        val client = builder.build()
        if (relayedBy != null) {
            relay?.close()
            val address = settings["base_url"]?.asString ?: names.text("base_url")
            relay = Relayed(relayedBy.start(address, names.text("api_key"), names.text("api_secret"), settings), settings)
        }
        return client
    }

    private fun nowMs(): Long = sandbox.now().toEpochMilli()
}

/** Converts options of the sandbox: `"manual_cards": true` to `--manual-cards`, `"seed": 7` to `--seed 7`. */
private fun options(options: JsonObject): Array<String> = options.entrySet().flatMap { (name, value) ->
    val option = "--" + name.replace('_', '-')
    when {
        !value.asJsonPrimitive.isBoolean -> listOf(option, value.asString)
        value.asBoolean -> listOf(option)
        else -> emptyList()
    }
}.toTypedArray()
