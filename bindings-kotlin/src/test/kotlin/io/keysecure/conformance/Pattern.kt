package io.keysecure.conformance

import com.google.gson.JsonElement
import com.google.gson.JsonNull

/** Compares the fields that a step expects with those found. Returns the first difference, or null. */
fun difference(expected: JsonElement, found: JsonElement, path: String = ""): String? = when {
    expected.isJsonPrimitive && expected.asString == "*" -> if (found.isJsonNull) "$path is missing" else null
    expected.isJsonObject -> {
        val fields = expected.asJsonObject
        when {
            fields.has("\$count") -> {
                val count = if (found.isJsonArray) found.asJsonArray.size() else null
                if (count == fields["\$count"].asInt) null else "$path has $count items"
            }
            fields.has("\$first") -> difference(fields["\$first"], item(found, 0), "$path.0")
            fields.has("\$like") -> if (alike(fields["\$like"].asString, found)) null else "$path is $found"
            else -> fields.entrySet().firstNotNullOfOrNull { (name, value) ->
                difference(value, field(found, name), "$path.$name")
            }
        }
    }
    expected.isJsonArray -> {
        val items = expected.asJsonArray
        if (!found.isJsonArray || found.asJsonArray.size() != items.size()) {
            "$path does not have ${items.size()} items"
        } else {
            items.withIndex().firstNotNullOfOrNull { (place, item) ->
                difference(item, found.asJsonArray[place], "$path.$place")
            }
        }
    }
    else -> if (expected == found) null else "$path is $found, not $expected"
}

private fun alike(pattern: String, found: JsonElement): Boolean {
    val text = if (found.isJsonPrimitive) found.asString else ""
    return when {
        pattern.endsWith("****") -> text.startsWith(pattern.dropLast(4))
        pattern.startsWith("****") -> text.endsWith(pattern.drop(4))
        else -> false
    }
}

fun field(value: JsonElement, name: String): JsonElement =
    (if (value.isJsonObject) value.asJsonObject[name] else null) ?: JsonNull.INSTANCE

fun item(value: JsonElement, place: Int): JsonElement =
    if (value.isJsonArray && place < value.asJsonArray.size()) value.asJsonArray[place] else JsonNull.INSTANCE
