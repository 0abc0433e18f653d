package io.keysecure.relay

import io.keysecure.Header
import io.keysecure.Warnings
import io.keysecure.described
import java.io.ByteArrayOutputStream
import java.io.InputStream
import java.util.logging.Level

/** Reads the bodies of requests. One that cannot be read becomes one that the relay refuses for the same reason. */
internal class Bodies(val max: Int, private val nanos: Long = 10_000_000_000) {
    fun read(headers: List<Header>, body: InputStream): ByteArray {
        if (isTooLarge(headers)) return tooLarge()
        val bytes = try {
            readAtMost(body)
        } catch (error: Exception) {
            return unread("reading it threw ${described(error)}")
        }
        return checked(headers, bytes)
    }

    /** The body, if all of it has arrived. */
    fun checked(headers: List<Header>, bytes: ByteArray?): ByteArray {
        val declared = declared(headers)
        return when {
            bytes == null -> unread("it did not arrive within 10 seconds")
            declared != null && bytes.size < declared -> unread("it ends after ${bytes.size} of $declared bytes")
            else -> bytes
        }
    }

    private fun readAtMost(body: InputStream): ByteArray? {
        val end = System.nanoTime() + nanos
        val bytes = ByteArrayOutputStream()
        val part = ByteArray(8 * 1024)
        while (bytes.size() <= max) {
            val count = body.read(part, 0, minOf(part.size, max + 1 - bytes.size()))
            if (count < 0) break
            bytes.write(part, 0, count)
            // A server limits the time of each read at most: a byte at a time would keep its thread for hours.
            if (System.nanoTime() - end > 0) return null
        }
        return bytes.toByteArray()
    }

    private fun declared(headers: List<Header>): Long? =
        headers.firstOrNull { it.name.equals("Content-Length", ignoreCase = true) }?.value?.trim()?.toLongOrNull()

    /** Whether a body says that it is larger than the relay reads. */
    fun isTooLarge(headers: List<Header>): Boolean = declared(headers).let { it != null && it > max }

    fun tooLarge() = ByteArray(max + 1)

    private fun unread(reason: String): ByteArray {
        Warnings.log(Level.WARNING, "relay: the body of a request cannot be read: $reason")
        return ByteArray(0)
    }
}
