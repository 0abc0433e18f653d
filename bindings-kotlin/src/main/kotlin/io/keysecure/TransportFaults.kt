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

internal class TooLarge : IOException("the response is larger than it may be")

/** A proxy that makes no tunnel. */
internal class ProxyRefused(text: String) : IOException(text)

/** An error and its causes. */
internal fun causes(error: Throwable): List<Throwable> = generateSequence(error) { it.cause }.take(8).toList()

/** What an exception means. Whether the request was sent is another question: see [Departure]. */
internal fun fault(error: Throwable): TransportFault {
    val causes = causes(error)
    return when {
        causes.any { it is TooLarge } -> TransportFault.TOO_LARGE
        causes.any(::isProxys) -> TransportFault.PROXY
        causes.any { it is UnknownHostException || it is UnresolvedAddressException } -> TransportFault.DNS
        isTls(causes) -> TransportFault.TLS
        causes.any { it is SocketTimeoutException } -> TransportFault.TIMEOUT
        causes.any(::isConnecting) -> TransportFault.CONNECT
        // The latter is how the JDK's HttpURLConnection fails at a status line that is none.
        causes.any { it is ProtocolException || it is NoSuchElementException } -> TransportFault.PROTOCOL
        causes.any { it is IOException } -> TransportFault.CLOSED
        else -> TransportFault.OTHER
    }
}

/** Whether an error says by itself that it came before the request: of a request without a body there is no other proof. */
internal fun precedesRequest(error: Throwable): Boolean = when (fault(error)) {
    TransportFault.PROXY, TransportFault.DNS, TransportFault.CONNECT -> true
    // A certificate that this side does not take. The other side may refuse ours after it has read the request.
    TransportFault.TLS -> causes(error).any { it is GeneralSecurityException }
    else -> false
}

private fun isConnecting(error: Throwable): Boolean =
    error is ConnectException || error is NoRouteToHostException || error is BindException

/** A connection that breaks inside TLS is an [SSLException] too, unless it breaks in the handshake. */
private fun isTls(causes: List<Throwable>): Boolean =
    causes.any { it is SSLHandshakeException || it is GeneralSecurityException || isWrongName(it) } ||
        causes.any { it is SSLException } && causes.none { it is SocketException || it is SocketTimeoutException || it is EOFException }

private fun isWrongName(error: Throwable): Boolean = error.message.orEmpty().startsWith("HTTPS hostname wrong")

/** The JDK's and Android's words have no class of their own. */
private fun isProxys(error: Throwable): Boolean =
    error is ProxyRefused || error is IOException && PROXYS.any { error.message.orEmpty().startsWith(it) }

private val PROXYS = listOf(
    "Tunnel failed", // java.net.http
    "Unable to tunnel through proxy", "cannot retry due to proxy authentication", // HttpURLConnection of the JDK
    "Unexpected response code for CONNECT", "Failed to authenticate with proxy", // HttpURLConnection of Android
)
