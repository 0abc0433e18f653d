package io.keysecure

import io.keysecure.sandbox.KeySecureSandbox
import java.net.URI
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Nested
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance

@KeySecureSandbox
class SandboxExtensionTest {
    @Test
    fun `a test gets a sandbox and a client of it`(sandbox: Sandbox, client: Client) {
        val cardNo = sandbox.virtualCard(sandbox.approvedCardholder())
        assertEquals(cardNo, client.cards().get(cardNo).cardNo)
    }

    @Test
    fun `two parameters of one test are one sandbox`(one: Sandbox, other: Sandbox) {
        assertSame(one, other)
    }

    /** The store in memory keeps tokens and attempts of a process, for each address and Api-Key. */
    @Test
    fun `a closed sandbox leaves no thread`() {
        fun threads() = Thread.getAllStackTraces().keys.count { it.name.startsWith("HttpClient-") }
        Sandbox().use { it.now() }
        val before = threads()
        repeat(3) { Sandbox().use { it.now() } }
        assertTrue(threads() <= before, "$before, then ${threads()}")
    }

    @Test
    fun `a sandbox on the port of an earlier one inherits no token`() {
        val port = TestEnv().use { env ->
            env.client.accessToken().close()
            URI(env.sandbox.baseUrl).port
        }
        TestEnv("--port", "$port").use { env ->
            val failed = assertThrows(KeySecureException.NotFound::class.java) { env.client.cardholders().get("nobody") }
            assertEquals(1, failed.attempts)
        }
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    inner class EachTest {
        private val addresses = mutableListOf<String>()

        @Test
        fun `the first has a sandbox of its own`(sandbox: Sandbox) {
            assertEquals("${sandbox.controlUrl}/console/", sandbox.consoleUrl)
            assertTrue("console.js" in URI(sandbox.consoleUrl).toURL().readText())
            addresses += sandbox.controlUrl
        }

        @Test
        fun `the second has a sandbox of its own`(sandbox: Sandbox) {
            addresses += sandbox.controlUrl
        }

        @AfterAll
        fun compare() {
            assertEquals(2, addresses.toSet().size)
        }
    }

    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    inner class AllTests {
        private lateinit var shared: Sandbox

        @BeforeAll
        fun keep(sandbox: Sandbox) {
            shared = sandbox
        }

        @Test
        fun `a sandbox of the class is that of its tests`(sandbox: Sandbox) {
            assertSame(shared, sandbox)
            assertNotEquals("", sandbox.apiKey)
        }
    }
}

@KeySecureSandbox(options = ["--api-key", "key-of-the-base"])
abstract class SandboxBase

class InheritedSandboxTest : SandboxBase() {
    @Test
    fun `the options of a base class apply`(sandbox: Sandbox) {
        assertEquals("key-of-the-base", sandbox.apiKey)
    }
}

@KeySecureSandbox(options = ["--api-key", "key-of-the-team"])
annotation class TeamSandbox

@TeamSandbox
class ComposedSandboxTest {
    @Test
    fun `the options of a composed annotation apply`(sandbox: Sandbox) {
        assertEquals("key-of-the-team", sandbox.apiKey)
    }
}
