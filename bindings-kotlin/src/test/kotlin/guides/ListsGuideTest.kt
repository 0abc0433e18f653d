package guides

import io.keysecure.*
import io.keysecure.model.*
import io.keysecure.sandbox.KeySecureSandbox
import io.keysecure.sandbox.Sandbox
import java.math.BigDecimal
import java.time.Duration
import java.time.LocalDate
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

@KeySecureSandbox
class ListsGuideTest {
    @Test
    fun `rows are listed by days and by times`(sandbox: Sandbox, client: Client) {
        val cardNo = sandbox.virtualCard(sandbox.approvedCardholder())
        val times = (1..3).map { sandbox.now().minusSeconds(it * 60L).toEpochMilli() }
        sandbox.control("POST /seed/consumptions", "card_no" to cardNo, "times_ms" to times)
        // --8<-- [start:days]
        var total = BigDecimal.ZERO
        for (row in client.consumptions().list(LocalDate.of(2026, 1, 1), LocalDate.of(2026, 12, 31), cardNo = cardNo)) {
            println("${row.time} ${row.type} ${row.amount}")
            total += row.amount ?: BigDecimal.ZERO
        }
        // --8<-- [end:days]
        val now = sandbox.now()
        // --8<-- [start:times]
        val recent = client.consumptions().list(now - Duration.ofHours(24), now).toList()
        // --8<-- [end:times]
        assertEquals(List(3) { cardNo }, recent.map { it.cardNo })
        // --8<-- [start:page]
        val lastDay = ListConsumptions(WindowBound.Instant(now - Duration.ofDays(1)), WindowBound.Instant(now))
        val page = client.consumptions().listPage(lastDay, page = 0, size = 2)
        println(page.list.size)
        // --8<-- [end:page]
        assertEquals(2, page.list.size)
    }

    @Test
    fun `a client has a time zone`(sandbox: Sandbox) {
        val (apiKey, apiSecret) = sandbox.apiKey to sandbox.apiSecret
        // --8<-- [start:timezone]
        val client = Client.builder(apiKey, apiSecret).timezone("UTC").build() // a date is a day in UTC
        // --8<-- [end:timezone]
        client.close()
    }
}
