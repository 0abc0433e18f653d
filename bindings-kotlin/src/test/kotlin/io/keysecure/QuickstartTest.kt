package io.keysecure

import java.io.ByteArrayOutputStream
import java.io.PrintStream
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class QuickstartTest {
    @Test
    fun `the quickstart runs to the end`() {
        val bytes = ByteArrayOutputStream()
        val out = System.out
        System.setOut(PrintStream(bytes, true))
        try {
            main()
        } finally {
            System.setOut(out)
        }
        val output = bytes.toString()
        println(output)
        val lines = listOf(
            "After the identity check: Approved.", "A weak PIN is not sent", "Frozen: the card is Frozen.",
            "Unfrozen: the card is Activated.", "Transferred 250.00 TUSDT: balance 0.00 -> 250.00.", "4 consumptions, 30.00 settled.",
            "1 transfer, in total 250.00.", "2 cards were issued.",
        )
        for (line in lines) assertTrue(line in output, "no $line in\n$output")
        assertFalse("739251" in output, "the PIN was printed")
    }
}
