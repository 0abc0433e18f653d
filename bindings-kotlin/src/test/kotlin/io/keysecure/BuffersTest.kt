package io.keysecure

import io.keysecure.internal.ffi.FfiConverterTypeHttpResponse
import io.keysecure.internal.ffi.RustBuffer
import io.keysecure.internal.ffi.UniffiCall
import java.nio.ByteBuffer
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test

/** Wrong lengths in what passes between Kotlin and the library: they end in an exception, never in memory of something else. */
class BuffersTest {
    @Test
    fun `a buffer that is longer than its memory is not read`() {
        val buffer = RustBuffer.alloc(4UL)
        try {
            for (length in listOf(5L, 1L shl 32, Long.MAX_VALUE, -1L, Long.MIN_VALUE)) {
                buffer.len = length
                assertThrows(IllegalStateException::class.java, { buffer.bytes() }, "$length")
            }
        } finally {
            buffer.len = 4
            assertArrayEquals(ByteArray(4), buffer.bytes())
            RustBuffer.free(buffer)
        }
    }

    @Test
    fun `a record that ends early is not read`() {
        val response = HttpResponse(200, byteArrayOf(1, 2), null, "1", "text/plain", null)
        val record = ByteBuffer.allocate(FfiConverterTypeHttpResponse.allocationSize(response).toInt())
        FfiConverterTypeHttpResponse.write(response, record)
        val bytes = record.array().copyOf(record.position())
        assertEquals("text/plain", FfiConverterTypeHttpResponse.read(ByteBuffer.wrap(bytes)).contentType)
        for (end in bytes.indices) {
            assertThrows(RuntimeException::class.java, { FfiConverterTypeHttpResponse.read(ByteBuffer.wrap(bytes, 0, end)) }, "$end")
        }
        for (length in listOf(bytes.size, -1)) {
            val wrong = bytes.clone()
            ByteBuffer.wrap(wrong).putInt(4, length)
            assertThrows(RuntimeException::class.java, { FfiConverterTypeHttpResponse.read(ByteBuffer.wrap(wrong)) }, "$length")
        }
    }

    @Test
    fun `a call does not write beside its memory`() {
        val call = UniffiCall()
        call.begin()
        assertThrows(IndexOutOfBoundsException::class.java) { repeat(1000) { call.add(1L) } }
        assertThrows(IndexOutOfBoundsException::class.java) { call.long(1000) }
        assertThrows(IndexOutOfBoundsException::class.java) { call.long(-1) }
        assertThrows(IndexOutOfBoundsException::class.java) { call.result(4) }
    }
}
