package io.keysecure

import com.fasterxml.jackson.annotation.JsonTypeInfo
import com.fasterxml.jackson.core.JsonProcessingException
import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.ObjectMapper
import com.fasterxml.jackson.databind.jsontype.BasicPolymorphicTypeValidator
import com.fasterxml.jackson.databind.node.JsonNodeFactory
import com.google.gson.Gson
import com.google.gson.GsonBuilder
import com.google.gson.JsonParseException
import com.google.gson.JsonParser
import io.keysecure.json.KeySecureGson
import io.keysecure.json.KeySecureJacksonModule
import io.keysecure.json.keySecureSerializersModule
import io.keysecure.model.Card
import io.keysecure.model.CardStatus
import io.keysecure.model.CardType
import io.keysecure.model.Consumption
import io.keysecure.model.ConsumptionType
import io.keysecure.model.OpenEnum
import io.keysecure.model.Outcome
import io.keysecure.model.TransferRecord
import io.keysecure.model.TransferType
import java.math.BigDecimal
import java.time.Instant
import kotlinx.serialization.ExperimentalSerializationApi
import kotlinx.serialization.KSerializer
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.Json
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

@OptIn(ExperimentalSerializationApi::class)
class JsonTest {
    private val card = Card.builder()
        .cardNo("c-1").cardType(CardType.Virtual).status(CardStatus.Unknown("Under_review"))
        .time(Instant.ofEpochMilli(1_767_225_600_000)).extra("""{"new_field":1.50}""")
        .build()
    private val platformForm =
        JsonParser.parseString("""{"card_no":"c-1","card_type":"Virtual","status":"Under_review","time":1767225600000,"new_field":1.50}""")
    private val jackson = ObjectMapper()
    private val jacksonWithModule = ObjectMapper().registerModule(KeySecureJacksonModule())
    private val gson = GsonBuilder().registerTypeAdapterFactory(KeySecureGson()).create()
    private val json = Json { serializersModule = keySecureSerializersModule }

    /** The members of a caller's own class. */
    class Row(val status: CardStatus, val type: ConsumptionType?)

    @Test
    fun `an open enum has its text as its value`() {
        assertEquals("Manage_fee", ConsumptionType.ManageFee.value)
        assertEquals("4111111111111111", CardStatus.Unknown("4111111111111111").value)
        assertEquals("411111******1111", CardStatus.Unknown("4111111111111111").toString())
        for (one in listOf<List<OpenEnum>>(CardStatus.values(), ConsumptionType.values(), TransferType.values()).flatten()) {
            assertEquals(one.toString(), one.value)
        }
    }

    @Test
    fun `Jackson writes open enums as text without a module`() {
        val row = jackson.writeValueAsString(Row(CardStatus.ToActivate, ConsumptionType.ManageFee))
        assertEquals("""{"status":"ToActivate","type":"Manage_fee"}""", row)
        val bean = jackson.valueToTree<JsonNode>(mapOf(CardStatus.Frozen to card.status))
        assertEquals("""{"Frozen":"Under_review"}""", bean.toString())
    }

    @Test
    fun `Jackson reads open enums from text without a module`() {
        assertEquals(CardStatus.Frozen, jackson.readValue("\"Frozen\"", CardStatus::class.java))
        assertEquals(CardStatus.Unknown("New"), jackson.readValue("\"New\"", CardStatus::class.java))
    }

    @Test
    fun `Jackson writes and reads models in the platform's form`() {
        val text = jacksonWithModule.writeValueAsString(mapOf("card" to card))
        assertEquals(platformForm, JsonParser.parseString(text).asJsonObject["card"])
        assertEquals(card, jacksonWithModule.readValue(platformForm.toString(), Card::class.java))
        assertThrows(JsonProcessingException::class.java) { jacksonWithModule.readValue("{}", Card::class.java) }
    }

    @Test
    fun `Jackson writes the fields of a model into trees and types`() {
        // The numbers of a tree are those of its factory, which drops zeros by default.
        val exact = jacksonWithModule.copy().setNodeFactory(JsonNodeFactory.withExactBigDecimals(true))
        val tree = exact.valueToTree<JsonNode>(card)
        assertEquals("c-1", tree["card_no"].asText())
        assertEquals(card, exact.treeToValue(tree, Card::class.java))
        assertEquals("c-1", jacksonWithModule.valueToTree<JsonNode>(card)["card_no"].asText())
        val map = jacksonWithModule.convertValue(card, Map::class.java)
        assertEquals("Under_review", map["status"])
        for (property in listOf(JsonTypeInfo.As.PROPERTY, JsonTypeInfo.As.WRAPPER_ARRAY)) {
            val typed = ObjectMapper().registerModule(KeySecureJacksonModule()).activateDefaultTyping(
                BasicPolymorphicTypeValidator.builder().allowIfBaseType(Any::class.java).build(),
                ObjectMapper.DefaultTyping.EVERYTHING,
                property,
            )
            val text = typed.writeValueAsString(card)
            assertTrue("io.keysecure.model.Card" in text && "1.50" in text, text)
            assertEquals(card, typed.readValue(text, Card::class.java), text)
        }
    }

    @Test
    fun `the errors of Jackson name the model`() {
        val error = assertThrows(JsonProcessingException::class.java) { jacksonWithModule.readValue("{}", Card::class.java) }
        assertTrue("io.keysecure.model.Card" in error.message!!, error.message)
    }

    @Test
    fun `a model that cannot be written is refused by its builder`() {
        for (builder in listOf(card.toBuilder().extra("not json"), card.toBuilder().extra("[]"), card.toBuilder().cardName("\uD83D"))) {
            assertThrows(KeySecureException.InvalidInput::class.java) { builder.build() }
        }
        for (copy in listOf(card.copy(extra = "not json"), card.copy(cardName = "\uD83D"))) {
            assertEquals("Card(not valid)", copy.toString())
        }
        assertThrows(KeySecureException.InvalidInput::class.java) { card.copy(cardName = "\uD83D").toJson() }
        assertEquals("Unknown(not valid)", CardStatus.Unknown("\uD83D").toString())
    }

    @Test
    fun `Gson writes and reads open enums and models`() {
        assertEquals("""{"status":"Frozen"}""", gson.toJson(Row(CardStatus.Frozen, null)))
        assertEquals(CardStatus.Unknown("New"), gson.fromJson("""{"status":"New"}""", Row::class.java).status)
        assertEquals(platformForm, gson.toJsonTree(card))
        assertEquals(card, gson.fromJson(platformForm, Card::class.java))
        assertEquals(null, gson.fromJson("null", Card::class.java))
        assertThrows(JsonParseException::class.java) { gson.fromJson("{}", Card::class.java) }
    }

    @Test
    fun `kotlinx serialization writes and reads open enums and models`() {
        fun <T : Any> serializer(of: kotlin.reflect.KClass<T>): KSerializer<T> = json.serializersModule.getContextual(of)!!
        val status = serializer(CardStatus::class)
        assertEquals("\"Frozen\"", json.encodeToString(status, CardStatus.Frozen))
        assertEquals(CardStatus.Unknown("New"), json.decodeFromString(status, "\"New\""))
        val cards = serializer(Card::class)
        assertEquals(platformForm, JsonParser.parseString(json.encodeToString(cards, card)))
        assertEquals(card, json.decodeFromString(cards, platformForm.toString()))
        assertThrows(SerializationException::class.java) { json.decodeFromString(cards, "{}") }
    }

    @Test
    fun `a model is read from its own JSON`() {
        assertEquals(card, Card.fromJson(card.toJson()))
        val row = Consumption.fromJson("""{"consume_no":"1","fee":"2.50","amount":1.10}""")
        assertEquals(BigDecimal("2.50"), row.fee)
        assertEquals(row, Consumption.fromJson(row.toJson()))
        val transfer = TransferRecord.fromJson("""{"transfer_no":"t","type":"Sideways"}""")
        assertEquals(TransferType.Unknown("Sideways"), transfer.type)
    }

    @Test
    fun `text that is not a model is a typed error`() {
        for (text in listOf("{}", "[]", "nonsense", "")) {
            val error = assertThrows(KeySecureException.InvalidInput::class.java) { Card.fromJson(text) }
            assertEquals(listOf("text", Outcome.NOT_SENT), listOf(error.field, error.outcome))
        }
    }

    @Test
    fun `Gson without the factory still loses an open enum`() {
        // The reason for the factory; a Gson that can do better makes it unnecessary.
        assertEquals("{}", Gson().toJson(CardStatus.Frozen))
    }
}
