package io.keysecure

import java.net.InetAddress
import java.net.Socket
import javax.net.ssl.SSLSocket
import javax.net.ssl.SSLSocketFactory

/** Creates sockets that use TLS 1.2 or later and verify the host name in the certificate. */
internal class StrictTls(private val inner: SSLSocketFactory) : SSLSocketFactory() {
    override fun getDefaultCipherSuites(): Array<String> = inner.defaultCipherSuites

    override fun getSupportedCipherSuites(): Array<String> = inner.supportedCipherSuites

    override fun createSocket(): Socket = strict(inner.createSocket())

    override fun createSocket(socket: Socket?, host: String?, port: Int, autoClose: Boolean): Socket =
        strict(inner.createSocket(socket, host, port, autoClose))

    override fun createSocket(host: String?, port: Int): Socket = strict(inner.createSocket(host, port))

    override fun createSocket(host: String?, port: Int, localHost: InetAddress?, localPort: Int): Socket =
        strict(inner.createSocket(host, port, localHost, localPort))

    override fun createSocket(host: InetAddress?, port: Int): Socket = strict(inner.createSocket(host, port))

    override fun createSocket(host: InetAddress?, port: Int, localHost: InetAddress?, localPort: Int): Socket =
        strict(inner.createSocket(host, port, localHost, localPort))

    private fun strict(socket: Socket): Socket {
        if (socket is SSLSocket) {
            socket.enabledProtocols = socket.supportedProtocols.filter { it in PROTOCOLS }.toTypedArray()
            socket.sslParameters = socket.sslParameters.apply { endpointIdentificationAlgorithm = "HTTPS" }
        }
        return socket
    }

    private companion object {
        val PROTOCOLS = setOf("TLSv1.2", "TLSv1.3")
    }
}
