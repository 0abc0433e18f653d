package io.keysecure

import java.time.Duration
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

class ClocksTest {
    @ParameterizedTest
    @ValueSource(longs = [-30, -7, -1, 1, 7, 30])
    fun `a clock that is wrong by hours works, from the start and in mid session`(hours: Long) {
        fun turn(sandbox: Sandbox) {
            val by = Duration.ofHours(hours).abs()
            if (hours > 0) sandbox.advance(by) else sandbox.rewind(by)
        }
        Stage().use { stage ->
            turn(stage.sandbox)
            val client = stage.builder().build()
            client.accounts().transfer(stage.transfer("from-the-start"))
            turn(stage.sandbox)
            client.accounts().transfer(stage.transfer("in-mid-session"))
            assertEquals(2, stage.sandbox.transfers().size)
            assertTrue(stage.sandbox.requestsTo("accounts.transfer") <= 4)
        }
    }
}
