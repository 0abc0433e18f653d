package io.keysecure

import java.io.DataInputStream
import java.io.File
import java.nio.file.Path
import java.time.Instant
import kotlinx.coroutines.CoroutineScope
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

/** Consumers with another compiler than this library's, and with the lowest JDK. */
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
        val names = listOf("Client", "model.Card", "internal.ffi.UniffiLib", "json.KeySecureGson", "sandbox.Sandbox")
        for (name in names) {
            val path = "io/keysecure/${name.replace('.', '/')}.class"
            DataInputStream(javaClass.classLoader.getResourceAsStream(path)!!).use { file ->
                file.skipBytes(6)
                assertEquals(55, file.readUnsignedShort(), name)
            }
        }
    }

    @Test
    fun `calls and webhooks work on JDK 11`() {
        val java = ChildJvm.lowest
        assumeTrue(java != null, "no JDK 11: set KEYSECURE_JDK11 to its folder")
        assertTrue("JDK 11: 3 payments" in ChildJvm.run(Lowest::class, java = java!!))
    }

    /** A payment over each transport, and a webhook. */
    object Lowest {
        @JvmStatic
        fun main(args: Array<String>) = TestEnv().use { env ->
            for ((name, transport) in mapOf("t-1" to null, "t-2" to JavaHttpTransport(), "t-3" to UrlConnectionTransport())) {
                val builder = env.builder().apply { transport?.let(::transport) }
                builder.build().use { it.accounts().transfer(env.transfer(name)) }
            }
            println("JDK ${Runtime.version().feature()}: ${env.sandbox.transfers().size} payments")
            val verifier = WebhookVerifier("key", listOf("secret"), store = Store.memory())
            val body = """{"id":"1","action":"Auth","data":{"consume_no":"c1","card_no":"k","amount":1.50,"status":"Pending"}}"""
            val signed = verifier.signForTests(Instant.now(), body.toByteArray())
            val reply = Responder({ Decision.Approve }).respond(verifier.verify(signed, body.toByteArray()))
            assertEquals(Replies.accept(), reply)
        }
    }

    private companion object {
        const val SUSPENDING = """
            import io.keysecure.*

            suspend fun status(client: Client, cardNo: String) = client.io { cards().get(cardNo) }.status.known
        """
    }
}
