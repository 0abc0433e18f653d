package shop

import io.keysecure.relay.Relay
import io.keysecure.relay.asFlow
import io.keysecure.relay.awaitResponse
import io.ktor.http.ContentType
import io.ktor.http.HttpHeaders
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
import io.ktor.util.toMap
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
                // `uri` is what the app sent: parameters of a route would be decoded.
                val response = relay.awaitResponse(call.request.httpMethod.value, call.request.uri, call.request.headers.toMap(), call) { max ->
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
                        call.respondBytes(response.body, contentType, status)
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
