package io.keysecure

import io.keysecure.ffi.Cardholders as FfiCardholders
import io.keysecure.model.Cardholder
import io.keysecure.model.CardholderApplied
import io.keysecure.model.ListCardholders
import io.keysecure.model.WindowBound
import java.time.Instant
import java.time.LocalDate

/** The calls on cardholders. All of them block. */
public class Cardholders internal constructor(private val ffi: FfiCardholders) {
    /**
     * Applies for a cardholder, or updates one.
     *
     * @param cardholderUniqueNo your own number of the cardholder.
     * @param sumsubShareToken the share token of the identity check; a secret.
     * @param cardholderNo only to update this cardholder.
     */
    @JvmOverloads
    public fun apply(
        cardholderUniqueNo: String,
        sumsubShareToken: String,
        cardholderNo: String? = null,
    ): CardholderApplied = call { ffi.apply(cardholderUniqueNo, sumsubShareToken, cardholderNo) }

    /** Makes sure that a cardholder is applied for exactly once, whatever happened before. It does not update. */
    @JvmOverloads
    public fun ensureCardholder(
        cardholderUniqueNo: String,
        sumsubShareToken: String,
        how: EnsureOptions = EnsureOptions(),
    ): Ensured<Cardholder> {
        val ensured = call { ffi.ensureCardholder(cardholderUniqueNo, sumsubShareToken, how.options()) }
        return Ensured(ensured.value, ensured.created)
    }

    /** All cardholders of a span of any length by the time of their application, both ends included. */
    @JvmOverloads
    public fun list(
        start: Instant,
        end: Instant,
        cardholderNo: String? = null,
        cardholderUniqueNo: String? = null,
    ): Pager<Cardholder> =
        list(ListCardholders(WindowBound.Instant(start), WindowBound.Instant(end), cardholderNo, cardholderUniqueNo))

    /** All cardholders of whole days in the client's time zone, both days included. */
    @JvmOverloads
    public fun list(
        start: LocalDate,
        end: LocalDate,
        cardholderNo: String? = null,
        cardholderUniqueNo: String? = null,
    ): Pager<Cardholder> = list(ListCardholders(WindowBound.Day(start), WindowBound.Day(end), cardholderNo, cardholderUniqueNo))

    /** All cardholders that a query names. */
    public fun list(query: ListCardholders): Pager<Cardholder> = Pager {
        val pages = call { ffi.list(query) }
        PageSource(pages::nextPage, pages::destroy)
    }

    /** One page (0 is the first, at most 100 rows) of a window of at most 90 days. */
    public fun listPage(query: ListCardholders, page: Int, size: Int): Page<Cardholder> {
        val one = call { ffi.listPage(query, page, size) }
        return Page(one.list, one.extra)
    }

    /** One cardholder, with balance and cards. Code 2002: does not exist. */
    public fun get(cardholderNo: String): Cardholder = call { ffi.get(cardholderNo) }
}
