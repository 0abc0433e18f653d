package io.keysecure

import io.keysecure.model.TransportFault
import java.io.IOException
import java.net.ConnectException
import java.net.NoRouteToHostException
import java.net.ProtocolException
import java.net.SocketTimeoutException
import java.net.UnknownHostException
import javax.net.ssl.SSLHandshakeException

internal class TooLarge : IOException("the answer is larger than it may be")

/**
 * What an exception of the JVM's network means. Only what happens before a connection stands is certain not to have sent
 * anything.
 */
internal fun failure(error: Throwable): TransportFailedException {
    val chain = generateSequence(error) { it.cause }.take(8).toList()
    val (fault, sent) = chain.firstNotNullOfOrNull(::meaning) ?: when (error) {
        is IOException -> TransportFault.CLOSED to true
        else -> TransportFault.OTHER to true
    }
    return TransportFailedException(fault, sent, error)
}

private fun meaning(error: Throwable): Pair<TransportFault, Boolean>? = when (error) {
    is TooLarge -> TransportFault.TOO_LARGE to true
    is UnknownHostException -> TransportFault.DNS to false
    is ConnectException, is NoRouteToHostException -> TransportFault.CONNECT to false
    is SSLHandshakeException -> TransportFault.TLS to false
    is SocketTimeoutException -> TransportFault.TIMEOUT to !error.message.orEmpty().startsWith("Connect", ignoreCase = true)
    is ProtocolException -> TransportFault.PROTOCOL to true
    else -> null
}
