package io.keysecure

import io.keysecure.model.TransportFault
import java.io.EOFException
import java.io.IOException
import java.net.BindException
import java.net.ConnectException
import java.net.NoRouteToHostException
import java.net.ProtocolException
import java.net.SocketException
import java.net.SocketTimeoutException
import java.net.UnknownHostException
import java.nio.channels.UnresolvedAddressException
import java.security.GeneralSecurityException
import javax.net.ssl.SSLException
import javax.net.ssl.SSLHandshakeException

/** A response exceeds its limit. */
internal class TooLarge : IOException("the response is larger than it may be")

/** A proxy refused to open a tunnel. */
internal class ProxyRefused(text: String) : IOException(text)

/** The error and its causes, at most eight. */
internal fun causes(error: Throwable): List<Throwable> = generateSequence(error) { it.cause }.take(8).toList()

/** Classifies an exception. Whether the request was sent is decided by [SendGate]. */
internal fun fault(error: Throwable): TransportFault {
    val causes = causes(error)
    return when {
        causes.any { it is TooLarge } -> TransportFault.TOO_LARGE
        causes.any(::isFromProxy) -> TransportFault.PROXY
        causes.any { it is UnknownHostException || it is UnresolvedAddressException } -> TransportFault.DNS
        isTls(causes) -> TransportFault.TLS
        causes.any { it is SocketTimeoutException } -> TransportFault.TIMEOUT
        causes.any(::isConnecting) -> TransportFault.CONNECT
        // HttpURLConnection of the JDK throws NoSuchElementException for an invalid status line.
        causes.any { it is ProtocolException || it is NoSuchElementException } -> TransportFault.PROTOCOL
        causes.any { it is IOException } -> TransportFault.CLOSED
        else -> TransportFault.OTHER
    }
}

/** Whether the error proves that the request was not sent. For a request without a body there is no other proof. */
internal fun precedesRequest(error: Throwable): Boolean = when (fault(error)) {
    TransportFault.PROXY, TransportFault.DNS, TransportFault.CONNECT -> true
    // This side rejected the certificate. The server may reject ours after it has read the request.
    TransportFault.TLS -> causes(error).any { it is GeneralSecurityException }
    else -> false
}

private fun isConnecting(error: Throwable): Boolean =
    error is ConnectException || error is NoRouteToHostException || error is BindException

/** Whether TLS failed. A connection that breaks after the handshake is an [SSLException] too, but not a TLS failure. */
private fun isTls(causes: List<Throwable>): Boolean =
    causes.any { it is SSLHandshakeException || it is GeneralSecurityException || isWrongName(it) } ||
        causes.any { it is SSLException } && causes.none { it is SocketException || it is SocketTimeoutException || it is EOFException }

private fun isWrongName(error: Throwable): Boolean = error.message.orEmpty().startsWith("HTTPS hostname wrong")

/** Whether a proxy failed. The JDK and Android have no exception class for it: only the message tells. */
private fun isFromProxy(error: Throwable): Boolean =
    error is ProxyRefused || error is IOException && PROXY_MESSAGES.any { error.message.orEmpty().startsWith(it) }

private val PROXY_MESSAGES = listOf(
    "Tunnel failed", // java.net.http
    "Unable to tunnel through proxy", "cannot retry due to proxy authentication", // HttpURLConnection of the JDK
    "Unexpected response code for CONNECT", "Failed to authenticate with proxy", // HttpURLConnection of Android
)
