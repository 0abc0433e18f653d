package io.keysecure.conformance

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonPrimitive

/** Values that steps saved by name, and the substitution of placeholders. */
class Names {
    private val values = HashMap<String, JsonElement>()

    fun save(name: String, value: JsonElement) {
        values[name] = value
    }

    fun text(name: String): String {
        val value = checkNotNull(values[name]) { "nothing was saved as $name" }
        return if (value.isJsonPrimitive) value.asString else value.toString()
    }

    /** The cardholder of an app's session: the one that was saved as `holder`. */
    fun holder(): String = if ("holder" in values) text("holder") else "nobody"

    /** Replaces every `${name}` and, when [nowMs] is given, every `@` time by its milliseconds. */
    fun fill(value: JsonElement, nowMs: Long?): JsonElement = when {
        value.isJsonPrimitive && value.asJsonPrimitive.isString -> fillText(value.asString, nowMs)
        value.isJsonArray -> JsonArray().apply { value.asJsonArray.forEach { add(fill(it, nowMs)) } }
        value.isJsonObject && nowMs != null && value.asJsonObject.has("\$times") -> spread(value.asJsonObject["\$times"].asJsonArray, nowMs)
        value.isJsonObject -> JsonObject().apply {
            value.asJsonObject.entrySet().forEach { (name, field) -> add(name, fill(field, nowMs)) }
        }
        else -> value
    }

    private fun fillText(text: String, nowMs: Long?): JsonElement {
        val offset = seconds(text)
        if (offset != null && nowMs != null) return JsonPrimitive(nowMs + offset * 1000)
        val whole = Regex("""\$\{([^}]*)}""").matchEntire(text)
        if (whole != null) return checkNotNull(values[whole.groupValues[1]]) { "nothing was saved as $text" }
        return JsonPrimitive(Regex("""\$\{([^}]*)}""").replace(text) { text(it.groupValues[1]) })
    }

    private fun spread(times: JsonArray, nowMs: Long): JsonArray {
        val (count, step) = times[0].asLong to times[2].asLong
        val from = nowMs + seconds(times[1].asString)!! * 1000
        return JsonArray().apply { (0 until count).forEach { add(from + it * step * 1000) } }
    }
}

/** Parses a time such as `@-3600`: seconds relative to now. */
fun seconds(text: String): Long? = if (text.startsWith("@")) text.drop(1).toLongOrNull() else null

/** Returns the value at a path such as `path.to.0.value`. */
fun at(value: JsonElement, path: String): JsonElement =
    path.split('.').filter { it.isNotEmpty() }.fold(value) { here, step ->
        step.toIntOrNull()?.let { item(here, it) } ?: field(here, step)
    }
