package guides

import io.keysecure.*
import io.keysecure.sandbox.KeySecureSandbox
import io.keysecure.sandbox.Sandbox
import java.time.Duration
import java.util.concurrent.ConcurrentHashMap
import java.util.logging.Logger
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

@KeySecureSandbox
class OperationsGuideTest {
    @Test
    fun `limits and a proxy are set`(sandbox: Sandbox) {
        val (apiKey, apiSecret) = sandbox.apiKey to sandbox.apiSecret
        // --8<-- [start:limits]
        val client = Client.builder(apiKey, apiSecret)
            .timeout(Duration.ofSeconds(10)) // the whole call: attempts, waits and the token included
            .connectTimeout(Duration.ofSeconds(3))
            .maxRetries(2) // reads, and requests that the platform refused before acting
            .proxy("http://proxy.internal:3128")
            .build()
        // --8<-- [end:limits]
        client.close()
    }

    @Test
    fun `calls are logged`(sandbox: Sandbox) {
        val builder = sandbox.clientBuilder()
        // --8<-- [start:logging]
        val client = builder.observer(LogObserver(Logger.getLogger("keysecure"))).build() // or Slf4jObserver()
        // --8<-- [end:logging]
        client.use { it.accessToken() }
    }

    // --8<-- [start:metrics]
    class Metrics : Observer {
        val calls = ConcurrentHashMap<String, Int>() // or a timer of your metrics library

        override fun call(record: CallRecord) {
            calls.merge("${record.operation} ${record.outcome ?: "ok"}", 1, Int::plus) // record.duration
        }
    }
    // --8<-- [end:metrics]

    @Test
    fun `calls are counted`(sandbox: Sandbox) {
        val metrics = Metrics()
        sandbox.clientBuilder().observer(metrics).build().use { it.cards().packages().toList() }
        assertEquals(1, metrics.calls["cards.packages ok"])
    }
}
