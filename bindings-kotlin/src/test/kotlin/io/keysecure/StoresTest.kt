package io.keysecure

import io.keysecure.model.Outcome
import io.keysecure.model.TransportFault
import io.keysecure.model.OnStoreFailure
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class StoresTest {
    @TempDir
    lateinit var folder: Path

    private val quick = EnsureOptions(deadline = Duration.ofSeconds(20), settle = Duration.ofMillis(200))

    @Test
    fun `clients that share a store fetch one token`() = Stage().use { stage ->
        val stores = listOf(Store.memory(), Store.file(folder.resolve("tokens")), Store.own(tokens = OwnTokens()))
        stage.sandbox.approvedCardholder()
        for (store in stores) {
            val before = stage.sandbox.requestsTo("token")
            repeat(3) { stage.builder().store(store).build().use { it.cardholders().get(stage.cardholderNo) } }
            assertEquals(before + 1, stage.sandbox.requestsTo("token"), "$store")
        }
    }

    @Test
    fun `ensure without a store names the choices and sends nothing`() = Stage().use { stage ->
        for (builder in listOf(stage.builder(), stage.builder().store(Store.own(tokens = OwnTokens())))) {
            val accounts = builder.build().accounts()
            val error = assertThrows(KeySecureException.Config::class.java) { accounts.ensureTransfer(stage.transfer("t-1")) }
            assertEquals(Outcome.NOT_SENT, error.outcome)
            for (choice in listOf("memory", "file:", "redis://")) assertTrue(choice in error.message!!, error.message)
        }
        assertEquals(0, stage.sandbox.requestsTo("accounts.transfer"))
    }

    @Test
    fun `every kind of store makes each transfer once, and says who made it`() = Stage().use { stage ->
        val stores = listOf(
            Store.memory(), Store.file(folder.resolve("attempts")), Store.of("file:${folder.resolve("text")}"),
            Store.own(attempts = OwnAttempts(Duration.ZERO)),
        )
        for ((number, store) in stores.withIndex()) {
            val accounts = stage.builder().store(store).build().accounts()
            stage.sandbox.fault("accounts.transfer", "drop_after_commit")
            assertTrue(accounts.ensureTransfer(stage.transfer("t-$number"), quick).created, "only its response was lost")
            assertFalse(accounts.ensureTransfer(stage.transfer("t-$number"), quick).created)
        }
        assertEquals(stores.size, stage.sandbox.transfers().size)
    }

    @Test
    fun `a store of one's own that is old enough lets new references go at once`() = Stage().use { stage ->
        val attempts = OwnAttempts(Duration.ofHours(1))
        val accounts = stage.builder().store(Store.own(attempts = attempts)).build().accounts()
        // With the default of 10 s for each they would not be through before the deadline of the first.
        val once = EnsureOptions(deadline = Duration.ofSeconds(11))
        repeat(5) { assertTrue(accounts.ensureTransfer(stage.transfer("t-$it"), once).created) }
        assertEquals(listOf("acquire", "begin accounts.transfer", "finish DONE", "release"), attempts.calls.take(4))
        assertEquals(20, attempts.calls.size)
    }

    @Test
    fun `two workers with a directory in common make one transfer`() = Stage().use { stage ->
        val workers = Executors.newFixedThreadPool(4)
        val made = (1..4).map {
            workers.submit<Boolean> {
                stage.builder().store("file:${folder.resolve("fleet")}").build().use { client ->
                    client.accounts().ensureTransfer(stage.transfer("one"), quick).created
                }
            }
        }.map { it.get(60, TimeUnit.SECONDS) }
        workers.shutdown()
        assertEquals(1, made.count { it }, "$made")
        assertEquals(1, stage.sandbox.transfers().size)
    }

    @Test
    fun `a reference that another worker has is not sent`() = Stage().use { stage ->
        val attempts = OwnAttempts(Duration.ofHours(1))
        val store = object : AttemptStore by attempts {
            override fun acquire(reference: String, lease: Duration, within: Duration) = io.keysecure.ffi.Acquired.Busy
        }
        val accounts = stage.builder().store(Store.own(attempts = store)).build().accounts()
        assertThrows(KeySecureException.Timeout::class.java) {
            accounts.ensureTransfer(stage.transfer("t-1"), EnsureOptions(Duration.ofMillis(900), Duration.ofMillis(100)))
        }
        assertEquals(0, stage.sandbox.requestsTo("accounts.transfer"))
    }

    @Test
    fun `an attempt store that throws stops ensure before it sends, unless the call accepts that, and never a plain call`() =
        Stage().use { stage ->
            Heard().use { heard ->
                val broken = OwnAttempts(Duration.ZERO) { error("s3cr3t") }
                val lines = CopyOnWriteArrayList<String>()
                val builder = stage.builder().store(Store.own(attempts = broken)).observer(LogObserver { lines += it })
                val accounts = builder.build().accounts()
                val error = assertThrows(KeySecureException.Transport::class.java) {
                    accounts.ensureTransfer(stage.transfer("t-1"), quick)
                }
                assertEquals(Outcome.NOT_SENT, error.outcome)
                assertEquals(TransportFault.STORE, error.transportFault)
                assertEquals(0, stage.sandbox.requestsTo("accounts.transfer"))
                assertTrue(accounts.ensureTransfer(stage.transfer("t-1"), quick.copy(onStoreFailure = OnStoreFailure.ACCEPT)).created)
                accounts.transfer(stage.transfer("t-2"))
                assertEquals(2, stage.sandbox.transfers().size)
                heard.await("acquire of a store threw java.lang.IllegalStateException at io.keysecure.StoresTest")
                heard.await("the attempt store cannot be reached")
                assertEquals(1, lines.count { it == "the attempt store cannot be reached" }, "$lines")
                assertFalse(heard.lines.any { "s3cr3t" in it }, "${heard.lines}")
            }
        }

    @Test
    fun `a token store that throws costs a token and nothing else, and the observer is called`() = Stage().use { stage ->
        val lines = CopyOnWriteArrayList<String>()
        Heard().use { heard ->
            val store = Store.own(tokens = OwnTokens { throw AssertionError("s3cr3t") })
            stage.builder().store(store).observer(LogObserver { lines += it }).build().use { it.cards().packages().count() }
            heard.await("load of a store threw java.lang.AssertionError at io.keysecure.StoresTest")
        }
        assertTrue("the token store cannot be reached" in lines, "$lines")
    }

    @Test
    fun `over a transport that cannot abort a request the wait is longer`() = Stage().use { stage ->
        // Less than the 120 s for which a transport is waited for that may deliver a request later.
        val how = EnsureOptions(deadline = Duration.ofSeconds(100), firstAttempt = true)
        assertTrue(stage.client.accounts().ensureTransfer(stage.transfer("t-1"), how).created)
        for (transport in listOf(JavaHttpTransport(), UrlConnectionTransport())) {
            val accounts = stage.builder().store("memory").transport(transport).build().accounts()
            val error = assertThrows(KeySecureException.InvalidInput::class.java) {
                accounts.ensureTransfer(stage.transfer("t-2"), how)
            }
            assertEquals("deadline", error.field)
        }
    }

    @Test
    fun `a store that no worker could use is refused`() {
        val open = Files.createDirectory(folder.resolve("open"))
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"))
        assertThrows(KeySecureException.Config::class.java) { Store.file(open) }
        for (text in listOf("", "nonsense", "file:", "postgres://:hunter2@host/", "rediss://:hunter2@host/")) {
            val error = assertThrows(KeySecureException.Config::class.java) { Store.of(text) }
            assertFalse("hunter2" in error.message!!)
        }
        assertThrows(KeySecureException.InvalidInput::class.java) { Store.redis("http://localhost/") }
        Unit
    }

    @Test
    fun `workers share a Redis`() = Stage().use { stage ->
        val socket = folder.resolve("redis.sock")
        val redis = try {
            ProcessBuilder("redis-server", "--port", "0", "--unixsocket", "$socket", "--save", "", "--appendonly", "no")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start()
        } catch (_: java.io.IOException) {
            null
        }
        assumeTrue(redis != null, "no redis-server on this machine")
        try {
            val end = System.nanoTime() + 20_000_000_000
            while (!Files.exists(socket) && System.nanoTime() < end) Thread.sleep(20)
            for (create in listOf(true, false)) {
                stage.builder().store(Store.redis("redis+unix://$socket")).build().use { client ->
                    assertEquals(create, client.accounts().ensureTransfer(stage.transfer("t-1"), quick).created)
                }
            }
            assertEquals(1, stage.sandbox.requestsTo("token"))
            val (one, other) = (1..2).map { WebhookVerifier("key", listOf("current"), store = Store.of("redis+unix://$socket")) }
            val body = "{\"id\":\"1\",\"action\":\"Card_update\",\"data\":{\"card_no\":\"k\"}}".toByteArray()
            val headers = one.signForTests(java.time.Instant.now(), body)
            one.verify(headers, body)
            assertThrows(KeySecureException.Webhook::class.java) { other.verify(headers, body) }
            Unit
        } finally {
            redis!!.destroy()
            redis.waitFor()
        }
    }
}
