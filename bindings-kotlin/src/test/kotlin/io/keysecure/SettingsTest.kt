package io.keysecure

import com.sun.jna.Function
import com.sun.jna.Platform
import com.sun.jna.WString
import io.keysecure.model.Environment
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class SettingsTest {
    @Test
    fun `ensure calls wait for a thread until the deadline of the transport`() {
        fun deadline(transport: Transport?) = Client("key", "sixteen-letters!", transport = transport).use { it.limits.ensure }
        assertEquals(Duration.ofSeconds(60), deadline(null))
        assertEquals(Duration.ofSeconds(180), deadline(UrlConnectionTransport()))
    }

    @TempDir
    lateinit var folder: Path

    /** Runs a block with variables in the process environment, which the native library reads. */
    private fun withVariables(variables: Map<String, String>, block: () -> Unit) {
        variables.forEach(::setVariable)
        try {
            block()
        } finally {
            variables.keys.forEach { setVariable(it, null) }
        }
    }

    private fun setVariable(name: String, value: String?) {
        if (Platform.isWindows()) {
            Function.getFunction("kernel32", "SetEnvironmentVariableW").invokeInt(arrayOf(WString(name), value?.let(::WString)))
        } else if (value == null) {
            Function.getFunction(Platform.C_LIBRARY_NAME, "unsetenv").invokeInt(arrayOf(name))
        } else {
            Function.getFunction(Platform.C_LIBRARY_NAME, "setenv").invokeInt(arrayOf(name, value, 1))
        }
    }

    @Test
    fun `environment variables set store, time zone, proxy and certificates`() = TestEnv().use { env ->
        val known = mapOf("KEYSECURE_API_KEY" to env.sandbox.apiKey, "KEYSECURE_API_SECRET" to env.sandbox.apiSecret)
        val here = known + ("KEYSECURE_BASE_URL" to env.sandbox.baseUrl)
        val store = folder.resolve("store")
        withVariables(here + mapOf("KEYSECURE_STORE" to "file:$store", "KEYSECURE_TIMEZONE" to "UTC+0")) {
            Client.fromEnv().use { client ->
                assertTrue(client.accounts().ensureTransfer(env.transfer("t-1"), EnsureOptions.firstAttempt()).created)
            }
            assertTrue(Files.list(store).use { it.count() } > 0, "the variable names the store")
        }
        val wrong = mapOf(
            "KEYSECURE_STORE" to "nonsense", "KEYSECURE_TIMEZONE" to "Mars", "KEYSECURE_PROXY" to "ftp://proxy",
            "KEYSECURE_CA_PEM" to "$folder/there-is-none.pem",
        )
        for ((name, value) in wrong) {
            withVariables(here + (name to value)) {
                assertThrows(KeySecureException.Config::class.java, { Client.fromEnv() }, name)
            }
        }
    }

    @Test
    fun `the app id and more secrets reach the verifier of a client`() {
        val body = """{"id":"1","action":"Card_update","data":{"card_no":"1","after_status":"Frozen"}}""".toByteArray()
        val platform = WebhookVerifier("my-app", listOf("the-former-one"))
        val headers = platform.signForTests(java.time.Instant.now(), body)
        val secrets = listOf("sixteen-letters!", "the-former-one")
        fun check(client: Client) = client.use {
            assertEquals(1, it.webhookVerifier(secrets = secrets).verify(headers, body).secretIndex)
            assertThrows(KeySecureException.Webhook::class.java) { it.webhookVerifier().verify(headers, body) }
        }
        check(Client("key", "sixteen-letters!", appId = "my-app"))
        check(Client.builder("key", "sixteen-letters!").appId("my-app").build())
        val variables = mapOf("KEYSECURE_API_KEY" to "key", "KEYSECURE_API_SECRET" to "sixteen-letters!")
        withVariables(variables + ("KEYSECURE_APP_ID" to "my-app")) { check(Client.fromEnv()) }
        assertThrows(KeySecureException.Config::class.java) { Client("key", "sixteen-letters!", appId = "my app\n") }
        Unit
    }

    @Test
    fun `plain http needs loopback or a listed host`() {
        fun builder() = Client.builder("key", "sixteen-letters!").baseUrl("http://sandbox:9/")
        assertThrows(KeySecureException.Config::class.java) { builder().build() }
        builder().allowPlainHttp("sandbox").build().close()
        Client("key", "sixteen-letters!", baseUrl = "http://sandbox:9", allowPlainHttp = listOf("other", "sandbox")).close()
        assertThrows(KeySecureException.Config::class.java) {
            builder().allowPlainHttp("sandbox").environment(Environment.PRODUCTION).build()
        }
        Unit
    }

    @Test
    fun `a refused connection is named in the message`() {
        val client = Client("key", "sixteen-letters!", baseUrl = "http://127.0.0.1:1", maxRetries = 0)
        val error = assertThrows(KeySecureException.Transport::class.java) { client.cards().get("c") }
        assertTrue("it was refused" in error.message!!, error.message)
    }
}
