package io.keysecure.relay

import com.google.gson.JsonParser
import io.keysecure.Client
import io.keysecure.KeySecureException
import io.keysecure.RecordedWarnings
import io.keysecure.Store
import io.keysecure.TestAttemptStore
import io.keysecure.WebhookVerifier
import io.keysecure.exceptionFor
import io.keysecure.model.Denial
import io.keysecure.model.ErrorDetails
import io.keysecure.model.ErrorKind
import io.keysecure.model.Event
import io.keysecure.model.Grant
import io.keysecure.model.Outcome
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.math.BigDecimal
import java.nio.file.Files
import java.time.Duration
import java.util.Collections
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test

/** The relay of the JVM: what it grants, what it refuses, and what it tells. The checks themselves are tested in Rust. */
class RelayServerTest {
    private fun purchase(cardholderNo: String, number: String): Event = WebhookVerifier.parseUnverified(
        """{"id":"1","action":"Consumption","data":{"consume_no":"$number","cardholder_no":"$cardholderNo","card_no":"k","amount":1,"status":"Success"}}"""
            .toByteArray(),
    )

    @Test
    fun `a card of another and an unknown one are the same response`() = RelayShop().use { shop ->
        val card = shop.sandbox.virtualCard(shop.own)
        val foreign = shop.sandbox.virtualCard(shop.other)
        val window = """"start_time":"2026-01-01 00:00:00","end_time":"2026-01-02 00:00:00","page":0,"size":10"""
        val requests = listOf(
            "cards.get" to """{"card_no":"NO"}""",
            "cards.private_info" to """{"card_no":"NO"}""",
            "pci.client_token" to """{"card_no":"NO"}""",
            "cards.activate" to """{"card_no":"NO","cvv":"739","card_last_no":"1111"}""",
            "cards.set_pin" to """{"card_no":"NO","pin":"739251"}""",
            "cards.update_status" to """{"card_no":"NO","status":"Delete"}""",
            "cards.list" to """{"card_no":"NO",$window}""",
            "consumptions.list" to """{"card_no":"NO",$window}""",
            "consumptions.get" to """{"consume_no":"NO"}""",
            "accounts.get" to """{"cardholder_no":"NO"}""",
        )
        for ((operation, body) in requests) {
            val another = if (operation == "accounts.get") shop.other else foreign
            val responses = listOf(another, "9999999999999999999").map { number ->
                shop.send(operation, body.replace("NO", number), tap = "tap")
            }
            assertEquals(listOf("404", "not_found", "rejected"), responses[0].refusal, operation)
            assertEquals(1, responses.map { "${it.status} ${it.headers} ${it.text}" }.distinct().size, operation)
            assertEquals(Denial.NOT_OWNED, shop.records.last().denial, operation)
        }
        assertEquals(200, shop.send("cards.get", """{"card_no":"$card"}""").status)
        assertEquals(200, shop.send("cards.get", """{"card_no":"$foreign"}""", session = "other").status)
    }

    @Test
    fun `only what a scope names is granted`() = RelayShop().use { shop ->
        val card = shop.sandbox.virtualCard(shop.own)
        val body = """{"card_no":"$card"}"""
        assertEquals(200, shop.send("cards.get", body, session = "reads").status)
        for ((operation, session) in listOf("cards.private_info" to "reads", "pci.client_token" to "reads", "cards.get" to "nothing")) {
            assertEquals(listOf("403", "permission", "not_sent"), shop.send(operation, body, session).refusal, operation)
            assertEquals(Denial.NOT_GRANTED, shop.records.last().denial)
        }
        for (operation in listOf("call", "simulation.auth", "cardholders.apply", "pci.card_detail")) {
            assertEquals(404, shop.send(operation, body).status, operation)
        }
        assertEquals(400, shop.send("cards.get", """{"card_no":"$card","grants":["cards.private_info"]}""", "reads").status)
    }

    @Test
    fun `without a scope a request is refused, whatever the reason`() = RelayShop().use { shop ->
        val thrown = listOf<() -> Scope?>(
            { null },
            { throw IllegalStateException("s3cr3t") },
            { throw StackOverflowError("s3cr3t") },
            { throw InterruptedException("s3cr3t") },
            { Scope.cardholder("") },
            { Scope.cardholder("1.2") },
            { Scope.cardholder("\uD83D") },
        )
        RecordedWarnings().use { log ->
            for ((number, scope) in thrown.withIndex()) {
                shop.scopes["bad"] = { scope() }
                assertEquals(listOf("401", "authentication", "not_sent"), shop.send("cards.get", "{}", "bad").refusal, "$number")
                assertEquals(number == 3, Thread.interrupted())
                assertEquals(Denial.UNAUTHORIZED to null, shop.records.last().run { denial to cardholderNo })
            }
            log.await("authorize threw java.lang.IllegalStateException at io.keysecure.relay.RelayServerTest")
            assertFalse(log.lines.any { "s3cr3t" in it }, "${log.lines}")
        }
        assertEquals(401, shop.send("cards.get", "{}", "unknown").status)
    }

    @Test
    fun `authorize sees the request`() = RelayShop().use { shop ->
        val seen = ArrayList<RelayRequest>()
        shop.scopes["seen"] = { request -> seen += request; null }
        val headers = mapOf(
            "authorization" to "Bearer seen", "X-Phone" to listOf("7"), "Via" to listOf("a", "b"), "Odd" to "\uD83D",
            "Cookie" to Collections.enumeration(listOf("session=1", "shop=2")),
        )
        shop.relay.handle("POST", "/v1/cards.get", headers, ByteArray(0), "context")
        val request = seen.single()
        assertEquals(listOf("POST", "/v1/cards.get", "seen", "context"), request.run { listOf(method, path, bearer, context) })
        assertEquals(listOf("7", null, null, "session=1; shop=2"), listOf("x-phone", "Via", "absent", "cookie").map(request::header))
        assertEquals("RelayRequest(POST)", "$request")
    }

    @Test
    fun `a tap that is sent twice is done once`() = RelayShop().use { shop ->
        val transfer = """{"transfer_unique_no":"tap-1","type":"In","balance":"5.00"}"""
        val threads = Executors.newFixedThreadPool(8)
        val statuses = (1..8).map { threads.submit(Callable { shop.send("accounts.transfer", transfer).status }) }.map { it.get() }
        threads.shutdown()
        assertEquals(setOf(200), statuses.toSet())
        assertEquals(1, shop.sandbox.transfers().size)
        val changed = shop.send("accounts.transfer", transfer.replace("5.00", "6.00"))
        assertEquals(listOf("409", "conflict", "not_sent"), changed.refusal)
        val card = shop.sandbox.virtualCard(shop.own)
        val freeze = """{"card_no":"$card","status":"Frozen"}"""
        repeat(2) { assertEquals(200, shop.send("cards.update_status", freeze, tap = "tap-2").status) }
        assertEquals(1, shop.sandbox.requestsTo("cards.update_status"))
        assertEquals(Denial.TAP_CONFLICT, shop.send("cards.update_status", freeze.replace("Frozen", "Delete"), tap = "tap-2").let { shop.records.last().denial })
        // Another session's tap of the same name is another one.
        assertEquals(200, shop.send("accounts.transfer", transfer, session = "other").status)
        assertEquals(2, shop.sandbox.transfers().size)
    }

    @Test
    fun `the limits of a scope hold`() = RelayShop().use { shop ->
        fun transfer(tap: String, amount: String) =
            shop.send("accounts.transfer", """{"transfer_unique_no":"$tap","type":"In","balance":"$amount"}""", "small")
        assertEquals(listOf("403", "permission", "not_sent"), transfer("t-1", "5.01").refusal)
        assertEquals(200, transfer("t-2", "5.00").status)
        assertEquals(listOf("403", "permission", "not_sent"), transfer("t-3", "1.01").refusal)
        assertEquals(Denial.LIMIT_EXCEEDED, shop.records.last().denial)
        assertEquals(200, transfer("t-4", "1.00").status)
    }

    @Test
    fun `a session has its rate, and requests their size`() {
        RelayShop { requestsPerSecond(1).maxRequestBytes(20) }.use { shop ->
            assertEquals(20, shop.relay.maxRequestBytes)
            assertEquals(listOf("413", "invalid_input", "not_sent"), shop.send("cards.get", """{"card_no":"123456789012345"}""").refusal)
            assertEquals(Denial.TOO_LARGE, shop.records.last().denial)
            val responses = (1..5).map { shop.send("cards.get", "{}") }
            val limited = responses.last { it.status == 429 }
            assertTrue(limited.headers.getValue("Retry-After").toInt() > 0)
            assertEquals("not_sent", limited.error["outcome"].asString)
        }
    }

    @Test
    fun `the limit of cards of a day holds`() = RelayShop().use { shop ->
        shop.scopes["cards"] = { everything(shop.own).maxCardsPerDay(1) }
        shop.scopes["none"] = { everything(shop.other).maxCardsPerDay(-1) }
        fun apply(tap: String, session: String) =
            shop.send("cards.apply", """{"card_unique_no":"$tap","card_type":"Virtual","package_no":"1600000000000000101"}""", session)
        assertEquals(200, apply("t-1", "cards").status)
        assertEquals(200, apply("t-1", "cards").status)
        for ((tap, session) in listOf("t-2" to "cards", "t-3" to "none")) {
            assertEquals(listOf("403", "permission", "not_sent"), apply(tap, session).refusal, session)
            assertEquals(Denial.LIMIT_EXCEEDED, shop.records.last().denial)
        }
        assertEquals(1, shop.sandbox.requestsTo("cards.apply"))
    }

    private class Sums(private val before: () -> Unit = {}) : QuotaStore {
        val entries = HashMap<String, Long>()

        @Synchronized
        override fun reserve(reservation: QuotaReservation, within: Duration): QuotaReserved {
            before()
            assertTrue(within > Duration.ZERO && reservation.keep > Duration.ofHours(1) && reservation.key.length == 64)
            if (reservation.entry in entries) return QuotaReserved.REPEATED
            if (entries.values.sum() + reservation.amount > reservation.limit) return QuotaReserved.EXCEEDED
            entries[reservation.entry] = reservation.amount
            return QuotaReserved.NEW
        }

        @Synchronized
        override fun release(key: String, entry: String, within: Duration) {
            entries.remove(entry)
        }
    }

    @Test
    fun `a store of one's own counts the limits`() = RelayShop().use { shop ->
        fun serve(store: Store, tap: String): RelayResponse = shop.sandbox.clientBuilder().store(store).build().use { client ->
            val scope = everything(shop.own).maxPerDay(BigDecimal("7.50"))
            val headers = mapOf("Authorization" to "Bearer t", "Content-Type" to "application/json")
            val body = """{"transfer_unique_no":"$tap","type":"In","balance":"5.00"}""".toByteArray()
            Relay(client) { scope }.handle("POST", "/v1/accounts.transfer", headers, body)
        }
        val attempts = TestAttemptStore(Duration.ofHours(1))
        val sums = Sums()
        val store = Store.own(attempts = attempts).withQuota(sums)
        assertEquals(200, serve(store, "t-1").status)
        assertEquals(listOf(500L), sums.entries.values.toList())
        assertEquals(200, serve(store, "t-1").status)
        assertEquals(listOf("403", "permission", "not_sent"), serve(store, "t-2").refusal)
        // A store that does not count, or cannot, is no exceeded limit.
        val unavailable = listOf("503", "transport", "unknown")
        assertEquals(unavailable, serve(Store.own(attempts = TestAttemptStore(Duration.ofHours(1))), "t-3").refusal)
        RecordedWarnings().use { log ->
            assertEquals(unavailable, serve(Store.own(attempts = attempts).withQuota(Sums { error("s3cr3t") }), "t-4").refusal)
            log.await("reserve of a quota store threw java.lang.IllegalStateException")
            assertFalse(log.lines.any { "s3cr3t" in it })
        }
        assertEquals(1, shop.sandbox.transfers().size)
    }

    private class Slow(private val bytes: Int) : InputStream() {
        val read = AtomicInteger()

        override fun read(): Int = error("reads arrays")

        override fun read(part: ByteArray, offset: Int, length: Int): Int = if (read.get() >= bytes) -1 else 1.also { read.incrementAndGet() }
    }

    @Test
    fun `a body is read up to its limit and not for ever`() = RecordedWarnings().use { log ->
        fun lengthOf(text: String) = listOf(io.keysecure.Header("content-length", text))
        assertEquals(5, Bodies(10).read(emptyList(), ByteArrayInputStream(ByteArray(5))).size)
        assertEquals(11, Bodies(10).read(emptyList(), ByteArrayInputStream(ByteArray(500))).size)
        val unread = ByteArrayInputStream(ByteArray(500))
        assertEquals(11, Bodies(10).read(lengthOf("11"), unread).size)
        assertEquals(500, unread.available())
        assertEquals(0, Bodies(10).read(lengthOf("6"), ByteArrayInputStream(ByteArray(5))).size)
        log.await("it ends after 5 of 6 bytes")
        val broken = object : InputStream() {
            override fun read(): Int = throw IOException("s3cr3t")
        }
        assertEquals(0, Bodies(10).read(emptyList(), broken).size)
        log.await("reading it threw java.io.IOException")
        val slow = Slow(10_000)
        assertEquals(0, Bodies(20_000, nanos = -1).read(emptyList(), slow).size)
        assertEquals(1, slow.read.get())
        assertFalse(log.lines.any { "s3cr3t" in it })
    }

    @Test
    fun `a record says who, what, and why not`() = RelayShop().use { shop ->
        val card = shop.sandbox.virtualCard(shop.own)
        shop.send("cards.private_info", """{"card_no":"$card"}""").let { assertEquals(200, it.status, it.text) }
        val done = shop.records.last()
        assertEquals(listOf("phone-1", shop.own, "cards.private_info", card), done.run { listOf(session, cardholderNo, operation, subject) })
        assertEquals(listOf(null, null, null, 200), done.run { listOf(denial, outcome, error, httpStatus) })
        shop.send("cards.set_pin", """{"card_no":"$card","pin":"739251"}""", tap = "tap-7")
        assertEquals("cards.set_pin" to "tap-7", shop.records.last().run { operation to tap })
        // What is the merchant's own is in the record, and the app does not see it.
        shop.sandbox.fault("cards.get", mapOf("code" to 1010))
        val failed = shop.send("cards.get", """{"card_no":"$card"}""")
        assertTrue(failed.status >= 500 && "cannot make this call" in failed.text, failed.text)
        val error = shop.records.last().error
        assertTrue(error is KeySecureException && error.code != null, "$error")
        val pan = shop.client.cards().privateInfo(card).use { it.exposePan() to it.exposeCvv() }
        for (secret in listOf(pan.first, pan.second, "739251", "Bearer", shop.sandbox.apiSecret)) {
            assertFalse("${shop.records} ${shop.records.map { it.error }}".contains(secret), secret)
        }
    }

    @Test
    fun `an audit that throws changes no response`() = RecordedWarnings().use { log ->
        RelayShop { audit { error("s3cr3t") } }.use { shop ->
            val card = shop.sandbox.virtualCard(shop.own)
            assertEquals(200, shop.send("cards.get", """{"card_no":"$card"}""").status)
            log.await("audit threw java.lang.IllegalStateException")
            assertFalse(log.lines.any { "s3cr3t" in it })
        }
    }

    @Test
    fun `nothing that holds a secret prints it`() = RelayShop().use { shop ->
        val card = shop.sandbox.virtualCard(shop.own)
        val response = shop.send("cards.private_info", """{"card_no":"$card"}""")
        val pan = JsonParser.parseString(response.text).asJsonObject["data"].asJsonObject["pan"].asString
        assertEquals("RelayResponse(200)", "$response")
        assertFalse(pan in "$response ${shop.relay} ${shop.records}")
        assertEquals("no-store", response.headers["Cache-Control"])
        assertEquals(response.body.size, response.contentLength)
    }

    @Test
    fun `events reach the apps of their cardholder`() = RelayShop().use { shop ->
        shop.events().use { response ->
            val events = checkNotNull(response.events)
            assertEquals("text/event-stream" to null, response.headers["Content-Type"] to response.contentLength)
            assertTrue(events.next().startsWith(": connected\nid: "))
            assertEquals("", events.poll())
            shop.relay.publish(purchase(shop.other, "theirs"))
            shop.relay.publish(purchase(shop.own, "mine"))
            val chunk = events.next()
            assertTrue("event: Consumption\n" in chunk && "\"mine\"" in chunk && "theirs" !in chunk, chunk)
            val id = Regex("id: (.*)").find(chunk)!!.groupValues[1]
            shop.relay.publish(purchase(shop.own, "next"))
            shop.events(headers = mapOf("Last-Event-ID" to id)).use { again ->
                assertTrue("\"next\"" in checkNotNull(again.events).asSequence().take(2).last())
            }
        }
        assertEquals(403, shop.events("nothing").status)
        assertEquals(401, shop.events("unknown").status)
        assertEquals(404, shop.relay.handle("GET", "/v1/events/", mapOf("Authorization" to "Bearer own"), ByteArray(0)).status)
    }

    @Test
    fun `relays share events in a Redis`() {
        val socket = Files.createTempDirectory("keysecure-redis-").resolve("redis.sock")
        val redis = try {
            ProcessBuilder("redis-server", "--port", "0", "--unixsocket", "$socket", "--save", "", "--appendonly", "no")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start()
        } catch (_: IOException) {
            null
        }
        assumeTrue(redis != null, "no redis-server on this machine")
        try {
            val end = System.nanoTime() + 20_000_000_000
            while (!Files.exists(socket) && System.nanoTime() < end) Thread.sleep(20)
            RelayShop { events("redis+unix://$socket") }.use { shop ->
                val other = Relay(shop.client, events = "redis+unix://$socket") { null }
                shop.events().use { response ->
                    val events = checkNotNull(response.events)
                    events.next()
                    other.publish(purchase(shop.own, "elsewhere"))
                    assertTrue("\"elsewhere\"" in events.next())
                }
                for (wrong in listOf("", "file:/tmp", "redis://:s3cr3t@")) {
                    val thrown = assertThrows(KeySecureException.Config::class.java) { Relay(shop.client, events = wrong) { null } }
                    assertFalse("s3cr3t" in "$thrown", wrong)
                }
            }
        } finally {
            redis!!.destroy()
            redis.waitFor()
            socket.parent.toFile().deleteRecursively()
        }
    }

    @Test
    fun `a session has four streams, and a closed one counts no more`() = RelayShop().use { shop ->
        val streams = (1..4).map { shop.events() }
        assertEquals(429, shop.events().status)
        // A thread that waits for events continues when another one closes the stream.
        val output = ByteArrayOutputStream()
        val thread = Thread { streams[0].writeTo(output) }.apply { start() }
        while (output.size() == 0) Thread.sleep(5)
        streams[0].close()
        thread.join(10_000)
        assertFalse(thread.isAlive)
        // So does one that is interrupted.
        val interrupted = Thread { streams[1].writeTo(ByteArrayOutputStream()) }.apply { start() }
        interrupted.interrupt()
        interrupted.join(10_000)
        assertFalse(interrupted.isAlive)
        // And one whose app has gone.
        val gone = object : java.io.OutputStream() {
            override fun write(byte: Int) = throw IOException("broken pipe")
        }
        assertThrows(IOException::class.java) { streams[2].writeTo(gone) }
        (1..3).forEach { assertEquals(200, shop.events().status, "$it") }
        assertEquals(429, shop.events().status)
        streams[3].close()
        assertNull(streams[3].events!!.poll())
        assertThrows(NoSuchElementException::class.java) { streams[3].events!!.next() }
    }

    @Test
    fun `a stream ends with its time`() = RelayShop { streamLasts(Duration.ofMillis(50)) }.use { shop ->
        val output = ByteArrayOutputStream()
        shop.events().writeTo(output)
        assertTrue("$output".startsWith(": connected"))
    }

    @Test
    fun `requests and events are served by coroutines`(): Unit = RelayShop().use { shop ->
        runBlocking {
            val card = shop.sandbox.virtualCard(shop.own)
            val headers = mapOf("Authorization" to "Bearer own", "Content-Type" to "application/json")
            val body = """{"card_no":"$card"}""".toByteArray()
            val response = shop.relay.awaitResponse("POST", "/v1/cards.get", headers) { max ->
                assertEquals(16_385, max)
                body
            }
            assertEquals(200, response.status, response.text)
            val large = headers + ("Content-Length" to "100000")
            assertEquals(413, shop.relay.awaitResponse("POST", "/v1/cards.get", large) { error("is not read") }.status)
            val events = checkNotNull(shop.relay.awaitResponse("GET", "/v1/events", headers) { error("is not read") }.events)
            val received = async { events.asFlow().take(2).toList() }
            while (shop.events().use { it.status } != 200) kotlinx.coroutines.delay(5)
            kotlinx.coroutines.delay(50)
            shop.relay.publish(purchase(shop.own, "c-1"))
            assertTrue("c-1" in received.await().last())
            assertNull(events.poll(), "the flow has closed the stream")
            val suspending = Relay(shop.client, authorize = suspendingAuthorize { Scope.cardholder(shop.own).readOnly() })
            assertEquals(200, suspending.awaitResponse("POST", "/v1/cards.get", headers) { body }.status)
            val slow = suspendingWithin(50, Dispatchers.Default) { awaitCancellation() }
            val refused = Relay(shop.client, authorize = slow).awaitResponse("POST", "/v1/cards.get", headers) { body }
            assertEquals(listOf("401", "authentication", "not_sent"), refused.refusal)
        }
    }

    @Test
    fun `a request without a free thread has a record`() {
        val error = exceptionFor(ErrorDetails("no thread was free", ErrorKind.TIMEOUT, Outcome.NOT_SENT))
        val seen = ArrayList<AuditRecord>()
        RelayShop { audit { seen += it } }.use { shop ->
            val response = shop.relay.refuseBusy(error, Duration.ofSeconds(30))
            assertEquals(listOf("429", "rate_limit", "not_sent"), response.refusal)
        }
        assertEquals(Denial.RATE_LIMITED to 429, seen.single().run { denial to httpStatus })
        assertEquals(error, seen.single().error)
        RelayShop { audit { throw IllegalStateException() } }.use { assertEquals(429, it.relay.refuseBusy(error, Duration.ZERO).status) }
    }

    @Test
    fun `a setting that is not valid is refused`() = RelayShop().use { shop ->
        fun refused(client: Client = shop.client, settings: RelayBuilder.() -> Unit): String {
            val error = assertThrows(KeySecureException.Config::class.java) { Relay.builder(client) { null }.apply(settings).build() }
            assertEquals(ErrorKind.CONFIG to Outcome.NOT_SENT, error.kind to error.outcome)
            return error.message!!
        }
        for (mount in listOf("/", "relay", "/relay/", "/a/../b", "/%61")) assertTrue("mount" in refused { mount(mount) }, mount)
        for (bytes in listOf(-1, 0, 1024 * 1024 + 1)) assertTrue("max_request_bytes" in refused { maxRequestBytes(bytes) })
        assertTrue("requests_per_second" in refused { requestsPerSecond(-1) })
        assertTrue("concurrent_requests" in refused { concurrentRequests(-1) })
        assertTrue("events_kept" in refused { eventsKept(-1) })
        assertThrows(KeySecureException.InvalidInput::class.java) { Relay(shop.client, streamLasts = Duration.ofSeconds(-1)) { null } }
        assertTrue("store" in refused(shop.sandbox.client()) {})
        refused(Client.relay("http://127.0.0.1:1", { "session" }) {}) {}
    }

    @Test
    fun `a scope is a value, and each grant has its name`() {
        val scope = Scope.cardholder("1001").readOnly().grant(Grant.CARDS_FREEZE).session("s")
        assertEquals(scope, Scope.cardholder("1001").session("s").grantNames(listOf("cards.freeze")).readOnly())
        assertEquals(scope.hashCode(), Scope.cardholder("1001").session("s").grantNames(listOf("cards.freeze")).readOnly().hashCode())
        assertFalse(scope == scope.maxPerDay(BigDecimal.ONE))
        val names = Grant.values().map { it.name.lowercase().replaceFirst('_', '.') }
        assertEquals(Scope.cardholder("1").grants(Grant.values().asIterable()), Scope.cardholder("1").grantNames(names))
        for (wrong in listOf("", "*", "CARDS_GET", "call")) {
            assertThrows(KeySecureException.Config::class.java) { scope.grantNames(listOf(wrong)) }
        }
        // Amounts are rounded down to cents, whatever their size.
        fun limit(amount: String) = Scope.cardholder("1").maxTransfer(BigDecimal(amount))
        assertEquals(limit("1.23"), limit("1.2399"))
        assertEquals(limit("0"), limit("-5"))
        assertEquals(limit("1e30"), limit("1e40"))
    }
}
