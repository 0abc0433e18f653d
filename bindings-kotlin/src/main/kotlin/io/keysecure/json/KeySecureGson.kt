package io.keysecure.json

import com.google.gson.Gson
import com.google.gson.JsonElement
import com.google.gson.JsonParseException
import com.google.gson.JsonParser
import com.google.gson.TypeAdapter
import com.google.gson.TypeAdapterFactory
import com.google.gson.reflect.TypeToken
import com.google.gson.stream.JsonReader
import com.google.gson.stream.JsonToken
import com.google.gson.stream.JsonWriter
import io.keysecure.KeySecureException
import io.keysecure.model.JsonModel
import io.keysecure.model.OpenEnum

/**
 * Makes Gson write open enums as their text, and models in the platform's form, as `toJson` does; and read both.
 *
 *     GsonBuilder().registerTypeAdapterFactory(KeySecureGson()).create()
 *
 * Without it Gson writes an open enum as an empty object, and fails at the times of a model. Needs `gson` in your project.
 */
public class KeySecureGson : TypeAdapterFactory {
    override fun <T> create(gson: Gson, type: TypeToken<T>): TypeAdapter<T>? {
        val raw = type.rawType
        val adapter: TypeAdapter<*> = when {
            OpenEnum::class.java.isAssignableFrom(raw) && raw != OpenEnum::class.java ->
                OpenEnumAdapter(maker(openEnumOf(raw), "of"))
            JsonModel::class.java.isAssignableFrom(raw) && raw != JsonModel::class.java ->
                ModelAdapter(gson.getAdapter(JsonElement::class.java), maker(raw, "fromJson"))
            else -> return null
        }
        @Suppress("UNCHECKED_CAST")
        return adapter as TypeAdapter<T>
    }
}

private class OpenEnumAdapter(private val read: (String) -> Any) : TypeAdapter<Any>() {
    override fun write(writer: JsonWriter, value: Any?) {
        writer.value((value as OpenEnum?)?.value)
    }

    override fun read(reader: JsonReader): Any? {
        if (reader.peek() == JsonToken.NULL) {
            reader.nextNull()
            return null
        }
        return read(reader.nextString())
    }
}

private class ModelAdapter(private val elements: TypeAdapter<JsonElement>, private val read: (String) -> Any) : TypeAdapter<Any>() {
    override fun write(writer: JsonWriter, value: Any?) {
        val model = value as JsonModel? ?: return writer.nullValue().let { }
        elements.write(writer, JsonParser.parseString(model.toJson()))
    }

    override fun read(reader: JsonReader): Any? {
        val element = elements.read(reader)
        if (element.isJsonNull) return null
        return try {
            read(element.toString())
        } catch (error: KeySecureException) {
            throw JsonParseException(error)
        }
    }
}
