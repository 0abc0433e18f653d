package guides

import examples.relayserver.Sessions
import examples.relayserver.User
import examples.relayserver.serve
import io.keysecure.*
import io.keysecure.model.*
import io.keysecure.relay.oldStore
import java.io.IOException
import java.math.BigDecimal
import java.net.HttpURLConnection
import java.net.URI
import java.time.Duration
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

// --8<-- [start:client]
/** Your own: it keeps the session token of the user, and gets another one when it has expired. */
interface SignIn {
    val token: String?

    suspend fun renew(): String?
}

fun createClient(relayUrl: String, signIn: SignIn): Client =
    Client.relay(relayUrl, suspendingSession { refused -> if (refused) signIn.renew() else signIn.token }) {
        timeout(Duration.ofSeconds(10)) // on Android the phone's own HTTP is the default transport
    }

suspend fun statusOf(client: Client, cardNo: String): CardStatus = client.io { cards().get(cardNo) }.status
// --8<-- [end:client]

// --8<-- [start:pay]
/** Tops the account of the cardholder up. `tap` is chosen once for each action of the user, and kept until the result is known. */
suspend fun topUp(client: Client, cardholderNo: String, tap: String, amount: BigDecimal): String = try {
    val made = client.io(mutates = true) { accounts().ensureTransfer(Transfer(cardholderNo, tap, TransferType.In, amount)) }
    "paid: ${made.value.transferNo}"
} catch (error: KeySecureException) {
    when (error.outcome) {
        Outcome.UNKNOWN -> "try again" // with the same tap: it is never done twice
        Outcome.NOT_SENT, Outcome.REJECTED -> "not paid: ${error.message}"
    }
}
// --8<-- [end:pay]

// --8<-- [start:events]
/**
 * Passes on the events of the user's cards until [isWanted], which is called after each line, returns false, or the session ends: the name
 * of each and its data as JSON. After `reset` some are missing: read the lists again. It blocks: run it on a thread of its own.
 */
fun followEvents(
    relayUrl: String,
    session: (refused: Boolean) -> String?,
    isWanted: () -> Boolean,
    onEvent: (name: String, data: String) -> Unit,
) {
    var lastId: String? = null
    var isRefused = false
    var pause = 250L
    while (isWanted()) {
        val token = session(isRefused) ?: return
        val connection = URI("$relayUrl/v1/events").toURL().openConnection() as HttpURLConnection
        try {
            connection.connectTimeout = 5_000
            connection.readTimeout = 45_000 // a line comes every 15 s
            connection.setRequestProperty("Accept", "text/event-stream")
            connection.setRequestProperty("Authorization", "Bearer $token")
            lastId?.let { connection.setRequestProperty("Last-Event-ID", it) } // the relay then sends what was missed
            val status = connection.responseCode
            if (status == 403 || status == 401 && isRefused) return // not granted; signed out
            isRefused = status == 401
            pause = if (status == 200) 250 else minOf(2 * pause, 30_000)
            if (status == 200) {
                var id = lastId
                var name: String? = null
                var data = ""
                for (line in connection.inputStream.bufferedReader().lineSequence()) {
                    when {
                        line.startsWith("id: ") -> id = line.substring(4)
                        line.startsWith("event: ") -> name = line.substring(7)
                        line.startsWith("data: ") -> data = line.substring(6) // always one line
                        line.isEmpty() -> {
                            name?.let { onEvent(it, data) }
                            lastId = id
                            name = null
                            data = ""
                        }
                    }
                    if (!isWanted()) return
                }
            }
        } catch (network: IOException) {
            pause = minOf(2 * pause, 30_000) // connect again
        } finally {
            connection.disconnect()
        }
        Thread.sleep(pause)
    }
}
// --8<-- [end:events]

/** The code of the guide "Mobile apps", against its server in Kotlin. */
class MobileAppsGuideTest {
    private class Kept : SignIn {
        override var token: String? = "old"

        override suspend fun renew(): String? = "t0ken".also { token = it }
    }

    @Test
    fun `an app reads a card, tops up once for each tap and gets events`() = Sandbox().use { sandbox ->
        val folder = oldStore()
        val merchant = sandbox.clientBuilder().store(Store.file(folder)).build()
        val own = sandbox.approvedCardholder()
        val cardNo = sandbox.virtualCard(own)
        val sessions = Sessions { token -> if (token == "t0ken") User(own, "phone") else null }
        val server = serve(merchant, Store.memory(), sessions, 0)
        val url = "http://127.0.0.1:${server.address.port}/keysecure"
        sandbox.control("POST /callbacks/settings", "url" to "$url/webhooks")
        try {
            createClient("$url/relay", Kept()).use { app ->
                assertEquals(CardStatus.Activated, runBlocking { statusOf(app, cardNo) })
                val first = runBlocking { topUp(app, own, "tap-1", BigDecimal("25.00")) }
                assertTrue(first.startsWith("paid: "), first)
                assertEquals(first, runBlocking { topUp(app, own, "tap-1", BigDecimal("25.00")) })
                assertTrue(runBlocking { topUp(app, own, "tap-2", BigDecimal("500.00")) }.startsWith("not paid: "))
            }
            assertEquals(1, sandbox.transfers().size)
            var isFrozen = false
            var asked = 0
            val isWanted = {
                // The third question comes after the first line of the stream: it is open.
                if (++asked == 3) merchant.cards().freeze(cardNo)
                !isFrozen
            }
            followEvents("$url/relay", { refused -> if (refused) "t0ken" else "old" }, isWanted) { name, data ->
                assertEquals("Card_update", name)
                assertTrue("\"Frozen\"" in data, data)
                isFrozen = true
            }
        } finally {
            server.stop(0)
            merchant.close()
            folder.toFile().deleteRecursively()
        }
    }

    @Test
    fun `events are resumed and end with the session`() {
        val purchase = "id: e-1\nevent: Auth\ndata: {\"consume_no\":\"c: 1\"}\n\n"
        val relay = MockRelay { request ->
            when (request.number) {
                1 -> stream(": connected\nid: e-0\n\n:\n\n${purchase}id: e-2\nevent: Auth\n")
                2, 3 -> MockRelay.broken
                4 -> MockRelay.unauthorized
                5 -> stream("id: e-9\nevent: reset\ndata: {}\n\n")
                else -> MockRelay.refusal(403, "permission", "not_sent")
            }
        }
        val events = mutableListOf<String>()
        relay.use {
            followEvents(relay.url, { refused -> if (refused) "second" else "first" }, { true }) { name, data -> events += "$name $data" }
        }
        assertEquals(listOf("Auth {\"consume_no\":\"c: 1\"}", "reset {}"), events)
        assertEquals(List(6) { "GET /app/v1/events" }, relay.requests.map { it.line })
        assertEquals(listOf(null, "e-1", "e-1", "e-1", "e-1", "e-9"), relay.requests.map { it.header("Last-Event-ID") })
        val tokens = listOf("first", "first", "first", "first", "second", "first").map { "Bearer $it" }
        assertEquals(tokens, relay.requests.map { it.header("Authorization") })
    }

    private fun stream(text: String) = MockRelay.Response(200, text, "text/event-stream")
}
