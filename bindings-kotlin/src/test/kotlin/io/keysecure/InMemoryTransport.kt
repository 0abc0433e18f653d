package io.keysecure

import java.time.Instant
import java.time.ZoneOffset
import java.time.ZonedDateTime
import java.time.format.DateTimeFormatter
import java.util.concurrent.CopyOnWriteArrayList

/** Responds in process with the `data` of a function, and to token requests with a token. Records the request bodies. */
class InMemoryTransport(private val data: (HttpRequest) -> String) : Transport {
    val bodies = CopyOnWriteArrayList<String>()

    override fun send(request: HttpRequest): HttpResponse {
        val isToken = request.url.endsWith("/v1/merchant/token")
        val tomorrow = Instant.now().toEpochMilli() + 86_400_000
        val data = if (isToken) """{"access_token":"in-memory","expired_time":$tomorrow}""" else data(request)
        if (!isToken) bodies += String(request.body)
        val date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC))
        return HttpResponse(200, """{"code":0,"msg":"","data":$data}""".toByteArray(), date)
    }

    fun client(): Client = Client.builder("key", "sixteen-letters!").transport(this).build()
}
