package io.keysecure

import io.keysecure.internal.ffi.FfiCardholders
import io.keysecure.model.Cardholder
import io.keysecure.model.CardholderApplied
import io.keysecure.model.ListCardholders
import io.keysecure.model.WindowBound
import java.time.Instant
import java.time.LocalDate

/** Cardholders and their identity verification. Every call blocks. */
public class Cardholders internal constructor(private val calls: Calls<FfiCardholders>) {
    /**
     * Applies for a cardholder, or updates one.
     *
     * @param cardholderUniqueNo the merchant reference of the cardholder, at most 64 characters.
     * @param sumsubShareToken the share token of the identity check; a secret.
     * @param cardholderNo updates this cardholder instead of applying for a new one.
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    @JvmOverloads
    public fun apply(
        cardholderUniqueNo: String,
        sumsubShareToken: String,
        cardholderNo: String? = null,
    ): CardholderApplied = calls.mutate("cardholders.apply", cardholderUniqueNo) { it.apply(cardholderUniqueNo, sumsubShareToken, cardholderNo) }

    /**
     * Applies for a cardholder exactly once: looks it up by its merchant reference and sends the application only when it
     * provably does not exist. Needs a [Store]. It does not update an existing cardholder.
     *
     * @throws KeySecureException.Config when the client has no store.
     * @throws KeySecureException on any other failure.
     */
    @JvmOverloads
    public fun ensureCardholder(
        cardholderUniqueNo: String,
        sumsubShareToken: String,
        options: EnsureOptions = EnsureOptions(),
    ): Ensured<Cardholder> {
        val ensured = calls.ensure("cardholders.ensure_cardholder", cardholderUniqueNo, options) {
            it.ensureCardholder(cardholderUniqueNo, sumsubShareToken, options.toFfi())
        }
        return Ensured(ensured.value, ensured.created)
    }

    /**
     * Lists the cardholders that were applied for between two instants, both included, over a span of any length.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    @JvmOverloads
    public fun list(
        start: Instant,
        end: Instant,
        cardholderNo: String? = null,
        cardholderUniqueNo: String? = null,
    ): Pager<Cardholder> =
        list(ListCardholders(WindowBound.Instant(start), WindowBound.Instant(end), cardholderNo, cardholderUniqueNo))

    /**
     * Lists the cardholders that were applied for on whole days of the client's time zone, from the first day to the last, both
     * included.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    @JvmOverloads
    public fun list(
        start: LocalDate,
        end: LocalDate,
        cardholderNo: String? = null,
        cardholderUniqueNo: String? = null,
    ): Pager<Cardholder> = list(ListCardholders(WindowBound.Day(start), WindowBound.Day(end), cardholderNo, cardholderUniqueNo))

    /**
     * Lists the cardholders that match a query.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    public fun list(query: ListCardholders): Pager<Cardholder> = calls.list { ffi ->
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
    public fun listPage(query: ListCardholders, page: Int, size: Int): Page<Cardholder> {
        val one = calls.read { it.listPage(query, page, size) }
        return Page(one.list, one.extra)
    }

    /**
     * Returns a cardholder with its balance and cards.
     *
     * @throws KeySecureException.NotFound when the cardholder does not exist (code 2002).
     * @throws KeySecureException on any other failure.
     */
    public fun get(cardholderNo: String): Cardholder = calls.read { it.get(cardholderNo) }
}
