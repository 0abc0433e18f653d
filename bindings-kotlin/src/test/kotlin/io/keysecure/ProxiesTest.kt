package io.keysecure

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

/** When a proxy fails before the tunnel is open, no part of the request was sent. */
class ProxiesTest {
    /** The transports of the library. */
    enum class Over(val make: (RawServer) -> Transport) {
        JAVA_HTTP({ JavaHttpTransport(proxy = ProxySelector.of(it.address)) }),
        URL_CONNECTION({ UrlConnectionTransport(Proxy(Proxy.Type.HTTP, it.address)) }),
    }

    /** How the proxy responds to CONNECT, and the faults that are allowed. */
    enum class Behavior(val fault: Set<TransportFault>, val reply: String?) {
        FORBIDDEN(PROXY, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
        REQUIRES_PASSWORD(
            PROXY,
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 2\r\n\r\nno",
        ),
        REQUIRES_UNKNOWN_SCHEME(PROXY, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
        BAD_GATEWAY(PROXY, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"),
        UNAVAILABLE(PROXY, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"),
        CLOSES(setOf(TransportFault.CLOSED, TransportFault.PROXY), ""),
        SENDS_SSH(setOf(TransportFault.PROTOCOL, TransportFault.PROXY), "SSH-2.0-OpenSSH_9.2\r\n"),
        STAYS_SILENT(setOf(TransportFault.TIMEOUT), null),
        CLOSES_TUNNEL(setOf(TransportFault.TLS, TransportFault.CLOSED), "HTTP/1.1 200 Connection established\r\n\r\n"),
        IS_NOT_TLS(setOf(TransportFault.TLS), "HTTP/1.1 200 Connection established\r\n\r\n220 mail.example ESMTP ready\r\n"),
        ;

        val tunnels: Boolean get() = reply.orEmpty().startsWith("HTTP/1.1 200")
    }

    private fun request(method: Method, timeout: Duration, startWithin: Duration? = null): HttpRequest {
        val body = if (method == Method.POST) "BODY".toByteArray() else ByteArray(0)
        return HttpRequest(method, "https://platform.test/", listOf(), body, timeout, timeout, 1 shl 20, startWithin)
    }

    @ParameterizedTest
    @MethodSource("cases")
    fun `a request that the proxy refuses is not sent`(over: Over, behavior: Behavior, method: Method) {
        val heads = CopyOnWriteArrayList<String>()
        val end = CountDownLatch(1)
        RawServer { socket, _ -> refuse(socket, behavior, heads, end) }.use { proxy ->
            val timeout = Duration.ofSeconds(if (behavior.reply == null) 1 else 20)
            val failed = assertThrows(TransportFailedException::class.java) {
                over.make(proxy).send(request(method, timeout))
            }
            assertTrue(failed.fault in behavior.fault, "$failed ${failed.cause}")
            // For a GET, only the error itself proves that it was not sent. In a tunnel, the JDK may request the body before the
            // TLS handshake is complete.
            val known = if (method == Method.POST) over == Over.URL_CONNECTION || !behavior.tunnels else behavior.fault == PROXY
            if (known) assertFalse(failed.mayHaveBeenSent, "$failed ${failed.cause}")
        }
        end.countDown()
        assertTrue(heads.isNotEmpty() && heads.all { it.startsWith("CONNECT platform.test:443 ") }, "$heads")
    }

    @Test
    fun `a silent proxy ends the request after its time to start`() {
        val end = CountDownLatch(1)
        RawServer { socket, _ -> refuse(socket, Behavior.STAYS_SILENT, CopyOnWriteArrayList(), end) }.use { proxy ->
            val failed = assertThrows(TransportFailedException::class.java) {
                // Without the limit, the test would take an hour.
                Over.JAVA_HTTP.make(proxy).send(request(Method.POST, Duration.ofHours(1), Duration.ofMillis(300)))
            }
            assertEquals(TransportFault.TIMEOUT to false, failed.fault to failed.mayHaveBeenSent)
        }
        end.countDown()
    }

    private fun refuse(socket: Socket, behavior: Behavior, heads: MutableList<String>, end: CountDownLatch) {
        heads += readHead(socket.getInputStream())
        if (behavior.reply == null) {
            end.await(30, TimeUnit.SECONDS)
            return
        }
        socket.getOutputStream().write(behavior.reply.toByteArray())
        // The client may send more first: do not reset the connection before it has read the reply.
        if (behavior.reply.isNotEmpty()) socket.shutdownOutput()
        socket.soTimeout = 5_000
        if (behavior.reply.isNotEmpty()) socket.getInputStream().readAllBytes()
    }

    private companion object {
        val PROXY = setOf(TransportFault.PROXY)

        @JvmStatic
        fun cases(): Stream<Arguments> = Over.entries.flatMap { over ->
            Behavior.entries.flatMap { behavior -> Method.entries.map { Arguments.of(over, behavior, it) } }
        }.stream()
    }
}
