package io.keysecure

import io.keysecure.model.Card
import io.keysecure.model.TransferRecord
import io.keysecure.model.balance
import java.math.BigDecimal
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ExtraFieldsTest {
    private fun deep(depth: Int) = "[".repeat(depth) + "]".repeat(depth)

    @Test
    fun `a value that no JSON library reads leaves the other fields`() {
        for (value in listOf("1e400", "1e99999999999999999999", "\"\\ud800\"", deep(128), deep(129), deep(100_000))) {
            val card = Card.fromJson("""{"card_no":"1","new":$value,"other":1.50}""")
            val extra = card.extraFields()
            assertEquals(listOf("new", "other"), extra.names)
            assertEquals(value.replace("ud800", "ufffd"), extra["new"])
            assertEquals(BigDecimal("1.50"), extra.decimal("other"))
            assertEquals(card, Card.fromJson(card.toJson()))
        }
        assertEquals("\uFFFD", ExtraFields("""{"a":"\ud800"}""").text("a"))
        assertEquals(listOf("\uFFFD"), ExtraFields("""{"\ud800":1}""").names)
    }

    @Test
    fun `a field has the type that it has in JSON`() {
        val extra = ExtraFields("""{"text":"a\n","money":"10.50","number":10.50,"huge":1e400,"flag":true,"none":null}""")
        assertEquals("a\n", extra.text("text"))
        assertEquals(listOf("10.50", "10.50"), listOf("money", "number").map { extra.decimal(it).toString() })
        assertEquals(listOf(null, null, null), listOf("huge", "text", "absent").map(extra::decimal))
        assertEquals(listOf(true, null, null), listOf("flag", "text", "absent").map(extra::boolean))
        assertEquals(listOf(null, null), listOf("number", "none").map(extra::text))
        assertEquals(listOf("1e400", "null", null), listOf("huge", "none", "absent").map(extra::get))
    }

    @Test
    fun `the last value of a name counts and an empty object has none`() {
        val extra = ExtraFields("""{"a":1,"\u0061":2}""")
        assertEquals(listOf("a") to "2", extra.names to extra["a"])
        assertFalse(extra.isEmpty)
        for (empty in listOf("{}", " { } ", TransferRecord.builder().transferNo("1").build().extra)) assertTrue(ExtraFields(empty).isEmpty)
        for (wrong in listOf("", "[]", "1", "{", """{"a":1}{}""")) {
            assertEquals("extra", assertThrows(KeySecureException.InvalidInput::class.java) { ExtraFields(wrong) }.field)
        }
    }

    @Test
    fun `values are not printed and names are masked`() {
        assertEquals("ExtraFields(411111******1111, pin)", ExtraFields("""{"pin":"739251","4111111111111111":1}""").toString())
    }

    @Test
    fun `the amount of a transfer has the platform's name in JSON only`() {
        val json = """{"transfer_no":"1","balance":"25.00"}"""
        val row = TransferRecord.fromJson(json)
        assertEquals(BigDecimal("25.00"), row.amount)
        assertEquals(json, row.toJson())
        assertEquals(row, TransferRecord.builder().transferNo("1").amount(BigDecimal("25.00")).build())
        assertNull(row.toBuilder().amount(null).build().amount)
    }

    @Test
    @Suppress("DEPRECATION")
    fun `the former name of the amount of a transfer still works`() {
        assertEquals(BigDecimal("25.00"), TransferRecord.fromJson("""{"transfer_no":"1","balance":"25.00"}""").balance)
    }
}
