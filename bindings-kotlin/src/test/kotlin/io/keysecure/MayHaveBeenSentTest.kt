package io.keysecure

import io.keysecure.model.Method
import io.keysecure.model.TransportFault
import java.io.IOException
import java.net.InetAddress
import java.net.Proxy
import java.net.ProxySelector
import java.net.Socket
import java.net.SocketAddress
import java.net.URI
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import javax.net.ssl.SSLSocketFactory
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

/** Transports report correctly whether a request may have been sent, and send it once. */
class MayHaveBeenSentTest {
    enum class Ready(val make: () -> Transport) {
        JAVA_HTTP({ JavaHttpTransport() }),
        URL_CONNECTION({ UrlConnectionTransport() }),
    }

    /** Transports whose JVM throws before a connection is open: a security manager, Android's main thread, a bug. */
    enum class Broken(val make: (RuntimeException) -> Transport) {
        JAVA_HTTP({ JavaHttpTransport(proxy = BrokenProxies(it)) }),
        URL_CONNECTION({ UrlConnectionTransport(Proxy.NO_PROXY, BrokenSockets(it)) }),
    }

    @ParameterizedTest
    @EnumSource
    fun `an exception before the body is sent means not sent`(over: Broken) {
        RawServer { socket, _ -> socket.getInputStream().readAllBytes() }.use { server ->
            for (thrown in listOf(SecurityException("no INTERNET"), IllegalStateException("main thread"), NullPointerException())) {
                val request = payment(server.url.replace("http:", "https:"))
                val failed = assertThrows(TransportFailedException::class.java) { over.make(thrown).send(request) }
                assertEquals(TransportFault.OTHER to false, failed.fault to failed.mayHaveBeenSent)
                assertTrue(thrown in generateSequence(failed as Throwable) { it.cause }, "$failed")
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `a request that the JVM rejects is a typed error and not sent`(over: Ready) {
        val broken = listOf(
            payment("https://["), payment("gopher://127.0.0.1/"), payment("http://127.0.0.1:99999/"),
            payment("http://127.0.0.1:1/").copy(headers = listOf(Header("X", "a\r\nb"))),
        )
        for (request in broken) {
            val failed = assertThrows(TransportFailedException::class.java) { over.make().send(request) }
            assertFalse(failed.mayHaveBeenSent, "$failed ${failed.cause}")
        }
        val nowhere = assertThrows(TransportFailedException::class.java) { over.make().send(payment("http://nowhere.invalid/")) }
        assertEquals(TransportFault.DNS to false, nowhere.fault to nowhere.mayHaveBeenSent)
    }

    @ParameterizedTest
    @EnumSource
    fun `a request whose time to start is over is not sent`(over: Ready) {
        val bodies = CopyOnWriteArrayList<String>()
        RawServer { socket, _ -> respond(socket) { bodies += it } }.use { server ->
            for (request in listOf(payment(server.url), reading(server.url))) {
                val failed = assertThrows(TransportFailedException::class.java) {
                    over.make().send(request.copy(startWithin = Duration.ofNanos(1)))
                }
                assertEquals(TransportFault.TIMEOUT to false, failed.fault to failed.mayHaveBeenSent)
                assertEquals(200, over.make().send(request.copy(startWithin = Duration.ofMinutes(1))).status)
            }
        }
        assertEquals(listOf("BODY", ""), bodies)
    }

    @ParameterizedTest
    @EnumSource
    fun `a request whose body was started is never reported as not sent`(over: Ready) {
        // The connection breaks after the body, or in the middle of one that is larger than any buffer.
        for (size in listOf(4, 16 shl 20)) {
            RawServer { socket, _ ->
                readHead(socket.getInputStream())
                socket.getInputStream().readNBytes(4)
                socket.setSoLinger(true, 0)
            }.use { server ->
                val request = payment(server.url).copy(body = ByteArray(size) { 'x'.code.toByte() })
                val failed = assertThrows(TransportFailedException::class.java) { over.make().send(request) }
                assertEquals(TransportFault.CLOSED to true, failed.fault to failed.mayHaveBeenSent)
            }
        }
    }

    @Test
    fun `an interrupted thread abandons its request`() {
        val silent = CountDownLatch(1)
        RawServer { socket, _ ->
            readHead(socket.getInputStream())
            silent.await(30, TimeUnit.SECONDS)
        }.use { proxy ->
            val transport = JavaHttpTransport(proxy = ProxySelector.of(proxy.address))
            Thread.currentThread().interrupt()
            val failed = assertThrows(TransportFailedException::class.java) { transport.send(payment("https://platform.test/")) }
            assertTrue(Thread.interrupted())
            assertEquals(TransportFault.INTERRUPTED to false, failed.fault to failed.mayHaveBeenSent)
            silent.countDown()
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `a payment is sent once when the idle connection breaks`(over: Ready) = assertSentOnce(over.make())

    @Test
    fun `a payment is sent once when the JDK is configured to repeat`() {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val program = ProcessBuilder(
            java, "-Djdk.httpclient.enableAllMethodRetry=true", "-cp", System.getProperty("java.class.path"), Repeating::class.java.name,
        ).redirectErrorStream(true).start()
        val output = program.inputStream.bufferedReader().readText()
        assertTrue(program.waitFor(60, TimeUnit.SECONDS))
        assertEquals(0, program.exitValue(), output)
    }

    /** The program of a separate JVM, because the JDK reads the property once. */
    object Repeating {
        @JvmStatic
        fun main(args: Array<String>) = assertSentOnce(JavaHttpTransport())
    }

    private class BrokenProxies(private val thrown: RuntimeException) : ProxySelector() {
        override fun select(uri: URI): List<Proxy> = throw thrown
        override fun connectFailed(uri: URI, address: SocketAddress, error: IOException) = Unit
    }

    private class BrokenSockets(private val thrown: RuntimeException) : SSLSocketFactory() {
        override fun getDefaultCipherSuites(): Array<String> = arrayOf()
        override fun getSupportedCipherSuites(): Array<String> = arrayOf()
        override fun createSocket(): Socket = throw thrown
        override fun createSocket(socket: Socket?, host: String?, port: Int, autoClose: Boolean): Socket = throw thrown
        override fun createSocket(host: String?, port: Int): Socket = throw thrown
        override fun createSocket(host: String?, port: Int, localHost: InetAddress?, localPort: Int): Socket = throw thrown
        override fun createSocket(host: InetAddress?, port: Int): Socket = throw thrown
        override fun createSocket(host: InetAddress?, port: Int, localHost: InetAddress?, localPort: Int): Socket = throw thrown
    }

    private companion object {
        val TIME: Duration = Duration.ofSeconds(20)
        const val OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

        fun payment(url: String, body: String = "BODY") =
            HttpRequest(Method.POST, url, listOf(), body.toByteArray(), TIME, TIME, 1 shl 20)

        fun reading(url: String) = HttpRequest(Method.GET, url, listOf(), ByteArray(0), TIME, TIME, 1 shl 20)

        fun respond(socket: Socket, seen: (String) -> Unit) {
            seen(readRequest(socket.getInputStream()))
            socket.getOutputStream().write(OK.toByteArray())
        }

        /**
         * The connection stays open after the first request. Then the server closes it: while it is idle, or after reading the
         * second request without a response. An HTTP stack that repeats requests sends the second again on a new connection.
         */
        fun assertSentOnce(transport: Transport) {
            for (idle in listOf(true, false)) {
                val bodies = CopyOnWriteArrayList<String>()
                val closed = CountDownLatch(1)
                val server = RawServer { socket, number ->
                    respond(socket) { bodies += it }
                    if (number == 1 && !idle) bodies += readRequest(socket.getInputStream())
                    // Only the first connection breaks: the third payment must not break too.
                    if (number == 1) closed.countDown() else while (true) respond(socket) { bodies += it }
                }
                server.use {
                    assertEquals(200, transport.send(payment(it.url, "first")).status)
                    if (idle) closed.await(30, TimeUnit.SECONDS)
                    val result = runCatching { transport.send(payment(it.url, "second")) }
                    val failed = result.exceptionOrNull() as TransportFailedException?
                    // A repeated request would arrive before this one.
                    assertEquals(200, transport.send(payment(it.url, "third")).status)
                    assertEquals(if (failed == null || failed.mayHaveBeenSent && !idle) 1 else 0, bodies.count { body -> body == "second" }, "$bodies $failed")
                    if (!idle) assertSame(true, failed?.mayHaveBeenSent)
                }
            }
        }
    }
}
