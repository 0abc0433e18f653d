package io.keysecure.conformance

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.io.File
import java.util.stream.Stream
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

/** Runs the scenarios of `tests/conformance`, which the tests of all languages run. */
class ConformanceTest {
    private val files = File(System.getProperty("keysecure.repository"), "tests/conformance")
        .listFiles { file -> file.extension == "json" }!!.sorted()

    @TestFactory
    fun scenarios(): Stream<DynamicTest> = files.stream().map { file ->
        DynamicTest.dynamicTest(file.nameWithoutExtension) {
            val data = JsonParser.parseString(file.readText()).asJsonObject
            Scenario(data).use { it.run() }
        }
    }

    /**
     * All but `faults`: whatever serves the relay, a lost response takes the 10 s of `settle`, in which the app sends its request again.
     * The campaign breaks both hops.
     */
    @TestFactory
    fun `scenarios through a relay`(): Stream<DynamicTest> = relayed(Relayed.By.PROGRAM)

    @TestFactory
    fun `scenarios through the relay of the JVM`(): Stream<DynamicTest> = relayed(Relayed.By.JVM)

    private fun relayed(by: Relayed.By) = files.filter { it.nameWithoutExtension != "faults" }.stream().map { file ->
        DynamicTest.dynamicTest("${file.nameWithoutExtension} through a relay: $by") {
            val data = JsonParser.parseString(file.readText()).asJsonObject
            Scenario(data, relayedBy = by).use { it.run() }
        }
    }

    @Test
    fun `the calls of the protocol are relayed and no others`() {
        val relayed = listOf("cards.get", "cards.list_page", "cards.delete", "accounts.ensure_transfer", "pci.client_token")
        assertEquals(relayed, relayed.filter(Relayed::serves))
        val direct = listOf(
            "call", "doctor", "access_token", "cardholders.apply", "cardholders.ensure_cardholder", "simulation.auth", "pci.card_detail",
        )
        assertEquals(listOf<String>(), direct.filter(Relayed::serves))
    }

    @Test
    fun `the scenarios are found`() {
        val names = files.map { it.nameWithoutExtension }
        for (name in listOf("credit", "authorization", "errors", "faults", "clocks", "lists", "callbacks")) {
            assertTrue(name in names, name)
        }
    }

    @Test
    fun `differences are found`() {
        fun json(text: String) = JsonParser.parseString(text)
        val found = json("""{"a":[1,{"b":"text"}],"c":null}""")
        for (same in listOf("{}", """{"a":{"${'$'}count":2}}""", """{"a":[1,{"b":"*"}]}""", """{"a":[1,{"b":{"${'$'}like":"te****"}}]}""")) {
            assertTrue(difference(json(same), found) == null, same)
        }
        val others = listOf(
            """{"a":{"${'$'}count":3}}""", """{"a":{"${'$'}first":2}}""", """{"a":[1]}""", """{"a":[2,{}]}""", """{"c":"*"}""",
            """{"d":1}""", """{"a":[1,{"b":{"${'$'}like":"****te"}}]}""", "[]",
        )
        for (other in others) {
            assertTrue(difference(json(other), found) != null, other)
        }
        assertTrue(JsonObject() == json("{}"))
    }
}
