package io.keysecure.conformance

import com.google.gson.JsonElement
import com.google.gson.JsonNull
import com.google.gson.JsonObject
import io.keysecure.Client
import io.keysecure.KeySecureException
import io.keysecure.OwnReplays
import io.keysecure.Sandbox
import io.keysecure.Store
import io.keysecure.WebhookVerifier
import io.keysecure.model.Environment
import io.keysecure.model.Language
import java.time.Duration

/** One scenario: a sandbox, a client, and the steps. */
class Scenario(private val data: JsonObject) : AutoCloseable {
    private val sandbox = Sandbox(*options(data["sandbox"].asJsonObject))
    private val names = Names()
    private var client: Client
    private var verifier: WebhookVerifier? = null

    init {
        sandbox.control("GET /info").asJsonObject.entrySet().forEach { (name, value) -> names.save(name, value) }
        client = client(data["client"].asJsonObject)
    }

    override fun close() {
        client.close()
        sandbox.close()
    }

    fun tell() {
        data["steps"].asJsonArray.forEachIndexed { number, step ->
            try {
                take(step.asJsonObject)
            } catch (wrong: Throwable) {
                throw AssertionError("step $number: $step\n${wrong.message}", wrong)
            }
        }
    }

    private fun take(step: JsonObject) {
        val failure = step["error"]
        val answer = try {
            answer(step)
        } catch (error: KeySecureException) {
            if (failure == null) throw error
            compare(failure, Answers.error(error))
            return
        }
        check(failure == null) { "was to fail and answered $answer" }
        step["expect"]?.let { compare(it, answer) }
        step["save"]?.asJsonObject?.entrySet()?.forEach { (name, path) ->
            val value = at(answer, path.asString)
            check(!value.isJsonNull) { "no ${path.asString} in $answer" }
            names.save(name, value)
        }
    }

    private fun compare(expected: JsonElement, found: JsonElement) {
        val difference = difference(names.fill(expected, null), found)
        check(difference == null) { "$difference\nin $found" }
    }

    private fun answer(step: JsonObject): JsonElement {
        step["call"]?.asString?.let { call ->
            val args = Args(names.fill(step["with"] ?: JsonObject(), null).asJsonObject, nowMs())
            try {
                return Calls(client, args).make(call)
            } finally {
                args.checkAllUsed(call)
            }
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

    private fun verify(callback: JsonObject): JsonElement {
        if (verifier == null || listOf("secrets", "app_id", "tolerance").any(callback::has)) {
            verifier = WebhookVerifier(
                appId = callback["app_id"]?.asString ?: names.text("api_key"),
                secrets = callback["secrets"]?.asJsonArray?.map { it.asString } ?: listOf(names.text("api_secret")),
                tolerance = Duration.ofSeconds(callback["tolerance"]?.asLong ?: 300),
                // One for each verifier: `Store.memory()` is the same for all of a process.
                store = Store.own(replays = OwnReplays()),
            )
        }
        fun text(name: String) = callback[name].let { if (it.isJsonPrimitive) it.asString else it.toString() }
        val headers = mapOf("Timestamp" to text("timestamp"), "Signature" to text("signature"), "Sign-Version" to "V1")
        return Answers.received(verifier!!.verify(headers, text("body").toByteArray()))
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
                else -> error("what is the setting $name?")
            }
        }
        return builder.build()
    }

    private fun nowMs(): Long = sandbox.now().toEpochMilli()
}

/** `"manual_cards": true` is `--manual-cards`, `"seed": 7` is `--seed 7`. */
private fun options(options: JsonObject): Array<String> = options.entrySet().flatMap { (name, value) ->
    val option = "--" + name.replace('_', '-')
    when {
        !value.asJsonPrimitive.isBoolean -> listOf(option, value.asString)
        value.asBoolean -> listOf(option)
        else -> emptyList()
    }
}.toTypedArray()
