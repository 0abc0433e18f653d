package io.keysecure

import java.io.DataInputStream
import java.io.File
import java.nio.file.Path
import kotlinx.coroutines.CoroutineScope
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

/** Consumers with another compiler than this library's. */
class KotlinVersionsTest {
    private val classes = Client::class.java.protectionDomain.codeSource.location.path
    private val coroutines = CoroutineScope::class.java.protectionDomain.codeSource.location.path

    /** What the README shows, and a call of a coroutine. */
    private val consumer = File(System.getProperty("keysecure.repository"), "bindings-kotlin/examples").listFiles()!!
        .filter { it.name in setOf("Overview.kt", "Pay.kt", "Webhooks.kt") }

    @ParameterizedTest
    @ValueSource(strings = ["kotlin.lowest", "kotlin.newest"])
    fun `the lowest and the newest compiler compile a consumer`(property: String, @TempDir folder: Path) {
        assertEquals(3, consumer.size)
        val version = System.getProperty(property)
        val suspending = folder.resolve("Suspending.kt").toFile()
        suspending.writeText(SUSPENDING)
        val jars = File(System.getProperty("keysecure.compilers"), version).listFiles()!!
        val compiler = jars.joinToString(File.pathSeparator) { it.path }
        // A consumer has the library of its own compiler: Gradle and Spring Boot both choose it over ours, which is older.
        val library = jars.single { it.name.startsWith("kotlin-stdlib-") }.path
        val output = folder.resolve("classes").toFile()
        val command = listOf(
            File(System.getProperty("java.home"), "bin/java").path, "-Xmx512m", "-cp", compiler,
            "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-no-stdlib", "-no-reflect", "-nowarn", "-jvm-target", "11",
            "-classpath", listOf(library, classes, coroutines).joinToString(File.pathSeparator), "-d", output.path,
        ) + (consumer + suspending).map { it.path }
        val process = ProcessBuilder(command).redirectErrorStream(true).start()
        val said = process.inputStream.bufferedReader().readText()
        assertEquals(0, process.waitFor(), said)
        assertTrue(File(output, "SuspendingKt.class").exists(), said)
    }

    @Test
    fun `the library runs on the lowest Kotlin's standard library`() {
        // All tests do: see `kotlin.stdlib.version` in the POM.
        assertEquals(System.getProperty("kotlin.lowest"), KotlinVersion.CURRENT.toString())
    }

    @Test
    fun `classes are those of JDK 11`() {
        val names = listOf("Client", "model.Card", "ffi.UniffiLib", "json.KeySecureGson", "sandbox.Sandbox")
        for (name in names) {
            val path = "io/keysecure/${name.replace('.', '/')}.class"
            DataInputStream(javaClass.classLoader.getResourceAsStream(path)!!).use { file ->
                file.skipBytes(6)
                assertEquals(55, file.readUnsignedShort(), name)
            }
        }
    }

    private companion object {
        const val SUSPENDING = """
            import io.keysecure.*

            suspend fun status(client: Client, cardNo: String) = client.io { cards().get(cardNo) }.status.known
        """
    }
}
