package io.keysecure.conformance

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.io.File
import java.util.stream.Stream
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
