package guides

import io.keysecure.*
import io.keysecure.model.*
import io.keysecure.sandbox.KeySecureSandbox
import io.keysecure.sandbox.Sandbox
import java.time.Duration
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

@KeySecureSandbox
class CredentialsGuideTest {
    // --8<-- [start:from-env]
    fun printExpiry() {
        Client.fromEnv().use { client -> println(client.accessToken().expiresAt) }
    }
    // --8<-- [end:from-env]

    @Test
    fun `a program without credentials says which are missing`() {
        assertThrows(KeySecureException.Config::class.java) { printExpiry() }
    }

    @Test
    fun `a client takes its settings from the program`(sandbox: Sandbox) {
        val (apiKey, apiSecret, baseUrl) = Triple(sandbox.apiKey, sandbox.apiSecret, sandbox.baseUrl)
        // --8<-- [start:settings]
        val client = Client.builder(apiKey, apiSecret)
            .environment(Environment.SANDBOX) // the platform's own test system, the default; or PRODUCTION
            .baseUrl(baseUrl) // only when it is not the address of the environment
            .timezone("UTC+8")
            .timeout(Duration.ofSeconds(10))
            .build()
        // --8<-- [end:settings]
        client.use { assertTrue(it.accessToken().expose().isNotEmpty()) }
    }

    // --8<-- [start:doctor]
    fun check(client: Client): Boolean {
        val report = client.doctor()
        println(report)
        return report.findings.none { it.status == CheckStatus.FAIL }
    }
    // --8<-- [end:doctor]

    @Test
    fun `the doctor reports`(client: Client) {
        assertTrue(check(client))
    }
}
