package io.keysecure

import java.io.InputStream
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.net.Socket
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread

/** A server over raw sockets that calls [serve] with every connection and its number, from 1. */
class RawServer(private val serve: (Socket, Int) -> Unit) : AutoCloseable {
    private val socket = ServerSocket(0, 50, InetAddress.getLoopbackAddress())
    private val connections = AtomicInteger()

    val address = InetSocketAddress("127.0.0.1", socket.localPort)
    val url = "http://127.0.0.1:${socket.localPort}/"

    init {
        thread(isDaemon = true) {
            while (!socket.isClosed) {
                val connection = runCatching { socket.accept() }.getOrNull() ?: break
                thread(isDaemon = true) { runCatching { connection.use { serve(it, connections.incrementAndGet()) } } }
            }
        }
    }

    override fun close() = socket.close()
}

/** Reads the header of one HTTP request. */
fun readHead(input: InputStream): String {
    val head = StringBuilder()
    while (!head.endsWith("\r\n\r\n")) {
        val byte = input.read()
        check(byte >= 0) { "the connection ended within a header" }
        head.append(byte.toChar())
    }
    return head.toString()
}

/** Reads one complete HTTP request and returns its body. */
fun readRequest(input: InputStream): String {
    val length = Regex("(?i)\r\nContent-Length: *(\\d+)").find(readHead(input))?.groupValues?.get(1)?.toInt() ?: 0
    val body = input.readNBytes(length)
    check(body.size == length) { "the connection ended within a body" }
    return String(body)
}
