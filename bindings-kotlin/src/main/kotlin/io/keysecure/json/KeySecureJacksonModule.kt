package io.keysecure.json

import com.fasterxml.jackson.core.JsonGenerator
import com.fasterxml.jackson.core.JsonParser
import com.fasterxml.jackson.core.JsonToken
import com.fasterxml.jackson.core.Version
import com.fasterxml.jackson.databind.BeanDescription
import com.fasterxml.jackson.databind.DeserializationConfig
import com.fasterxml.jackson.databind.DeserializationContext
import com.fasterxml.jackson.databind.DeserializationFeature
import com.fasterxml.jackson.databind.JavaType
import com.fasterxml.jackson.databind.JsonDeserializer
import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.JsonSerializable
import com.fasterxml.jackson.databind.JsonSerializer
import com.fasterxml.jackson.databind.Module
import com.fasterxml.jackson.databind.ObjectMapper
import com.fasterxml.jackson.databind.SerializationConfig
import com.fasterxml.jackson.databind.SerializerProvider
import com.fasterxml.jackson.databind.deser.Deserializers
import com.fasterxml.jackson.databind.jsontype.TypeSerializer
import com.fasterxml.jackson.databind.node.JsonNodeFactory
import com.fasterxml.jackson.databind.node.ObjectNode
import com.fasterxml.jackson.databind.ser.Serializers
import io.keysecure.KeySecureException
import io.keysecure.model.JsonModel

/**
 * Makes Jackson write models in the platform's form and read them from it, as `toJson` and `fromJson` do: money as text, times in
 * Unix milliseconds, and fields that this version does not know.
 *
 *     ObjectMapper().registerModule(KeySecureJacksonModule())
 *
 * Without it Jackson writes a model as it writes any bean, with the names of its properties; open enums are text in both. Needs
 * `jackson-databind` 2.12 or later in your project. A `JsonNode` has the numbers of the mapper's node factory: set one
 * `withExactBigDecimals(true)` to keep the last zeros of an unknown field.
 */
public class KeySecureJacksonModule : Module() {
    override fun getModuleName(): String = "keysecure"

    override fun version(): Version = Version.unknownVersion()

    override fun setupModule(context: SetupContext) {
        context.addSerializers(ModelSerializers())
        context.addDeserializers(ModelDeserializers())
    }
}

private fun isModel(type: JavaType): Boolean = type.isTypeOrSubTypeOf(JsonModel::class.java)

private class ModelSerializers : Serializers.Base() {
    override fun findSerializer(config: SerializationConfig, type: JavaType, bean: BeanDescription): JsonSerializer<*>? =
        if (isModel(type)) JacksonSerializer else null
}

private object JacksonSerializer : JsonSerializer<JsonModel>() {
    override fun serialize(model: JsonModel, generator: JsonGenerator, provider: SerializerProvider) {
        tree(model).serialize(generator, provider)
    }

    override fun serializeWithType(model: JsonModel, generator: JsonGenerator, provider: SerializerProvider, type: TypeSerializer) {
        val id = type.writeTypePrefix(generator, type.typeId(model, JsonToken.START_OBJECT))
        for ((name, value) in tree(model).fields()) {
            generator.writeFieldName(name)
            (value as JsonSerializable).serialize(generator, provider)
        }
        type.writeTypeSuffix(generator, id)
    }

    // Its fields, not its text: a generator may write a tree, or another format than JSON.
    private fun tree(model: JsonModel): ObjectNode = exact.readTree(model.toJson()) as ObjectNode
}

private class ModelDeserializers : Deserializers.Base() {
    override fun findBeanDeserializer(type: JavaType, config: DeserializationConfig, bean: BeanDescription): JsonDeserializer<*>? =
        if (isModel(type)) ModelDeserializer(type.rawClass, maker(type.rawClass, "fromJson")) else null
}

private class ModelDeserializer(private val type: Class<*>, private val read: (String) -> Any) : JsonDeserializer<Any>() {
    override fun deserialize(parser: JsonParser, context: DeserializationContext): Any {
        val json = exact.readTree<JsonNode>(parser).toString()
        return try {
            read(json)
        } catch (error: KeySecureException) {
            throw context.instantiationException(type, error)
        }
    }
}

/** Keeps every digit of a number. */
private val exact: ObjectMapper = ObjectMapper()
    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
    .setNodeFactory(JsonNodeFactory.withExactBigDecimals(true))
