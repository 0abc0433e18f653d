package io.keysecure

import io.keysecure.model.Method
import io.keysecure.model.TransportFault
import java.io.InputStream
import java.io.OutputStream
import java.net.InetAddress
import java.net.Proxy
import java.nio.file.Path
import java.security.KeyStore
import java.time.Duration
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import javax.net.ssl.HostnameVerifier
import javax.net.ssl.HttpsURLConnection
import javax.net.ssl.KeyManagerFactory
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLServerSocket
import javax.net.ssl.SSLSocket
import javax.net.ssl.TrustManagerFactory
import kotlin.concurrent.thread
import kotlin.io.path.div
import kotlin.io.path.inputStream
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.EnumSource

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TlsTest {
    /** The transports of the library, trusting the servers of this test. */
    enum class Over(val make: (SSLContext) -> Transport) {
        JAVA_HTTP({ JavaHttpTransport(sslContext = it) }),
        URL_CONNECTION({ UrlConnectionTransport(Proxy.NO_PROXY, it.socketFactory) }),
    }

    private lateinit var keys: KeyStore
    private lateinit var tls: SSLContext

    @BeforeAll
    fun makeKeys(@TempDir folder: Path) {
        // A temporary key, made with the JDK's keytool.
        val command = "keytool -genkeypair -alias server -keyalg EC -dname CN=localhost -ext san=dns:localhost -storetype PKCS12" +
            " -storepass changeit -keystore ${folder / "keys.p12"}"
        val tool = ProcessBuilder((Path.of(System.getProperty("java.home")) / "bin").toString() + "/" + command.substringBefore(' '))
        tool.command().addAll(command.split(' ').drop(1))
        val made = tool.redirectErrorStream(true).start()
        assertTrue(made.waitFor(60, TimeUnit.SECONDS) && made.exitValue() == 0)
        keys = KeyStore.getInstance("PKCS12").apply { (folder / "keys.p12").inputStream().use { load(it, PASSWORD) } }
        val owns = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm()).apply { init(keys, PASSWORD) }
        val trusts = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm()).apply { init(keys) }
        tls = SSLContext.getInstance("TLS").apply { init(owns.keyManagers, trusts.trustManagers, null) }
    }

    /** Starts a server with TLS 1.2 that calls [serve] with every connection. */
    private fun serving(serve: (SSLSocket, InputStream, OutputStream) -> Unit): SSLServerSocket {
        val server = tls.serverSocketFactory.createServerSocket(0, 50, InetAddress.getLoopbackAddress()) as SSLServerSocket
        server.enabledProtocols = arrayOf("TLSv1.2")
        thread(isDaemon = true) {
            while (!server.isClosed) {
                val socket = runCatching { server.accept() as SSLSocket }.getOrNull() ?: break
                thread(isDaemon = true) { runCatching { socket.use { serve(it, it.inputStream, it.outputStream) } } }
            }
        }
        return server
    }

    private fun payment(server: SSLServerSocket, name: String = "localhost"): HttpRequest {
        val time = Duration.ofSeconds(20)
        return HttpRequest(Method.POST, "https://$name:${server.localPort}/", listOf(), "BODY".toByteArray(), time, time, 1 shl 20)
    }

    private fun readBody(input: InputStream) {
        val bytes = ByteArray(65_536)
        var text = ""
        while ("BODY" !in text) text += String(bytes, 0, input.read(bytes).also { check(it >= 0) })
    }

    @ParameterizedTest
    @EnumSource
    fun `a TLS failure after the request was sent is not a not-sent error`(over: Over) {
        val acted = AtomicInteger()
        serving { socket, input, _ ->
            readBody(input)
            acted.incrementAndGet()
            // Like a gateway that requires a client certificate for some paths.
            socket.needClientAuth = true
            socket.startHandshake()
            input.read()
        }.use { server ->
            // The client trusts this server but has no certificate to show.
            val trusts = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm()).apply { init(keys) }
            val client = SSLContext.getInstance("TLS").apply { init(null, trusts.trustManagers, null) }
            val failed = assertThrows(TransportFailedException::class.java) { over.make(client).send(payment(server)) }
            assertTrue(failed.mayHaveBeenSent, "$failed")
            assertEquals(1, acted.get())
        }
    }

    @ParameterizedTest
    @EnumSource
    fun `an untrusted certificate or another host name means not sent`(over: Over) {
        val acted = AtomicInteger()
        serving { _, input, _ ->
            readBody(input)
            acted.incrementAndGet()
        }.use { server ->
            for ((context, name) in listOf(SSLContext.getDefault() to "localhost", tls to "127.0.0.1")) {
                val failed = assertThrows(TransportFailedException::class.java) { over.make(context).send(payment(server, name)) }
                assertEquals(TransportFault.TLS to false, failed.fault to failed.mayHaveBeenSent)
            }
            assertEquals(0, acted.get())
        }
    }

    @Test
    fun `process-wide TLS settings of an app do not weaken the library`() {
        val before = HttpsURLConnection.getDefaultSSLSocketFactory() to HttpsURLConnection.getDefaultHostnameVerifier()
        HttpsURLConnection.setDefaultSSLSocketFactory(tls.socketFactory)
        HttpsURLConnection.setDefaultHostnameVerifier(HostnameVerifier { _, _ -> true })
        try {
            serving { _, input, _ -> readBody(input) }.use { server ->
                for (transport in listOf(UrlConnectionTransport(), Over.URL_CONNECTION.make(tls))) {
                    val failed = assertThrows(TransportFailedException::class.java) {
                        transport.send(payment(server, "127.0.0.1"))
                    }
                    assertEquals(TransportFault.TLS to false, failed.fault to failed.mayHaveBeenSent)
                }
            }
        } finally {
            HttpsURLConnection.setDefaultSSLSocketFactory(before.first)
            HttpsURLConnection.setDefaultHostnameVerifier(before.second)
        }
    }

    private companion object {
        val PASSWORD = "changeit".toCharArray()
    }
}
