package shop

import io.keysecure.EventHandler
import io.keysecure.Store
import io.keysecure.receivers.ReceiverContract
import io.keysecure.sandbox.Sandbox
import io.ktor.server.cio.CIO
import io.ktor.server.engine.embeddedServer
import kotlinx.coroutines.runBlocking

class WebhooksTest : ReceiverContract() {
    override fun start(sandbox: Sandbox, handler: EventHandler): Server {
        val client = sandbox.client()
        val server = embeddedServer(CIO, host = "127.0.0.1", port = 0) { webhooks(client, Store.memory(), handler) }.start()
        val port = runBlocking { server.engine.resolvedConnectors().single().port }
        return Server(port, "/webhooks", "/healthz") {
            server.stop(0, 0)
            client.close()
        }
    }
}
