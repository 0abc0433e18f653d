package io.keysecure

import io.keysecure.internal.ffi.FfiConsumptions
import io.keysecure.model.Consumption
import io.keysecure.model.ListConsumptions
import io.keysecure.model.WindowBound
import java.time.Instant
import java.time.LocalDate

/** Consumptions: purchases, ATM withdrawals, fees, reversals and refunds. Every call blocks. */
public class Consumptions internal constructor(private val calls: Calls<FfiConsumptions>) {
    /**
     * Returns a consumption with its fees.
     *
     * @throws KeySecureException when the consumption does not exist or the request fails.
     */
    public fun get(consumeNo: String): Consumption = calls.read { it.get(consumeNo) }

    /**
     * Lists the consumptions between two instants, both included, over a span of any length.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    @JvmOverloads
    public fun list(
        start: Instant,
        end: Instant,
        cardholderNo: String? = null,
        cardNo: String? = null,
        consumeNo: String? = null,
    ): Pager<Consumption> =
        list(ListConsumptions(WindowBound.Instant(start), WindowBound.Instant(end), cardholderNo, cardNo, consumeNo))

    /**
     * Lists the consumptions on whole days of the client's time zone, from the first day to the last, both included.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    @JvmOverloads
    public fun list(
        start: LocalDate,
        end: LocalDate,
        cardholderNo: String? = null,
        cardNo: String? = null,
        consumeNo: String? = null,
    ): Pager<Consumption> = list(ListConsumptions(WindowBound.Day(start), WindowBound.Day(end), cardholderNo, cardNo, consumeNo))

    /**
     * Lists the consumptions that match a query.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    public fun list(query: ListConsumptions): Pager<Consumption> = calls.list { ffi ->
        val pages = ffi.list(query)
        PageSource(pages::nextPage, pages::nextPageAfterWaiting, pages::hasFailed, pages::destroy)
    }

    /**
     * Returns one page of a window of at most 90 days.
     *
     * @param page 0 is the first.
     * @param size rows per page, 1 to 100.
     * @throws KeySecureException when an argument is not valid or the request fails.
     */
    public fun listPage(query: ListConsumptions, page: Int, size: Int): Page<Consumption> {
        val one = calls.read { it.listPage(query, page, size) }
        return Page(one.list, one.extra)
    }
}
