package io.keysecure.conformance

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import io.keysecure.EnsureOptions
import io.keysecure.model.WindowBound
import java.math.BigDecimal
import java.time.Duration
import java.time.Instant
import java.time.LocalDate

/** The arguments of one call. An unused argument is an error, which finds misspelled names. */
class Args(private val values: JsonObject, private val nowMs: Long) {
    private val used = HashSet<String>()

    fun checkAllUsed(call: String) {
        val unused = values.keySet() - used
        check(unused.isEmpty()) { "$call has no argument $unused" }
    }

    fun value(name: String): JsonElement? {
        used += name
        return values[name]
    }

    fun some(name: String): String? = value(name)?.let { if (it.isJsonPrimitive) it.asString else it.toString() }

    fun text(name: String): String = some(name).orEmpty()

    fun number(name: String): Int = text(name).toInt()

    fun decimal(name: String): BigDecimal? = some(name)?.let(::BigDecimal)

    fun items(name: String): JsonArray = value(name)?.asJsonArray ?: JsonArray()

    fun at(name: String): WindowBound? {
        val text = some(name) ?: return null
        val offset = seconds(text) ?: return WindowBound.Day(LocalDate.parse(text))
        return WindowBound.Instant(Instant.ofEpochMilli(nowMs + offset * 1000))
    }

    fun start(): WindowBound = at("start")!!

    fun end(): WindowBound = at("end")!!

    fun ensureOptions() = EnsureOptions(duration("deadline"), duration("settle"), at("since"), value("first_attempt")?.asBoolean == true)

    private fun duration(name: String): Duration? = value(name)?.let { duration(it) }
}

/** Converts a number of seconds. */
fun duration(seconds: JsonElement): Duration = Duration.ofNanos((seconds.asDouble * 1e9).toLong())
