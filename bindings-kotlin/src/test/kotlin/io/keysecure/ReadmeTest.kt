package io.keysecure

import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ReadmeTest {
    private fun blocks(file: File, language: String) =
        Regex("```$language\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(file.readText()).map { it.groupValues[1] }.toList()

    private val folder = File(System.getProperty("keysecure.repository"), "bindings-kotlin")

    /** The examples are compiled with the tests, so the code in the README compiles. */
    @Test
    fun `the README contains the code of the examples`() {
        val blocks = blocks(folder.resolve("README.md"), "kotlin")
        val names = listOf("Overview", "Pay", "Relay", "RelayHandler", "Webhooks", "Decisions", "Payments")
        val examples = names.map { folder.resolve("examples/$it.kt").readText() }
        assertEquals(examples.size, blocks.size)
        for ((example, block) in examples.zip(blocks)) {
            assertTrue(example.endsWith(block), block)
        }
        val java = folder.resolve("src/test/java/shop/Shop.java").readText()
        assertTrue(java.endsWith(blocks(folder.resolve("README.md"), "java").first()))
    }

    @Test
    fun `the example of the first README has its imports`() {
        fun imports(file: File) = blocks(file, "kotlin").first().lines().filter { it.startsWith("import ") }
        assertEquals(imports(folder.resolve("README.md")), imports(folder.resolveSibling("README.md")))
    }
}
