package io.keysecure

import java.net.Socket
import java.util.concurrent.CopyOnWriteArrayList

/** A relay over raw sockets that responds with [respond], and records its requests. */
class MockRelay(private val respond: (Request) -> Response) : AutoCloseable {
    /** @property number the number of the request, from 1. */
    class Request(val number: Int, private val head: String, val body: String) {
        /** `POST /v1/cards.get`. */
        val line: String get() = head.substringBefore(" HTTP/")

        val operation: String get() = line.substringAfterLast('/')

        fun header(name: String): String? = Regex("(?i)\r\n$name: *([^\r]*)").find(head)?.groupValues?.get(1)
    }

    /** @property status `null`: the connection breaks instead. */
    class Response(val status: Int?, val body: String = "", val type: String = "application/json")

    val requests = CopyOnWriteArrayList<Request>()
    private val server = RawServer { socket, _ -> serve(socket) }
    val url = server.url + "app"

    private fun serve(socket: Socket) {
        while (true) {
            val head = readHead(socket.getInputStream())
            val length = Regex("(?i)\r\nContent-Length: *(\\d+)").find(head)?.groupValues?.get(1)?.toInt() ?: 0
            val request = Request(requests.size + 1, head, String(socket.getInputStream().readNBytes(length)))
            requests += request
            val response = respond(request)
            val status = response.status ?: return
            val body = response.body.toByteArray()
            val answer = "HTTP/1.1 $status Relay\r\nContent-Type: ${response.type}\r\nContent-Length: ${body.size}\r\n\r\n"
            socket.getOutputStream().write(answer.toByteArray() + body)
        }
    }

    override fun close() = server.close()

    companion object {
        const val CARD = """{"card_no":"c1","cardholder_no":"1001","status":"Activated"}"""
        const val TRANSFER = """{"transfer_no":"t1","transfer_unique_no":"tap-1"}"""
        const val ENSURED = """{"value":$TRANSFER,"created":true}"""

        fun data(json: String) = Response(200, """{"code":0,"data":$json}""")

        fun refusal(status: Int, kind: String, outcome: String) =
            Response(status, """{"code":1,"error":{"kind":"$kind","outcome":"$outcome","text":"why"}}""")

        fun page(status: Int) = Response(status, "<html>", "text/html")

        val broken = Response(null)

        val unauthorized = refusal(401, "authentication", "rejected")
    }
}
