package io.keysecure

import java.time.Duration
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

class ClocksTest {
    @ParameterizedTest
    @ValueSource(longs = [-30, -7, -1, 1, 7, 30])
    fun `a clock that is wrong by hours works from the start and later on`(hours: Long) {
        fun shiftClock(sandbox: Sandbox) {
            val by = Duration.ofHours(hours).abs()
            if (hours > 0) sandbox.advance(by) else sandbox.rewind(by)
        }
        TestEnv().use { env ->
            shiftClock(env.sandbox)
            val client = env.builder().build()
            client.accounts().transfer(env.transfer("from-the-start"))
            shiftClock(env.sandbox)
            client.accounts().transfer(env.transfer("later-on"))
            assertEquals(2, env.sandbox.transfers().size)
            assertTrue(env.sandbox.requestsTo("accounts.transfer") <= 4)
        }
    }
}
