package io.keysecure

import io.keysecure.model.ListCards
import io.keysecure.model.TransferRecord
import io.keysecure.model.WindowBound
import java.time.Duration
import java.time.Instant
import java.time.ZoneId
import java.util.stream.Collectors
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
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
        // The next pass begins with the second page.
        assertEquals(101, rows.take(101).count())
        assertEquals(3, stage.sandbox.requestsTo("cards.list"))
    }

    @Test
    fun `a second pass continues where the first one ended`() = Stage().use { stage ->
        val (start, end) = seeded(stage, 120, Duration.ofDays(5))
        val all = stage.client.cards().list(start, end).map { it.cardNo }.toList()
        assertEquals(120, all.size)

        val pager = stage.client.cards().list(start, end)
        val numbers = pager.take(3).map { it.cardNo }.toMutableList()
        for (card in pager.iterable()) {
            numbers += card.cardNo
            if (numbers.size == 5) break
        }
        numbers += pager.stream().limit(2).map { it.cardNo }.collect(Collectors.toList())
        numbers += runBlocking { pager.asFlow().take(2).toList() }.map { it.cardNo }
        numbers += pager.results().take(101).map { it.getOrThrow().cardNo }
        numbers += pager.map { it.cardNo }
        assertEquals(all, numbers)
        assertEquals(0, pager.count())
    }

    @Test
    fun `another pass continues behind the error that ended one`() {
        val pager = withBadRow()
        val numbers = ArrayList<String>()
        assertThrows(KeySecureException.InvalidResponse::class.java) { pager.forEach { numbers += it.transferNo } }
        pager.forEach { numbers += it.transferNo }
        assertEquals(listOf("1", "3"), numbers)
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
    fun `rows come newest first`() = Stage().use { stage ->
        val (start, end) = seeded(stage, 230, Duration.ofDays(200))
        val times = stage.client.cards().list(start, end).map { it.time!! }.toList()
        assertEquals(230, times.size)
        assertEquals(times.sortedDescending(), times)
    }

    /** Three rows, of which the second has no number. */
    private fun withBadRow(): Pager<TransferRecord> {
        val transport = Canned { """{"list":[{"transfer_no":"1"},{"transfer_no":null},{"transfer_no":"3"}]}""" }
        return transport.client().accounts().transfers(Instant.now().minusSeconds(60), Instant.now())
    }

    @Test
    fun `behind a row without its number the list goes on`() {
        val results = withBadRow().results().toList()
        assertEquals(listOf("1", null, "3"), results.map { it.getOrNull()?.transferNo })
        val error = results[1].exceptionOrNull() as KeySecureException.InvalidResponse
        assertTrue("list[1] on page 0" in error.message!!, error.message)

        val rows = withBadRow().iterator()
        assertEquals("1", rows.next().transferNo)
        assertThrows(KeySecureException.InvalidResponse::class.java) { rows.hasNext() }
        assertEquals("3", rows.next().transferNo)
        repeat(2) { assertFalse(rows.hasNext()) }
        assertThrows(NoSuchElementException::class.java) { rows.next() }
    }

    @Test
    fun `who takes all rows takes no incomplete list for a complete one`() {
        assertThrows(KeySecureException.InvalidResponse::class.java) { withBadRow().toList() }
        assertThrows(KeySecureException.InvalidResponse::class.java) { withBadRow().stream().count() }
        assertThrows(KeySecureException.InvalidResponse::class.java) { runBlocking { withBadRow().asFlow().toList() } }
        Unit
    }

    @Test
    fun `lists that leave out numbers, or cap pages, lose no row quietly`() = Stage().use { stage ->
        val (start, end) = seeded(stage, 120, Duration.ofDays(5))
        stage.sandbox.listSettings("page_cap" to 50)
        assertEquals(120, stage.client.cards().list(start, end).count())
        stage.sandbox.listSettings("left_out" to listOf("card_no"), "page_cap" to 0)
        val failures = stage.client.cards().list(start, end).results().toList()
        assertTrue(failures.size >= 120 && failures.all { it.isFailure }, "${failures.size}")
    }

    @Test
    fun `single pages keep to the platform's limits`() = Stage().use { stage ->
        val (start, end) = seeded(stage, 25, Duration.ofDays(5))
        val query = ListCards(WindowBound.Instant(start), WindowBound.Instant(end))
        val cards = stage.client.cards()
        assertEquals(listOf(10, 10, 5), (0..2).map { cards.listPage(query, it, 10).list.size })
        assertThrows(KeySecureException.InvalidInput::class.java) { cards.listPage(query, 0, 101) }
        Unit
    }
}
