package io.keysecure

import java.net.InetAddress
import java.net.ServerSocket
import kotlin.concurrent.thread

/** A server that sends its response one byte at a time, for a minute. */
class SlowServer : AutoCloseable {
    private val socket = ServerSocket(0, 8, InetAddress.getLoopbackAddress())

    val url = "http://127.0.0.1:${socket.localPort}"

    init {
        thread(isDaemon = true) {
            while (!socket.isClosed) {
                val connection = runCatching { socket.accept() }.getOrNull() ?: break
                thread(isDaemon = true) { runCatching { connection.use { respond(it.getOutputStream()) } } }
            }
        }
    }

    private fun respond(out: java.io.OutputStream) {
        out.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".toByteArray())
        repeat(600) {
            out.write(' '.code)
            out.flush()
            Thread.sleep(100)
        }
    }

    override fun close() {
        socket.close()
    }
}
