package shop

import io.keysecure.receivers.RelayContract
import io.keysecure.relay.Relay
import io.ktor.server.cio.CIO
import io.ktor.server.engine.embeddedServer
import kotlinx.coroutines.runBlocking

class RelaysTest : RelayContract() {
    override fun start(relay: Relay): Server {
        val server = embeddedServer(CIO, host = "127.0.0.1", port = 0) { relay(relay) }.start()
        val port = runBlocking { server.engine.resolvedConnectors().single().port }
        return Server(port) { server.stop(0, 0) }
    }
}
