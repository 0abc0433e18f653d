package guides

import io.keysecure.*
import io.keysecure.sandbox.KeySecureSandbox
import io.keysecure.sandbox.Sandbox
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

@KeySecureSandbox
class WorkersGuideTest {
    @Test
    fun `workers share a store`(sandbox: Sandbox, @TempDir folder: Path) {
        val (apiKey, apiSecret, directory) = Triple(sandbox.apiKey, sandbox.apiSecret, folder)
        fun builder(key: String, secret: String) = Client.builder(key, secret).baseUrl(sandbox.baseUrl)
        repeat(2) {
            // --8<-- [start:shared]
            val store = Store.file(directory) // or Store.redis("redis://10.0.0.5/"); KEYSECURE_STORE
            val client = builder(apiKey, apiSecret).store(store).build()
            val verifier = client.webhookVerifier(store)
            // --8<-- [end:shared]
            client.use { it.accessToken() }
            check("WebhookVerifier" in verifier.toString())
        }
        assertEquals(1, sandbox.requestsTo("token"))
    }
}
