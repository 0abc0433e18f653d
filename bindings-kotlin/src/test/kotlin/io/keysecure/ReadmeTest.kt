package io.keysecure

import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ReadmeTest {
    private val folder = File(System.getProperty("keysecure.repository"), "bindings-kotlin")

    /** The examples are compiled with the tests, so the code in the README compiles. */
    @Test
    fun `the README contains the code of the examples`() {
        val blocks = Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(folder.resolve("README.md").readText())
            .map { it.groupValues[1] }.toList()
        val examples = listOf("Overview", "Pay", "Relay", "Webhooks", "Decisions", "Payments").map { folder.resolve("examples/$it.kt").readText() }
        assertEquals(examples.size, blocks.size)
        for ((example, block) in examples.zip(blocks)) {
            assertTrue(example.endsWith(block), block)
        }
    }
}
