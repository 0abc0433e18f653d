package io.keysecure.conformance

import com.google.gson.Gson
import com.google.gson.GsonBuilder
import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import io.keysecure.CardSecrets
import io.keysecure.KeySecureException
import io.keysecure.VerifiedWebhook
import io.keysecure.model.Event

/** Converts results, webhooks and errors to the JSON form that scenarios compare. */
object Results {
    private val gson: Gson = GsonBuilder().serializeNulls().create()

    fun json(text: String): JsonElement = JsonParser.parseString(text)

    fun of(vararg fields: Pair<String, Any?>): JsonObject =
        JsonObject().apply { fields.forEach { (name, value) -> add(name, value as? JsonElement ?: gson.toJsonTree(value)) } }

    fun <T> rows(rows: Iterable<T>, toJson: (T) -> String): JsonArray =
        JsonArray().apply { rows.forEach { add(json(toJson(it))) } }

    fun secrets(secrets: CardSecrets): JsonObject = secrets.use {
        of(
            "card_no" to it.cardNo, "card_unique_no" to it.cardUniqueNo, "pan" to it.exposePan(), "cvv" to it.exposeCvv(),
            "exp_year" to it.expYear, "exp_month" to it.expMonth, "masked_pan" to it.maskedPan,
        )
    }

    fun received(received: VerifiedWebhook): JsonObject {
        val (action, data) = when (val event = received.event) {
            is Event.Auth -> "Auth" to event.data.toJson()
            is Event.Consumption -> "Consumption" to event.data.toJson()
            is Event.CardUpdate -> "Card_update" to event.data.toJson()
            is Event.Unknown -> event.action to event.data
        }
        return of("id" to received.id, "action" to action, "data" to json(data))
    }

    fun error(error: KeySecureException): JsonObject = of(
        "kind" to error.kind.name.lowercase(),
        "outcome" to error.outcome.name.lowercase(),
        "code" to error.code,
        "field" to error.field,
        "http_status" to error.httpStatus,
        "operation" to error.operation,
        "attempts" to error.attempts,
        "rejection" to error.rejection?.name?.lowercase(),
    )
}
