package io.keysecure

import io.keysecure.internal.ffi.extraNames
import io.keysecure.internal.ffi.extraValue
import io.keysecure.internal.ffi.jsonBoolean
import io.keysecure.internal.ffi.jsonDecimal
import io.keysecure.internal.ffi.jsonText
import io.keysecure.internal.ffi.maskedText
import java.math.BigDecimal

/**
 * Fields of a response that this version does not know, by name: the reader of the text in the property `extra` of an object.
 *
 * It is the reader of the library. One value that the JSON library of a program refuses, such as `1e400` or a deep nesting,
 * does not hide the other fields.
 *
 *     val colour = card.extraFields().text("colour")
 *
 * @param json a JSON object, such as `card.extra`.
 * @throws KeySecureException.InvalidInput when the text is not a JSON object.
 */
public class ExtraFields(
    /** All fields as one JSON object, each value in its exact text. */
    public val json: String,
) {
    /** The names of the fields, sorted. */
    public val names: List<String> = call { extraNames(json) }

    /** Whether there are no fields, which is usual. */
    public val isEmpty: Boolean get() = names.isEmpty()

    /** Returns the value of a field as JSON in its exact text, `null` when there is no such field. */
    public operator fun get(name: String): String? = call { extraValue(json, name) }

    /** Returns the text of a field, `null` when there is none or it is not a JSON string. Half a surrogate pair becomes U+FFFD. */
    public fun text(name: String): String? = get(name)?.let { call { jsonText(it) } }

    /**
     * Returns a number, which may be a JSON string as the platform's amounts are. `null` when there is no such field, it has
     * another type, or 28 digits cannot hold it exactly: [get] has its digits.
     */
    public fun decimal(name: String): BigDecimal? = get(name)?.let { call { jsonDecimal(it) } }?.let(::BigDecimal)

    /** Returns a boolean field, `null` when there is none or it has another type. */
    public fun boolean(name: String): Boolean? = get(name)?.let { call { jsonBoolean(it) } }

    override fun equals(other: Any?): Boolean = other is ExtraFields && json == other.json

    override fun hashCode(): Int = json.hashCode()

    /** The names of the fields; the values may hold secrets. */
    override fun toString(): String = "ExtraFields(${maskedText(names.joinToString())})"
}

/**
 * Checks the unknown fields of a model.
 *
 * @throws KeySecureException.InvalidInput when the text is not a JSON object.
 */
internal fun requireObject(extra: String) {
    if (extra != "{}") call { extraNames(extra) }
}
