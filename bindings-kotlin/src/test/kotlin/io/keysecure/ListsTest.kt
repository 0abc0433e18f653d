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
    /** Creates cards at even intervals and returns the first and the last time. */
    private fun seeded(env: TestEnv, count: Int, over: Duration): Pair<Instant, Instant> {
        val end = env.sandbox.now()
        val start = end - over
        val step = over.toMillis() / count
        val times = (0 until count).map { start.toEpochMilli() + it * step }
        env.sandbox.control("POST /seed/cards", "cardholder_no" to env.cardholderNo, "times_ms" to times)
        return start to end
    }

    @Test
    fun `a list over many windows returns each row once`() = TestEnv().use { env ->
        val (start, end) = seeded(env, 730, Duration.ofDays(200))
        val numbers = env.client.cards().list(start, end).map { it.cardNo }.toList()
        assertEquals(730, numbers.size)
        assertEquals(730, numbers.toSet().size)
    }

    @Test
    fun `pages are fetched on demand`() = TestEnv().use { env ->
        val (start, end) = seeded(env, 250, Duration.ofDays(10))
        val rows = env.client.cards().list(start, end, cardholderNo = env.cardholderNo)
        assertEquals(0, env.sandbox.requestsTo("cards.list"))
        assertEquals(100, rows.take(100).count())
        assertEquals(1, env.sandbox.requestsTo("cards.list"))
        // The second iteration starts with the second page.
        assertEquals(101, rows.take(101).count())
        assertEquals(3, env.sandbox.requestsTo("cards.list"))
    }

    @Test
    fun `a second iteration continues where the first ended`() = TestEnv().use { env ->
        val (start, end) = seeded(env, 120, Duration.ofDays(5))
        val all = env.client.cards().list(start, end).map { it.cardNo }.toList()
        assertEquals(120, all.size)

        val pager = env.client.cards().list(start, end)
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
    fun `another iteration continues after the error that ended one`() {
        val pager = withBadRow()
        val numbers = ArrayList<String>()
        assertThrows(KeySecureException.InvalidResponse::class.java) { pager.forEach { numbers += it.transferNo } }
        pager.forEach { numbers += it.transferNo }
        assertEquals(listOf("1", "3"), numbers)
    }

    @Test
    fun `days are those of the client's time zone`() = TestEnv().use { env ->
        seeded(env, 10, Duration.ofHours(1))
        val today = env.sandbox.now().atZone(ZoneId.of("UTC+8")).toLocalDate()
        assertEquals(10, env.client.cards().list(today.minusDays(1), today).count())
    }

    @Test
    fun `an invalid window is refused when the list is created`() = TestEnv().use { env ->
        val now = Instant.now()
        val error = assertThrows(KeySecureException.InvalidInput::class.java) {
            env.client.consumptions().list(now, now.minusSeconds(60))
        }
        assertEquals("end", error.field)
    }

    @Test
    fun `every iteration of a list that failed throws its error`() = TestEnv().use { env ->
        val (start, end) = seeded(env, 150, Duration.ofDays(5))
        val pager = env.builder().maxRetries(0).build().cards().list(start, end)
        val rows = pager.iterator()
        repeat(100) { rows.next() }
        assertFalse(pager.hasFailed)
        env.sandbox.fault("cards.list", "html")
        val error = assertThrows(KeySecureException.InvalidResponse::class.java) { rows.hasNext() }
        val requests = env.sandbox.requestsTo("cards.list")
        repeat(2) {
            val again = assertThrows(KeySecureException.InvalidResponse::class.java) { pager.toList() }
            assertEquals(error.message, again.message)
            assertThrows(KeySecureException.InvalidResponse::class.java) { pager.stream().count() }
            assertEquals(listOf(true), pager.results().map { it.isFailure }.toList())
        }
        assertTrue(pager.hasFailed)
        assertEquals(requests, env.sandbox.requestsTo("cards.list"))
    }

    @Test
    fun `rows come newest first`() = TestEnv().use { env ->
        val (start, end) = seeded(env, 230, Duration.ofDays(200))
        val times = env.client.cards().list(start, end).map { it.time!! }.toList()
        assertEquals(230, times.size)
        assertEquals(times.sortedDescending(), times)
    }

    /** A list of three rows, of which the second has no number. */
    private fun withBadRow(): Pager<TransferRecord> {
        val transport = InMemoryTransport { """{"list":[{"transfer_no":"1"},{"transfer_no":null},{"transfer_no":"3"}]}""" }
        return transport.client().accounts().transfers(Instant.now().minusSeconds(60), Instant.now())
    }

    @Test
    fun `a list continues after a row without its number`() {
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
    fun `reading all rows fails when one of them has no number`() {
        assertThrows(KeySecureException.InvalidResponse::class.java) { withBadRow().toList() }
        assertThrows(KeySecureException.InvalidResponse::class.java) { withBadRow().stream().count() }
        assertThrows(KeySecureException.InvalidResponse::class.java) { runBlocking { withBadRow().asFlow().toList() } }
        Unit
    }

    @Test
    fun `missing numbers and capped pages lose no row silently`() = TestEnv().use { env ->
        val (start, end) = seeded(env, 120, Duration.ofDays(5))
        env.sandbox.listSettings("page_cap" to 50)
        assertEquals(120, env.client.cards().list(start, end).count())
        env.sandbox.listSettings("left_out" to listOf("card_no"), "page_cap" to 0)
        val failures = env.client.cards().list(start, end).results().toList()
        assertTrue(failures.size >= 120 && failures.all { it.isFailure }, "${failures.size}")
    }

    @Test
    fun `single pages respect the limits of the platform`() = TestEnv().use { env ->
        val (start, end) = seeded(env, 25, Duration.ofDays(5))
        val query = ListCards(WindowBound.Instant(start), WindowBound.Instant(end))
        val cards = env.client.cards()
        assertEquals(listOf(10, 10, 5), (0..2).map { cards.listPage(query, it, 10).list.size })
        assertThrows(KeySecureException.InvalidInput::class.java) { cards.listPage(query, 0, 101) }
        Unit
    }
}
