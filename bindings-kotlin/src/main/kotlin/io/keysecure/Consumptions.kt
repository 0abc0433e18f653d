package io.keysecure

import io.keysecure.ffi.Consumptions as FfiConsumptions
import io.keysecure.model.Consumption
import io.keysecure.model.ListConsumptions
import io.keysecure.model.WindowBound
import java.time.Instant
import java.time.LocalDate

/** The calls on consumptions: purchases, cash, fees, reversals and refunds. All of them block. */
public class Consumptions internal constructor(private val ffi: FfiConsumptions) {
    /** One consumption, with its fees. */
    public fun get(consumeNo: String): Consumption = call { ffi.get(consumeNo) }

    /** All consumptions of a span of any length, both ends included. */
    @JvmOverloads
    public fun list(
        start: Instant,
        end: Instant,
        cardholderNo: String? = null,
        cardNo: String? = null,
        consumeNo: String? = null,
    ): Pager<Consumption> =
        list(ListConsumptions(WindowBound.Instant(start), WindowBound.Instant(end), cardholderNo, cardNo, consumeNo))

    /** All consumptions of whole days in the client's time zone, both days included. */
    @JvmOverloads
    public fun list(
        start: LocalDate,
        end: LocalDate,
        cardholderNo: String? = null,
        cardNo: String? = null,
        consumeNo: String? = null,
    ): Pager<Consumption> = list(ListConsumptions(WindowBound.Day(start), WindowBound.Day(end), cardholderNo, cardNo, consumeNo))

    /** All consumptions that a query names. */
    public fun list(query: ListConsumptions): Pager<Consumption> = Pager {
        val pages = call { ffi.list(query) }
        PageSource(pages::nextPage, pages::destroy)
    }

    /** One page (0 is the first, at most 100 rows) of a window of at most 90 days. */
    public fun listPage(query: ListConsumptions, page: Int, size: Int): Page<Consumption> {
        val one = call { ffi.listPage(query, page, size) }
        return Page(one.list, one.extra)
    }
}
