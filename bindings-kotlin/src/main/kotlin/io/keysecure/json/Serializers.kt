@file:JvmName("KeySecureSerialization")

package io.keysecure.json

import io.keysecure.KeySecureException
import io.keysecure.model.JsonModel
import io.keysecure.model.OpenEnum
import kotlinx.serialization.KSerializer
import kotlinx.serialization.SerializationException
import kotlinx.serialization.descriptors.PrimitiveKind
import kotlinx.serialization.descriptors.PrimitiveSerialDescriptor
import kotlinx.serialization.descriptors.SerialDescriptor
import kotlinx.serialization.encoding.Decoder
import kotlinx.serialization.encoding.Encoder
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonDecoder
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonEncoder

// The list of the types is generated: see `keySecureSerializersModule`. Needs kotlinx-serialization-json, an optional dependency.

/** Writes an open enum as its text. */
internal class OpenEnumSerializer<T : OpenEnum>(name: String, private val of: (String) -> T) : KSerializer<T> {
    override val descriptor: SerialDescriptor = PrimitiveSerialDescriptor("io.keysecure.model.$name", PrimitiveKind.STRING)

    override fun serialize(encoder: Encoder, value: T): Unit = encoder.encodeString(value.value)

    override fun deserialize(decoder: Decoder): T = of(decoder.decodeString())
}

/** Writes a model in the platform's form. Only as JSON. */
internal class ModelSerializer<T : JsonModel>(private val fromJson: (String) -> T) : KSerializer<T> {
    override val descriptor: SerialDescriptor = JsonElement.serializer().descriptor

    override fun serialize(encoder: Encoder, value: T) {
        val json = encoder as? JsonEncoder ?: throw SerializationException("a model can be written as JSON only")
        json.encodeJsonElement(Json.parseToJsonElement(value.toJson()))
    }

    override fun deserialize(decoder: Decoder): T {
        val json = decoder as? JsonDecoder ?: throw SerializationException("a model can be read from JSON only")
        return try {
            fromJson(json.decodeJsonElement().toString())
        } catch (error: KeySecureException) {
            throw SerializationException(error.message, error)
        }
    }
}
