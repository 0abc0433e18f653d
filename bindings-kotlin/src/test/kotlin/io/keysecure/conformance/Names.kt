package io.keysecure.conformance

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonPrimitive

/** Names that steps save, and texts that stand for other values. */
class Names {
    private val values = HashMap<String, JsonElement>()

    fun save(name: String, value: JsonElement) {
        values[name] = value
    }

    fun text(name: String): String {
        val value = checkNotNull(values[name]) { "nothing was saved as $name" }
        return if (value.isJsonPrimitive) value.asString else value.toString()
    }

    /** The value with every `${name}` filled in and, when a time is given, every `@` time in milliseconds. */
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
        val ahead = seconds(text)
        if (ahead != null && nowMs != null) return JsonPrimitive(nowMs + ahead * 1000)
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

/** The seconds of `@-3600`. */
fun seconds(text: String): Long? = if (text.startsWith("@")) text.drop(1).toLongOrNull() else null

/** The value behind `path.to.0.value`. */
fun at(value: JsonElement, path: String): JsonElement =
    path.split('.').filter { it.isNotEmpty() }.fold(value) { here, step ->
        step.toIntOrNull()?.let { item(here, it) } ?: field(here, step)
    }
