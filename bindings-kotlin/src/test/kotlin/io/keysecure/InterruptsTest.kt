package io.keysecure

import io.keysecure.model.Method
import io.keysecure.model.Outcome
import io.keysecure.model.TransportFault
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.Callable
import java.util.concurrent.FutureTask
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledOnOs
import org.junit.jupiter.api.condition.OS
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

/** `Thread.interrupt` and `Client.close` end calls in progress. */
class InterruptsTest {
    enum class Over(val make: () -> Transport?) {
        BUILT_IN({ null }),
        JAVA_HTTP({ JavaHttpTransport() }),
        URL_CONNECTION({ UrlConnectionTransport() }),
        ;

        fun client(env: TestEnv): Client = env.builder().apply { make()?.let(::transport) }.build()
    }

    /** Runs a call on another thread, and [end] with that thread when the platform has got the request; returns the exception. */
    private fun ended(env: TestEnv, operation: String, end: (Thread) -> Unit, call: () -> Unit): KeySecureException {
        val failure = FutureTask(Callable { runCatching(call).exceptionOrNull() as KeySecureException })
        val thread = Thread(failure).apply { start() }
        while (env.sandbox.requestsTo(operation) == 0) Thread.sleep(5)
        val start = System.nanoTime()
        end(thread)
        val failed = failure.get()
        val millis = (System.nanoTime() - start) / 1_000_000
        assertTrue(millis < 2_000, "the call ended after $millis ms")
        return failed
    }

    @Test
    fun `the doctor throws on an interrupted thread only`() {
        Client("key", "sixteen-letters!", baseUrl = "http://127.0.0.1:1").use { client ->
            assertTrue(client.doctor().toString().isNotEmpty())
            Thread.currentThread().interrupt()
            val error = assertThrows(KeySecureException.Transport::class.java) { client.doctor() }
            assertTrue(Thread.interrupted())
            assertEquals(TransportFault.INTERRUPTED to Outcome.NOT_SENT, error.transportFault to error.outcome)
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `an interrupted thread ends its call`(over: Over) = TestEnv().use { env ->
        over.client(env).use { client ->
            client.cardholders().get(env.cardholderNo)
            env.sandbox.fault("cards.list", mapOf("stall_after_commit" to 4_000))
            val now = env.sandbox.now()
            val read = ended(env, "cards.list", Thread::interrupt) { client.cards().list(now.minusSeconds(60), now).toList() }
            assertEquals(TransportFault.INTERRUPTED, read.transportFault, "$read")
            env.sandbox.fault("accounts.transfer", mapOf("stall_after_commit" to 4_000))
            val payment = env.transfer("t-1")
            val paid = ended(env, "accounts.transfer", Thread::interrupt) { client.accounts().transfer(payment) }
            assertEquals(TransportFault.INTERRUPTED to Outcome.UNKNOWN, paid.transportFault to paid.outcome, "$paid")
        }
        assertEquals(1, env.sandbox.requestsTo("accounts.transfer"), "an interrupted call sends nothing again")
    }

    @Test
    fun `a thread that is interrupted before a call sends nothing`() = TestEnv().use { env ->
        val payment = env.transfer("t-1")
        Thread.currentThread().interrupt()
        val failed = assertThrows(KeySecureException.Transport::class.java) { env.client.accounts().transfer(payment) }
        assertTrue(Thread.interrupted(), "the thread stays interrupted")
        assertEquals(TransportFault.INTERRUPTED to Outcome.NOT_SENT, failed.transportFault to failed.outcome)
        assertEquals(0, env.sandbox.requestsTo("token"))
        env.client.accounts().transfer(payment)
        assertEquals(1, env.sandbox.transfers().size)
    }

    @ParameterizedTest
    @EnumSource
    fun `closing a client ends its calls in progress`(over: Over) = TestEnv().use { env ->
        val client = over.client(env)
        client.cardholders().get(env.cardholderNo)
        env.sandbox.fault("accounts.transfer", mapOf("stall_after_commit" to 4_000))
        val payment = env.transfer("t-1")
        val failed = ended(env, "accounts.transfer", { client.close() }) { client.accounts().transfer(payment) }
        assertEquals(Outcome.UNKNOWN, failed.outcome, "$failed")
        assertThrows(KeySecureException.Config::class.java) { client.cardholders().get(env.cardholderNo) }
        Unit
    }

    /** The exchange may be at any point between its request and the wait for the response. */
    @ParameterizedTest
    @EnumSource(names = ["JAVA_HTTP", "URL_CONNECTION"])
    fun `closing a transport ends an exchange that has just been sent`(over: Over) {
        val transport = checkNotNull(over.make())
        RawServer { socket, _ ->
            readRequest(socket.getInputStream())
            transport.close()
            Thread.sleep(5_000)
        }.use { server ->
            val timeout = Duration.ofSeconds(5)
            val request = HttpRequest(Method.POST, server.url, emptyList(), ByteArray(10), timeout, timeout, 1_000)
            repeat(200) {
                val start = System.nanoTime()
                val failed = assertThrows(TransportFailedException::class.java) { transport.send(request) }
                val millis = (System.nanoTime() - start) / 1_000_000
                assertTrue(millis < 2_000, "exchange $it ended after $millis ms")
                assertTrue(failed.mayHaveBeenSent)
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX) // it counts open files
    fun `closed clients leave no thread and no connection`() = TestEnv().use { env ->
        print(ClosedClients.check(env))
    }

    @Test
    @EnabledOnOs(OS.LINUX) // it counts open files
    fun `closed clients leave no thread and no connection on JDK 21`() {
        val java = ChildJvm.withVirtualThreads
        assumeTrue(java != null, "no JDK 21 or later: set KEYSECURE_JDK21 to its folder")
        print(ChildJvm.run(ClosedClients::class, java = java!!))
    }

    /** Also a program, for a JVM of JDK 21 or later: there the JDK has another way to close its client. */
    object ClosedClients {
        @JvmStatic
        fun main(args: Array<String>) = TestEnv().use { print(check(it)) }

        fun check(env: TestEnv): String {
            val cardholderNo = env.cardholderNo
            // Of the other tests, whose threads may end meanwhile.
            val others = threads()
            val left = { (threads() - others).map { it.name } }
            val transport = JavaHttpTransport()
            // A transport of two clients is used on after the first was closed.
            val clients = (1..50).map { env.builder().transport(JavaHttpTransport()).build() } +
                (1..2).map { env.builder().transport(transport).build() }
            val before = descriptors()
            for (client in clients) client.use { it.cardholders().get(cardholderNo) }
            val end = System.nanoTime() + Duration.ofSeconds(20).toNanos()
            // The workers are shared, and end when they are idle.
            while ((left().isNotEmpty() || descriptors() > before + 10) && System.nanoTime() < end) Thread.sleep(50)
            assertEquals(emptyList<String>(), left())
            assertTrue(descriptors() <= before + 10, "$before descriptors before, ${descriptors()} after")
            return "52 closed clients: ${descriptors() - before} descriptors more\n"
        }

        private fun threads(): Set<Thread> =
            Thread.getAllStackTraces().keys.filter { it.name.endsWith("SelectorManager") || it.name == "keysecure-http" }.toSet()

        private fun descriptors(): Int = Files.list(Path.of("/proc/self/fd")).use { it.count().toInt() }
    }

    @Test
    fun `a proxy gets its password in the tunnel request only`() {
        val options = listOf("-Djdk.http.auth.tunneling.disabledSchemes=")
        assertFalse("lost" in ChildJvm.run(ProxyPassword::class, options = options))
    }

    /** The program of a separate JVM, because the JDK reads the property once. */
    object ProxyPassword {
        @JvmStatic
        fun main(args: Array<String>) {
            val heads = java.util.concurrent.CopyOnWriteArrayList<String>()
            RawServer { socket, _ ->
                heads += readHead(socket.getInputStream())
                socket.getOutputStream().write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".toByteArray())
                socket.shutdownOutput()
            }.use { proxy ->
                val login = object : java.net.Authenticator() {
                    override fun getPasswordAuthentication(): java.net.PasswordAuthentication? {
                        check(requestorType == RequestorType.PROXY && requestingPort == proxy.address.port)
                        return java.net.PasswordAuthentication("shop", "t0ps3cret".toCharArray())
                    }
                }
                val transport = JavaHttpTransport(proxy = java.net.ProxySelector.of(proxy.address), proxyAuthenticator = login)
                val client = Client.builder("key", "sixteen-letters!").transport(transport).baseUrl("https://platform.test").build()
                val failed = assertThrows(KeySecureException.Transport::class.java) { client.cards().get("1") }
                assertEquals(TransportFault.PROXY to Outcome.NOT_SENT, failed.transportFault to failed.outcome)
            }
            val expected = "Proxy-Authorization: Basic " + java.util.Base64.getEncoder().encodeToString("shop:t0ps3cret".toByteArray())
            assertTrue(heads.isNotEmpty() && heads.all { it.startsWith("CONNECT ") && expected in it }, "$heads")
        }
    }
}
