package io.keysecure.relay

import examples.relayserver.Sessions
import examples.relayserver.User
import examples.relayserver.serve
import io.keysecure.Client
import io.keysecure.KeySecureException
import io.keysecure.Sandbox
import io.keysecure.Store
import java.net.InetSocketAddress
import java.net.Socket
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The server of the guide "Mobile apps". */
class RelayExampleTest {
    @Test
    fun `the server of the guide serves an app and its events`() = Sandbox().use { sandbox ->
        val client = sandbox.clientBuilder().store(Store.memory()).build()
        val own = sandbox.approvedCardholder()
        val cardNo = sandbox.virtualCard(own)
        val sessions = Sessions { token -> if (token == "t0ken") User(own, "phone") else null }
        val server = serve(client, Store.memory(), sessions, 0)
        try {
            val url = "http://127.0.0.1:${server.address.port}/keysecure"
            Client.relay("$url/relay", { "t0ken" }) {}.use { app ->
                app.cards().freeze(cardNo)
                assertEquals("Frozen", app.cards().get(cardNo).status.value)
                assertThrows(KeySecureException.Permission::class.java) { app.cards().privateInfo(cardNo) }
            }
            Client.relay("$url/relay", { "another" }) {}.use { app ->
                assertThrows(KeySecureException.Authentication::class.java) { app.cards().get(cardNo) }
            }
            Socket().use { socket ->
                socket.connect(InetSocketAddress("127.0.0.1", server.address.port))
                socket.soTimeout = 20_000
                val head = "GET /keysecure/relay/v1/events HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer t0ken\r\n\r\n"
                socket.getOutputStream().write(head.toByteArray())
                val lines = socket.getInputStream().bufferedReader().lineSequence().iterator()
                while (!lines.next().startsWith(": connected")) Unit
                sandbox.control("POST /callbacks/settings", "url" to "$url/webhooks")
                client.cards().unfreeze(cardNo)
                val event = generateSequence { lines.next() }.first { it.startsWith("data:") }
                assertTrue(cardNo in event, event)
            }
        } finally {
            server.stop(0)
            client.close()
        }
    }
}
