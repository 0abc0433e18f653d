package io.keysecure

import java.io.ByteArrayOutputStream
import java.io.PrintStream
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class QuickstartTest {
    @Test
    fun `the example tells the whole story`() {
        val told = ByteArrayOutputStream()
        val out = System.out
        System.setOut(PrintStream(told, true))
        try {
            main()
        } finally {
            System.setOut(out)
        }
        val story = told.toString()
        println(story)
        for (line in listOf("== The books ==", "Moved 250.00 TUSDT in", "A weak one never leaves", "2 cards were issued.")) {
            assertTrue(line in story, story)
        }
    }
}
