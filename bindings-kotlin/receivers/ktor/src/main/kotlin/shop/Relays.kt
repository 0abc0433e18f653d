package shop

import io.keysecure.relay.Relay
import io.keysecure.relay.asFlow
import io.keysecure.relay.awaitResponse
import io.ktor.http.ContentType
import io.ktor.http.HttpHeaders
import io.ktor.http.HttpMethod
import io.ktor.http.HttpStatusCode
import io.ktor.server.application.Application
import io.ktor.server.request.httpMethod
import io.ktor.server.request.receiveChannel
import io.ktor.server.request.uri
import io.ktor.server.response.header
import io.ktor.server.response.respondBytes
import io.ktor.server.response.respondTextWriter
import io.ktor.server.routing.route
import io.ktor.server.routing.routing
import io.ktor.utils.io.readRemaining
import kotlinx.io.readByteArray

/**
 * Serves the relay of apps, for all methods and paths below its mount.
 *
 * @param relay mounted at `/keysecure`.
 */
fun Application.relay(relay: Relay) {
    routing {
        route("/keysecure/{...}") {
            handle {
                // Not `toMap()`, which keeps one of two headers with the same name in some engines.
                val headers = call.request.headers.names().associateWith { call.request.headers.getAll(it).orEmpty() }
                // `uri` is what the app sent: parameters of a route would be decoded.
                val response = relay.awaitResponse(call.request.httpMethod.value, call.request.uri, headers, call) { max ->
                    call.receiveChannel().readRemaining(max.toLong()).readByteArray()
                }
                response.use {
                    for ((name, value) in response.headers) {
                        if (name != HttpHeaders.ContentType) call.response.header(name, value)
                    }
                    val status = HttpStatusCode.fromValue(response.status)
                    val contentType = ContentType.parse(response.headers.getValue(HttpHeaders.ContentType))
                    val events = response.events
                    if (events == null) {
                        // Ktor would write the body of a response to HEAD, too.
                        val body = if (call.request.httpMethod == HttpMethod.Head) ByteArray(0) else response.body
                        call.respondBytes(body, contentType, status)
                    } else {
                        call.respondTextWriter(contentType, status) {
                            events.asFlow().collect { chunk ->
                                write(chunk)
                                flush()
                            }
                        }
                    }
                }
            }
        }
    }
}
