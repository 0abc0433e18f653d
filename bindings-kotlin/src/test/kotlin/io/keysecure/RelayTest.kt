package io.keysecure

import io.keysecure.MockRelay.Companion.CARD
import io.keysecure.MockRelay.Companion.ENSURED
import io.keysecure.MockRelay.Companion.TRANSFER
import io.keysecure.MockRelay.Companion.broken
import io.keysecure.MockRelay.Companion.data
import io.keysecure.MockRelay.Companion.page
import io.keysecure.MockRelay.Companion.refusal
import io.keysecure.MockRelay.Companion.unauthorized
import io.keysecure.MockRelay.Response
import io.keysecure.model.CardStatus
import io.keysecure.model.ErrorKind
import io.keysecure.model.Language
import io.keysecure.model.Method
import io.keysecure.model.Outcome
import io.keysecure.model.SimulationRequest
import io.keysecure.model.Transfer
import io.keysecure.model.TransferType
import java.math.BigDecimal
import java.time.Clock
import java.time.Duration
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneOffset
import java.util.concurrent.CopyOnWriteArrayList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

/** The client of an app: its requests, its session, and the outcomes of relays that fail. */
class RelayTest {
    enum class Over(val make: () -> Transport?) {
        BUILT_IN({ null }),
        JAVA_HTTP({ JavaHttpTransport() }),
        URL_CONNECTION({ UrlConnectionTransport() }),
        ;

        fun client(url: String, session: Session = Session { "session-1" }): Client =
            Client.relay(url, session) { make()?.let(::transport) }
    }

    private val transfer = Transfer("1001", "tap-1", TransferType.Out, BigDecimal("25.00"))

    private fun failure(call: () -> Unit): KeySecureException = assertThrows(KeySecureException::class.java) { call() }

    private fun effect(error: KeySecureException) = error.kind to error.outcome

    @ParameterizedTest
    @EnumSource
    fun `requests have the documented form`(over: Over) {
        val relay = MockRelay { request ->
            when (request.operation) {
                "cards.get" -> data(CARD)
                "cards.private_info" -> data("""{"card_no":"c1","pan":"4111111111111111","cvv":"739","exp_year":"2028","exp_month":"12"}""")
                "accounts.transfer" -> data(TRANSFER)
                "cards.list" -> data("""{"list":[]}""")
                else -> data("""{"result":true}""")
            }
        }
        relay.use {
            over.client(relay.url).use { client ->
                client.cards().get("c1")
                client.cards().setPin("c1", "1001", "739251")
                client.cards().freeze("c1")
                client.cards().privateInfo("c1").use { assertEquals("4111111111111111" to "739", it.exposePan() to it.exposeCvv()) }
                client.accounts().transfer(transfer)
                assertEquals(0, client.cards().list(LocalDate.of(2026, 5, 1), LocalDate.of(2026, 5, 1)).count())
            }
        }
        val expected = listOf(
            Triple("cards.get", """{"card_no":"c1"}""", false),
            Triple("cards.set_pin", """{"card_no":"c1","cardholder_no":"1001","pin":"739251"}""", true),
            Triple("cards.update_status", """{"card_no":"c1","status":"Frozen"}""", true),
            Triple("cards.private_info", """{"card_no":"c1"}""", false),
            Triple("accounts.transfer", """{"cardholder_no":"1001","transfer_unique_no":"tap-1","type":"Out","balance":"25.00"}""", false),
        )
        for ((request, form) in relay.requests.zip(expected)) {
            val (operation, body, hasTap) = form
            assertEquals("POST /app/v1/$operation" to body, request.line to request.body)
            assertEquals("Bearer session-1", request.header("Authorization"))
            assertEquals(hasTap, request.header("Idempotency-Key") != null, operation)
            for (secret in listOf("Api-Key", "Access-Token", "Timestamp")) assertNull(request.header(secret), operation)
        }
        assertEquals(6, relay.requests.size)
        assertEquals("POST /app/v1/cards.list" to "UTC+8", relay.requests[5].line to relay.requests[5].header("Timezone"))
        assertNotEquals(relay.requests[1].header("Idempotency-Key"), relay.requests[2].header("Idempotency-Key"))
    }

    @Test
    fun `a tap of the caller is sent as it is`() {
        MockRelay { data("""{"result":true}""") }.use { relay ->
            Over.BUILT_IN.client(relay.url).use { client ->
                client.cards().freeze("c1", tap = "tap-1")
                client.cards().unfreeze("c1", tap = "tap-1")
                client.cards().delete("c1", tap = "tap-1")
                client.cards().updateStatus("c1", CardStatus.Frozen, tap = "tap-1")
                client.cards().setPin("c1", "1001", "739251", tap = "tap-1")
                client.cards().activate("c1", "1001", "739", "1111", tap = "tap-1")
                assertEquals(List(6) { "tap-1" }, relay.requests.map { it.header("Idempotency-Key") })
                for (tap in listOf("", "a b", "x".repeat(65))) {
                    val error = failure { client.cards().freeze("c1", tap = tap) }
                    assertEquals(Triple(ErrorKind.INVALID_INPUT, Outcome.NOT_SENT, "tap"), Triple(error.kind, error.outcome, error.field))
                }
            }
            assertEquals(6, relay.requests.size)
        }
    }

    @Test
    fun `a client of the platform refuses a tap`() {
        Client("key", "sixteen-letters!", baseUrl = "http://127.0.0.1:1").use { client ->
            val error = failure { client.cards().freeze("c1", tap = "tap-1") }
            assertEquals(ErrorKind.INVALID_INPUT to Outcome.NOT_SENT, effect(error), "$error")
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `a refused session is asked for again once`(over: Over) {
        val asked = CopyOnWriteArrayList<Boolean>()
        val session = Session { refused -> asked += refused; if (refused) "second" else "first" }
        MockRelay { if (it.header("Authorization") == "Bearer second") data(CARD) else unauthorized }.use { relay ->
            over.client(relay.url, session).use { it.cards().get("c1") }
            assertEquals(listOf(false, true), asked.toList())
        }
        // The phone's HTTP stack has its own opinion of a response 401 without a challenge.
        for (refused in listOf(unauthorized, Response(401))) {
            MockRelay { refused }.use { relay ->
                val error = failure { over.client(relay.url).use { it.accounts().transfer(transfer) } }
                assertEquals(ErrorKind.AUTHENTICATION to Outcome.REJECTED, effect(error), "$error")
                assertEquals(2, relay.requests.size)
            }
        }
    }

    @Test
    fun `without a usable token nothing is sent`() = MockRelay { data(CARD) }.use { relay ->
        for (token in listOf(null, "", "a b", "a\r\nX: y", "ü", "\uD83D")) {
            val error = failure { Client.relay(relay.url, { token }) {}.accounts().transfer(transfer) }
            assertEquals(ErrorKind.AUTHENTICATION to Outcome.NOT_SENT, effect(error), "$error")
            assertNull(error.cause)
        }
        assertEquals(0, relay.requests.size)
    }

    @Test
    fun `what a session throws is the cause and logged by its type`() = MockRelay { unauthorized }.use { relay ->
        for (thrown in listOf(IllegalStateException("token-of-mine"), StackOverflowError("token-of-mine"))) {
            RecordedWarnings().use { warnings ->
                val client = Client.relay(relay.url, { throw thrown }) {}
                val error = failure { client.cards().get("c1") }
                assertEquals(ErrorKind.AUTHENTICATION to Outcome.NOT_SENT, effect(error))
                assertSame(thrown, error.cause)
                warnings.await(thrown.javaClass.name)
                assertFalse(warnings.lines.any { "token-of-mine" in it }, "${warnings.lines}")
                assertFalse("token-of-mine" in error.message!!)
            }
        }
        assertEquals(0, relay.requests.size)
        val gone = IllegalStateException()
        val client = Client.relay(relay.url, { refused -> if (refused) throw gone else "first" }) {}
        val error = failure { client.accounts().transfer(transfer) }
        assertEquals(ErrorKind.AUTHENTICATION to Outcome.REJECTED, effect(error))
        assertSame(gone, error.cause)
    }

    @Test
    fun `an exception of an earlier call is not the cause of a later one`() {
        MockRelay { if (it.number == 1) unauthorized else refusal(403, "permission", "rejected") }.use { relay ->
            var isBroken = true
            val client = Client.relay(relay.url, { if (isBroken) throw IllegalStateException() else "session-1" }) {}
            failure { client.cards().get("c1") }
            isBroken = false
            assertNull(failure { client.cards().get("c1") }.cause)
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `an outcome is the relay's only if a relay wrote it`(over: Over) {
        val table = listOf(
            Triple(refusal(403, "permission", "rejected"), ErrorKind.PERMISSION, Outcome.REJECTED),
            Triple(refusal(409, "conflict", "not_sent"), ErrorKind.CONFLICT, Outcome.NOT_SENT),
            Triple(refusal(502, "timeout", "unknown"), ErrorKind.TIMEOUT, Outcome.UNKNOWN),
            Triple(refusal(200, "api", "rejected"), ErrorKind.API, Outcome.REJECTED),
            Triple(Response(200, """{"code":2002,"msg":"no cardholder"}"""), ErrorKind.INVALID_RESPONSE, Outcome.UNKNOWN),
            Triple(Response(404, """{"code":404,"error":"not found"}"""), ErrorKind.INVALID_RESPONSE, Outcome.UNKNOWN),
            Triple(page(403), ErrorKind.PERMISSION, Outcome.UNKNOWN),
            Triple(page(502), ErrorKind.INVALID_RESPONSE, Outcome.UNKNOWN),
            Triple(broken, ErrorKind.TRANSPORT, Outcome.UNKNOWN),
        )
        for ((response, kind, outcome) in table) {
            MockRelay { response }.use { relay ->
                val error = failure { over.client(relay.url).use { it.accounts().transfer(transfer) } }
                assertEquals(kind to outcome, effect(error), "$error ${response.status} ${response.body}")
                assertEquals("accounts.transfer" to 1, error.operation to error.attempts)
                assertEquals(1, relay.requests.size, "a transfer is sent once")
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `ensureTransfer is sent again until the relay says what happened`(over: Over) {
        for (first in listOf(broken, page(502))) {
            MockRelay { if (it.number == 1) first else data(ENSURED) }.use { relay ->
                over.client(relay.url).use { assertTrue(it.accounts().ensureTransfer(transfer).created) }
                assertEquals(listOf("accounts.ensure_transfer", "accounts.ensure_transfer"), relay.requests.map { it.operation })
                assertEquals(1, relay.requests.map { it.body }.distinct().size)
            }
        }
        MockRelay { if (it.number == 1) broken else refusal(403, "permission", "rejected") }.use { relay ->
            val error = failure { over.client(relay.url).use { it.accounts().ensureTransfer(transfer) } }
            assertEquals(Outcome.UNKNOWN, error.outcome, "a later refusal says nothing about the first request")
        }
    }

    @Test
    fun `what no relay serves is a Config error`() = MockRelay { data("{}") }.use { relay ->
        val client = Client.relay(relay.url, { "session-1" }) {}
        val calls = listOf<() -> Unit>(
            { client.accessToken() },
            { client.call(Method.GET, "/v1/card/list") },
            { client.call(Method.POST, "/v1/card/list", "{}") },
            { client.simulation().auth(SimulationRequest(cardNo = "c1", amount = BigDecimal.ONE)) },
            { client.cardholders().apply("holder-1", "token") },
            { client.webhookVerifier() },
            { client.webhookVerifierBuilder().build() },
        )
        for (call in calls) assertEquals(ErrorKind.CONFIG to Outcome.NOT_SENT, effect(failure(call)))
        assertEquals(0, relay.requests.size)
        for (url in listOf("http://api.shop.example/app", "ftp://localhost/", "")) {
            assertThrows(KeySecureException.Config::class.java) { Client.relay(url, { "session-1" }) {} }
        }
    }

    @Test
    fun `settings of an app are those of any client`() = MockRelay { data(CARD) }.use { relay ->
        val records = CopyOnWriteArrayList<String>()
        val observer = object : Observer {
            override fun call(record: CallRecord) {
                records += record.operation
            }
        }
        val client = Client.relay(relay.url.replace("127.0.0.1", "localhost"), { "session-1" }) {
            timeout(Duration.ofSeconds(5))
            connectTimeout(Duration.ofSeconds(1))
            maxRetries(1)
            language(Language.CHINESE)
            timezone("UTC+2")
            observer(observer)
            allowPlainHttp("10.0.2.2")
            clock(Clock.fixed(Instant.parse("2026-05-01T00:00:00Z"), ZoneOffset.UTC))
        }
        client.use { it.cards().get("c1") }
        assertEquals(listOf("cards.get"), records.toList())
        for (wrong in listOf<RelayClientBuilder.() -> Unit>({ proxy("gopher://x") }, { caPem("no certificate") }, { timezone("Mars") })) {
            assertThrows(KeySecureException.Config::class.java) { Client.relay(relay.url, { "session-1" }, wrong) }
        }
    }

    @Test
    fun `neither session nor secrets are printed`() = MockRelay { refusal(403, "permission", "rejected") }.use { relay ->
        RecordedWarnings().use { warnings ->
            val lines = CopyOnWriteArrayList<String>()
            val builder = Client.relay(relay.url, { "session-1" }).observer(LogObserver { lines += it })
            val client = builder.build()
            val error = failure { client.cards().setPin("c1", "1001", "739251") }
            failure { client.accounts().transfer(transfer) }
            val stack = java.io.StringWriter().also { error.printStackTrace(java.io.PrintWriter(it)) }
            val shown = "$client $builder $error $stack ${error.msg} ${error.field} $lines ${warnings.lines}"
            assertTrue("cards.set_pin" in shown)
            for (secret in listOf("session-1", "739251")) assertFalse(secret in shown, shown)
        }
    }
}
