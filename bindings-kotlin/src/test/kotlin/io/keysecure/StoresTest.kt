package io.keysecure

import com.sun.jna.Platform
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
    fun `clients that share a store fetch one token`() = TestEnv().use { env ->
        val stores = listOf(Store.memory(), Store.file(folder.resolve("tokens")), Store.own(tokens = TestTokenStore()))
        env.sandbox.approvedCardholder()
        for (store in stores) {
            val before = env.sandbox.requestsTo("token")
            repeat(3) { env.builder().store(store).build().use { it.cardholders().get(env.cardholderNo) } }
            assertEquals(before + 1, env.sandbox.requestsTo("token"), "$store")
        }
    }

    @Test
    fun `ensure without a store names the choices and sends nothing`() = TestEnv().use { env ->
        for (builder in listOf(env.builder(), env.builder().store(Store.own(tokens = TestTokenStore())))) {
            val accounts = builder.build().accounts()
            val error = assertThrows(KeySecureException.Config::class.java) { accounts.ensureTransfer(env.transfer("t-1")) }
            assertEquals(Outcome.NOT_SENT, error.outcome)
            for (choice in listOf("memory", "file:", "redis://")) assertTrue(choice in error.message!!, error.message)
        }
        assertEquals(0, env.sandbox.requestsTo("accounts.transfer"))
    }

    @Test
    fun `every kind of store creates each transfer once and reports it`() = TestEnv().use { env ->
        val stores = listOf(
            Store.memory(), Store.file(folder.resolve("attempts")), Store.of("file:${folder.resolve("text")}"),
            Store.own(attempts = TestAttemptStore(Duration.ZERO)),
        )
        for ((number, store) in stores.withIndex()) {
            val accounts = env.builder().store(store).build().accounts()
            env.sandbox.fault("accounts.transfer", "drop_after_commit")
            assertTrue(accounts.ensureTransfer(env.transfer("t-$number"), quick).created, "only its response was lost")
            assertFalse(accounts.ensureTransfer(env.transfer("t-$number"), quick).created)
        }
        assertEquals(stores.size, env.sandbox.transfers().size)
    }

    @Test
    fun `an old custom store lets new references be sent at once`() = TestEnv().use { env ->
        val attempts = TestAttemptStore(Duration.ofHours(1))
        val accounts = env.builder().store(Store.own(attempts = attempts)).build().accounts()
        // With the default wait of 10 s each, the calls would exceed the deadline of the first.
        val once = EnsureOptions(deadline = Duration.ofSeconds(11))
        repeat(5) { assertTrue(accounts.ensureTransfer(env.transfer("t-$it"), once).created) }
        assertEquals(listOf("acquire", "begin accounts.transfer", "finish DONE", "release"), attempts.calls.take(4))
        assertEquals(20, attempts.calls.size)
    }

    @Test
    fun `workers that share a directory create one transfer`() = TestEnv().use { env ->
        val workers = Executors.newFixedThreadPool(4)
        val made = (1..4).map {
            workers.submit<Boolean> {
                env.builder().store("file:${folder.resolve("fleet")}").build().use { client ->
                    client.accounts().ensureTransfer(env.transfer("one"), quick).created
                }
            }
        }.map { it.get(60, TimeUnit.SECONDS) }
        workers.shutdown()
        assertEquals(1, made.count { it }, "$made")
        assertEquals(1, env.sandbox.transfers().size)
    }

    @Test
    fun `a reference that another worker holds is not sent`() = TestEnv().use { env ->
        val attempts = TestAttemptStore(Duration.ofHours(1))
        val store = object : AttemptStore by attempts {
            override fun acquire(reference: String, lease: Duration, within: Duration) = io.keysecure.Acquired.Busy
        }
        val accounts = env.builder().store(Store.own(attempts = store)).build().accounts()
        assertThrows(KeySecureException.Timeout::class.java) {
            accounts.ensureTransfer(env.transfer("t-1"), EnsureOptions(Duration.ofMillis(900), Duration.ofMillis(100)))
        }
        assertEquals(0, env.sandbox.requestsTo("accounts.transfer"))
    }

    @Test
    fun `a failing attempt store stops ensure calls but not plain calls`() =
        TestEnv().use { env ->
            RecordedWarnings().use { warnings ->
                val broken = TestAttemptStore(Duration.ZERO) { error("s3cr3t") }
                val lines = CopyOnWriteArrayList<String>()
                val builder = env.builder().store(Store.own(attempts = broken)).observer(LogObserver { lines += it })
                val accounts = builder.build().accounts()
                val error = assertThrows(KeySecureException.Transport::class.java) {
                    accounts.ensureTransfer(env.transfer("t-1"), quick)
                }
                assertEquals(Outcome.UNKNOWN, error.outcome)
                assertEquals(TransportFault.STORE, error.transportFault)
                assertEquals(0, env.sandbox.requestsTo("accounts.transfer"))
                assertTrue(accounts.ensureTransfer(env.transfer("t-1"), quick.copy(onStoreFailure = OnStoreFailure.ACCEPT)).created)
                accounts.transfer(env.transfer("t-2"))
                assertEquals(2, env.sandbox.transfers().size)
                warnings.await("acquire of a store threw java.lang.IllegalStateException at io.keysecure.StoresTest")
                warnings.await("the attempt store cannot be reached")
                assertEquals(1, lines.count { it == "the attempt store cannot be reached" }, "$lines")
                assertFalse(warnings.lines.any { "s3cr3t" in it }, "${warnings.lines}")
            }
        }

    @Test
    fun `a failing token store costs one token and is reported`() = TestEnv().use { env ->
        val lines = CopyOnWriteArrayList<String>()
        RecordedWarnings().use { warnings ->
            val store = Store.own(tokens = TestTokenStore { throw AssertionError("s3cr3t") })
            env.builder().store(store).observer(LogObserver { lines += it }).build().use { it.cards().packages().count() }
            warnings.await("load of a store threw java.lang.AssertionError at io.keysecure.StoresTest")
        }
        assertTrue("the token store cannot be reached" in lines, "$lines")
    }

    @Test
    fun `ensure waits longer over a transport that cannot abort requests`() = TestEnv().use { env ->
        // Less than the 120 s that a transport needs which may deliver a request later.
        val options = EnsureOptions(deadline = Duration.ofSeconds(100), firstAttempt = true)
        assertTrue(env.client.accounts().ensureTransfer(env.transfer("t-1"), options).created)
        for (transport in listOf(JavaHttpTransport(), UrlConnectionTransport())) {
            val accounts = env.builder().store("memory").transport(transport).build().accounts()
            val error = assertThrows(KeySecureException.InvalidInput::class.java) {
                accounts.ensureTransfer(env.transfer("t-2"), options)
            }
            assertEquals("deadline", error.field)
        }
    }

    @Test
    fun `an unusable store is refused`() {
        if (!Platform.isWindows()) {
            val open = Files.createDirectory(folder.resolve("open"))
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"))
            assertThrows(KeySecureException.Config::class.java) { Store.file(open) }
        }
        for (text in listOf("", "nonsense", "file:", "postgres://:hunter2@host/", "rediss://:hunter2@host/")) {
            val error = assertThrows(KeySecureException.Config::class.java) { Store.of(text) }
            assertFalse("hunter2" in error.message!!)
        }
        assertThrows(KeySecureException.InvalidInput::class.java) { Store.redis("http://localhost/") }
        Unit
    }

    @Test
    fun `a Redis that does not respond costs its timeout`() = TestEnv().use { env ->
        java.net.ServerSocket(0, 50, java.net.InetAddress.getLoopbackAddress()).use { silent ->
            fun millis(store: Store): Long {
                val start = System.nanoTime()
                env.builder().store(store).build().use { it.accessToken().close() }
                return (System.nanoTime() - start) / 1_000_000
            }
            val url = "redis://127.0.0.1:${silent.localPort}/"
            val (short, usual) = millis(Store.redis(url, Duration.ofMillis(50))) to millis(Store.redis(url))
            assertTrue(usual >= 1_000 && short < usual - 500, "$short, $usual")
        }
    }

    @Test
    fun `workers share a Redis`() = TestEnv().use { env ->
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
                env.builder().store(Store.redis("redis+unix://$socket")).build().use { client ->
                    assertEquals(create, client.accounts().ensureTransfer(env.transfer("t-1"), quick).created)
                }
            }
            assertEquals(1, env.sandbox.requestsTo("token"))
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
