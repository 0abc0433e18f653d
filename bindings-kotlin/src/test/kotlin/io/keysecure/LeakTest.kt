package io.keysecure

import com.sun.jna.Memory
import java.io.File
import java.time.ZoneOffset
import java.time.ZonedDateTime
import java.time.format.DateTimeFormatter
import kotlin.math.abs
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledOnOs
import org.junit.jupiter.api.condition.OS

@EnabledOnOs(OS.LINUX) // it reads the memory of the process
class LeakTest {
    /** Responds in process, so that 100,000 calls take seconds. */
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
     * The anonymous memory of this process, in KiB: resident or swapped out, so that the kernel does not change it when it reclaims
     * pages. The whole JVM heap is touched at the start (`AlwaysPreTouch`), so only native memory changes it: that of the library
     * and JNA.
     */
    private fun anonymous(): Long {
        // JNA frees native memory after a garbage collection.
        repeat(5) {
            System.gc()
            Thread.sleep(100)
        }
        val lines = File("/proc/self/status").readLines().filter { it.startsWith("RssAnon:") || it.startsWith("VmSwap:") }
        return lines.sumOf { it.filter(Char::isDigit).toLong() }
    }

    /** The anonymous memory after other threads, such as those of the JIT compiler, have stopped changing it. */
    private fun settled(): Long {
        var last = anonymous()
        repeat(10) {
            val now = anonymous()
            if (abs(now - last) < 500) return now
            last = now
        }
        return last
    }

    /** The smallest growth of several runs: a leak grows every time, the JIT compiler and the allocator only sometimes. */
    private fun growth(limit: Long, work: () -> Unit): Long {
        var smallest = Long.MAX_VALUE
        repeat(4) {
            if (smallest < limit) return smallest
            val before = settled()
            work()
            smallest = minOf(smallest, settled() - before)
        }
        return smallest
    }

    @Test
    fun `the measurement detects memory that is kept`() {
        val kept = mutableListOf<Memory>()
        // What earlier tests left may be freed during a measurement, and hide the growth once.
        assertTrue((1..3).any { growth(8_000) { kept += Memory(16_000_000).apply { clear() } } > 12_000 })
        kept.forEach(Memory::close)
    }

    @Test
    fun `100000 calls do not grow the memory`() {
        val client = Client("key", "sixteen-letters!", transport = transport)
        var failed = 0
        var made = 0
        fun calls(count: Int) = repeat(count) { turn ->
            if (turn % 10 == 0) {
                // Errors are converted too.
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
        // A leak of 100 bytes per call would be 10 MB.
        val left = growth(8_000) { calls(100_000) }
        assertEquals(made / 10, failed)
        assertTrue(left < 8_000, "100,000 calls added $left KiB")
        println("LeakTest: $left KiB more after 100,000 calls")
    }

    @Test
    fun `native objects are freed with their owners`() {
        fun clients(count: Int) = repeat(count) {
            Client("key", "sixteen-letters!", transport = transport).use { it.cards().get("c1") }
            if (it % 500 == 0) System.gc()
        }
        clients(3_000)
        val left = growth(12_000) { clients(3_000) }
        assertTrue(left < 12_000, "3,000 clients added $left KiB")
        println("LeakTest: $left KiB more after 3,000 clients")
    }
}
