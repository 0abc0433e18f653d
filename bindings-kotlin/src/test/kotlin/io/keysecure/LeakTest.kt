package io.keysecure

import com.sun.jna.Memory
import io.keysecure.ffi.HttpResponse
import java.io.File
import java.time.ZoneOffset
import java.time.ZonedDateTime
import java.time.format.DateTimeFormatter
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class LeakTest {
    /** Answers from memory, so that 100,000 calls take seconds. */
    private val transport = Transport { request ->
        val date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC))
        val data = if ("token" in request.url) {
            """{"access_token":"t","expired_time":${System.currentTimeMillis() + 86_400_000}}"""
        } else {
            """{"card_no":"c1","status":"Activated","time":1763800000000,"new_field":{"a":1.50}}"""
        }
        HttpResponse(200, """{"code":0,"msg":"","data":$data}""".toByteArray(), date)
    }

    /**
     * The memory of this process that is in RAM, in KiB. The JVM's heap is all in RAM from its start (`AlwaysPreTouch`), so that
     * only what is outside of it makes a difference: what the library and JNA hold.
     */
    private fun resident(): Long {
        // Small memories of JNA are freed behind the garbage collector.
        repeat(5) {
            System.gc()
            Thread.sleep(100)
        }
        val line = File("/proc/self/status").readLines().first { it.startsWith("VmRSS:") }
        return line.filter(Char::isDigit).toLong()
    }

    /** What a leak leaves behind every time; the JVM's compiler and the allocator take something now and then only. */
    private fun growth(limit: Long, work: () -> Unit): Long {
        var least = Long.MAX_VALUE
        repeat(4) {
            if (least < limit) return least
            val before = resident()
            work()
            least = minOf(least, resident() - before)
        }
        return least
    }

    @Test
    fun `the measure sees what is kept`() {
        val kept = mutableListOf<Memory>()
        assertTrue(growth(8_000) { kept += Memory(16_000_000).apply { clear() } } > 12_000)
        kept.forEach(Memory::close)
    }

    @Test
    fun `100000 calls leave memory flat`() {
        val client = Client("key", "sixteen-letters!", transport = transport)
        var failed = 0
        var made = 0
        fun calls(count: Int) = repeat(count) { turn ->
            if (turn % 10 == 0) {
                // Errors, texts and objects cross too.
                try {
                    client.cards().setPin("c", "h", "111111")
                } catch (_: KeySecureException.InvalidInput) {
                    failed += 1
                }
            } else {
                assertEquals("c1", client.cards().get("c1").cardNo)
            }
            made += 1
        }
        calls(40_000)
        // A leak of one small object of 100 bytes for each call would be 10 MB.
        val left = growth(8_000) { calls(100_000) }
        assertEquals(made / 10, failed)
        assertTrue(left < 8_000, "100,000 calls leave $left KiB behind")
        println("LeakTest: $left KiB more after 100,000 calls")
    }

    @Test
    fun `objects of the library are freed with their owners`() {
        fun clients(count: Int) = repeat(count) {
            Client("key", "sixteen-letters!", transport = transport).use { it.cards().get("c1") }
            if (it % 500 == 0) System.gc()
        }
        clients(3_000)
        val left = growth(12_000) { clients(3_000) }
        assertTrue(left < 12_000, "3,000 clients leave $left KiB behind")
        println("LeakTest: $left KiB more after 3,000 clients")
    }
}
