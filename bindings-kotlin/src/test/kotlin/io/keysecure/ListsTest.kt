package io.keysecure

import io.keysecure.model.ListCards
import io.keysecure.model.When
import java.time.Duration
import java.time.Instant
import java.time.ZoneId
import java.util.stream.Collectors
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ListsTest {
    /** Cards created in even steps over the last days. */
    private fun seeded(stage: Stage, count: Int, over: Duration): Pair<Instant, Instant> {
        val end = stage.sandbox.now()
        val start = end - over
        val step = over.toMillis() / count
        val times = (0 until count).map { start.toEpochMilli() + it * step }
        stage.sandbox.control("POST /seed/cards", "cardholder_no" to stage.cardholderNo, "times_ms" to times)
        return start to end
    }

    @Test
    fun `a list over many windows gives each row once`() = Stage().use { stage ->
        val (start, end) = seeded(stage, 730, Duration.ofDays(200))
        val numbers = stage.client.cards().list(start, end).map { it.cardNo }.toList()
        assertEquals(730, numbers.size)
        assertEquals(730, numbers.toSet().size)
    }

    @Test
    fun `rows are fetched only when they are asked for`() = Stage().use { stage ->
        val (start, end) = seeded(stage, 250, Duration.ofDays(10))
        val rows = stage.client.cards().list(start, end, cardholderNo = stage.cardholderNo)
        assertEquals(0, stage.sandbox.requestsTo("cards.list"))
        assertEquals(100, rows.take(100).count())
        assertEquals(1, stage.sandbox.requestsTo("cards.list"))
        assertEquals(101, rows.take(101).count())
        assertEquals(3, stage.sandbox.requestsTo("cards.list"))
    }

    @Test
    fun `a list may be gone through again, as a sequence, an iterable and a stream`() = Stage().use { stage ->
        val (start, end) = seeded(stage, 120, Duration.ofDays(5))
        val rows = stage.client.cards().list(start, end)
        val first = rows.map { it.cardNo }.toList()
        assertEquals(120, first.size)
        assertEquals(first, rows.iterable().map { it.cardNo })
        assertEquals(first, rows.stream().map { it.cardNo }.collect(Collectors.toList()))
    }

    @Test
    fun `whole days are those of the client's zone`() = Stage().use { stage ->
        seeded(stage, 10, Duration.ofHours(1))
        val today = stage.sandbox.now().atZone(ZoneId.of("UTC+8")).toLocalDate()
        assertEquals(10, stage.client.cards().list(today.minusDays(1), today).count())
    }

    @Test
    fun `a wrong window is told where it is given`() = Stage().use { stage ->
        val now = Instant.now()
        val error = assertThrows(KeySecureException.InvalidInput::class.java) {
            stage.client.consumptions().list(now, now.minusSeconds(60))
        }
        assertEquals("end", error.field)
    }

    @Test
    fun `the first error ends a list`() = Stage().use { stage ->
        val (start, end) = seeded(stage, 150, Duration.ofDays(5))
        val rows = stage.builder().maxRetries(0).build().cards().list(start, end).iterator()
        repeat(100) { rows.next() }
        stage.sandbox.fault("cards.list", "html")
        assertThrows(KeySecureException.InvalidResponse::class.java) { rows.hasNext() }
        assertTrue(!rows.hasNext())
    }

    @Test
    fun `single pages keep to the platform's limits`() = Stage().use { stage ->
        val (start, end) = seeded(stage, 25, Duration.ofDays(5))
        val query = ListCards(When.Instant(start), When.Instant(end))
        val cards = stage.client.cards()
        assertEquals(listOf(10, 10, 5), (0..2).map { cards.listPage(query, it, 10).list.size })
        assertThrows(KeySecureException.InvalidInput::class.java) { cards.listPage(query, 0, 101) }
        Unit
    }
}
