package io.keysecure

import io.keysecure.ffi.HttpRequest
import io.keysecure.model.Method
import io.keysecure.model.TransportFault
import java.net.Proxy
import java.net.ProxySelector
import java.net.Socket
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.stream.Stream
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.Arguments
import org.junit.jupiter.params.provider.MethodSource

/** What a proxy does before a tunnel exists: nothing of the request has left, whatever it is. */
class ProxiesTest {
    /** The transports that come with the library. */
    enum class Over(val make: (RawServer) -> Transport) {
        JAVA_HTTP({ JavaHttpTransport(proxy = ProxySelector.of(it.address)) }),
        URL_CONNECTION({ UrlConnectionTransport(Proxy(Proxy.Type.HTTP, it.address)) }),
    }

    /** What the proxy does with CONNECT, and the fault that it is. */
    enum class Doing(val fault: Set<TransportFault>, val reply: String?) {
        FORBIDDEN(PROXY, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
        ASKS_FOR_PASSWORD(
            PROXY,
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 2\r\n\r\nno",
        ),
        ASKS_FOR_NOTHING(PROXY, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
        BAD_GATEWAY(PROXY, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"),
        UNAVAILABLE(PROXY, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"),
        CLOSES(setOf(TransportFault.CLOSED, TransportFault.PROXY), ""),
        SPEAKS_SSH(setOf(TransportFault.PROTOCOL, TransportFault.PROXY), "SSH-2.0-OpenSSH_9.2\r\n"),
        STAYS_SILENT(setOf(TransportFault.TIMEOUT), null),
        CLOSES_TUNNEL(setOf(TransportFault.TLS, TransportFault.CLOSED), "HTTP/1.1 200 Connection established\r\n\r\n"),
        IS_NO_TLS(setOf(TransportFault.TLS), "HTTP/1.1 200 Connection established\r\n\r\n220 mail.example ESMTP ready\r\n"),
        ;

        val tunnels: Boolean get() = reply.orEmpty().startsWith("HTTP/1.1 200")
    }

    private fun request(method: Method, timeout: Duration, startWithin: Duration? = null): HttpRequest {
        val body = if (method == Method.POST) "BODY".toByteArray() else ByteArray(0)
        return HttpRequest(method, "https://platform.test/", listOf(), body, timeout, timeout, 1 shl 20, startWithin)
    }

    @ParameterizedTest
    @MethodSource("cases")
    fun `a request that the proxy does not let through is not sent`(over: Over, doing: Doing, method: Method) {
        val heads = CopyOnWriteArrayList<String>()
        val end = CountDownLatch(1)
        RawServer { socket, _ -> refuse(socket, doing, heads, end) }.use { proxy ->
            val timeout = Duration.ofSeconds(if (doing.reply == null) 1 else 20)
            val failed = assertThrows(TransportFailedException::class.java) {
                over.make(proxy).send(request(method, timeout))
            }
            assertTrue(failed.fault in doing.fault, "$failed ${failed.cause}")
            // Of a GET it is known only where the failure itself says so. In a tunnel the JDK may ask for the body before TLS
            // is agreed on.
            val known = if (method == Method.POST) over == Over.URL_CONNECTION || !doing.tunnels else doing.fault == PROXY
            if (known) assertFalse(failed.sent, "$failed ${failed.cause}")
        }
        end.countDown()
        assertTrue(heads.isNotEmpty() && heads.all { it.startsWith("CONNECT platform.test:443 ") }, "$heads")
    }

    @Test
    fun `a proxy that stays silent is not waited for longer than a request may begin`() {
        val end = CountDownLatch(1)
        RawServer { socket, _ -> refuse(socket, Doing.STAYS_SILENT, CopyOnWriteArrayList(), end) }.use { proxy ->
            val failed = assertThrows(TransportFailedException::class.java) {
                // The test would take the hour.
                Over.JAVA_HTTP.make(proxy).send(request(Method.POST, Duration.ofHours(1), Duration.ofMillis(300)))
            }
            assertEquals(TransportFault.TIMEOUT to false, failed.fault to failed.sent)
        }
        end.countDown()
    }

    private fun refuse(socket: Socket, doing: Doing, heads: MutableList<String>, end: CountDownLatch) {
        heads += readHead(socket.getInputStream())
        if (doing.reply == null) {
            end.await(30, TimeUnit.SECONDS)
            return
        }
        socket.getOutputStream().write(doing.reply.toByteArray())
        // A client that has something to say may say it first: no reset before it has read the reply.
        if (doing.reply.isNotEmpty()) socket.shutdownOutput()
        socket.soTimeout = 5_000
        if (doing.reply.isNotEmpty()) socket.getInputStream().readAllBytes()
    }

    private companion object {
        val PROXY = setOf(TransportFault.PROXY)

        @JvmStatic
        fun cases(): Stream<Arguments> = Over.entries.flatMap { over ->
            Doing.entries.flatMap { doing -> Method.entries.map { Arguments.of(over, doing, it) } }
        }.stream()
    }
}
