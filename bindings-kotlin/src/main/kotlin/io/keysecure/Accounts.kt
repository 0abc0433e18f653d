package io.keysecure

import io.keysecure.internal.ffi.FfiAccounts
import io.keysecure.model.AccountInfo
import io.keysecure.model.ListTransfers
import io.keysecure.model.Transfer
import io.keysecure.model.TransferRecord
import io.keysecure.model.TransferResult
import io.keysecure.model.TransferType
import io.keysecure.model.WindowBound
import java.math.BigDecimal
import java.time.Instant
import java.time.LocalDate

/** Balances and transfers of cardholders in credit mode. Every call blocks. The currency is TUSDT. */
public class Accounts internal constructor(private val calls: Calls<FfiAccounts>) {
    /**
     * Transfers money to or from a cardholder's account. The request is never sent again while its outcome is unknown.
     *
     * @param transferUniqueNo the merchant reference of the transfer, at most 64 characters.
     * @param type `In`: to the cardholder. `Out`: back from the cardholder.
     * @param amount in TUSDT, positive, at most 2 decimals.
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun transfer(
        cardholderNo: String,
        transferUniqueNo: String,
        type: TransferType,
        amount: BigDecimal,
    ): TransferResult = transfer(Transfer(cardholderNo, transferUniqueNo, type, amount))

    /**
     * Transfers money to or from a cardholder's account. The request is never sent again while its outcome is unknown.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun transfer(request: Transfer): TransferResult = calls.mutate("accounts.transfer", request.transferUniqueNo) { it.transfer(request) }

    /**
     * Makes a transfer exactly once: looks it up by its merchant reference and sends it only when it provably does not exist.
     * Needs a [Store]. May be repeated, also after a crash.
     *
     * @throws KeySecureException.Conflict when the reference belongs to a transfer with another cardholder, direction or amount.
     * @throws KeySecureException.Config when the client has no store.
     * @throws KeySecureException on any other failure.
     */
    @JvmOverloads
    public fun ensureTransfer(request: Transfer, options: EnsureOptions = EnsureOptions()): Ensured<TransferRecord> {
        val ensured = calls.ensure("accounts.ensure_transfer", request.transferUniqueNo, options) {
            it.ensureTransfer(request, options.toFfi())
        }
        return Ensured(ensured.value, ensured.created)
    }

    /**
     * Returns the balances of a cardholder.
     *
     * @throws KeySecureException.NotFound when the cardholder does not exist.
     * @throws KeySecureException on any other failure.
     */
    public fun get(cardholderNo: String): AccountInfo = calls.read { it.get(cardholderNo) }

    /**
     * Lists the transfers made between two instants, both included, over a span of any length.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    @JvmOverloads
    public fun transfers(
        start: Instant,
        end: Instant,
        cardholderNo: String? = null,
        transferNo: String? = null,
        transferUniqueNo: String? = null,
    ): Pager<TransferRecord> =
        transfers(ListTransfers(WindowBound.Instant(start), WindowBound.Instant(end), cardholderNo, transferNo, transferUniqueNo))

    /**
     * Lists the transfers made on whole days of the client's time zone, from the first day to the last, both included.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    @JvmOverloads
    public fun transfers(
        start: LocalDate,
        end: LocalDate,
        cardholderNo: String? = null,
        transferNo: String? = null,
        transferUniqueNo: String? = null,
    ): Pager<TransferRecord> =
        transfers(ListTransfers(WindowBound.Day(start), WindowBound.Day(end), cardholderNo, transferNo, transferUniqueNo))

    /**
     * Lists the transfers that match a query.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    public fun transfers(query: ListTransfers): Pager<TransferRecord> = calls.list { ffi ->
        val pages = ffi.transfers(query)
        PageSource(pages::nextPage, pages::nextPageAfterWaiting, pages::hasFailed, pages::destroy)
    }

    /**
     * Returns one page of a window of at most 90 days.
     *
     * @param page 0 is the first.
     * @param size rows per page, 1 to 100.
     * @throws KeySecureException when an argument is not valid or the request fails.
     */
    public fun transfersPage(query: ListTransfers, page: Int, size: Int): Page<TransferRecord> {
        val one = calls.read { it.transfersPage(query, page, size) }
        return Page(one.list, one.extra)
    }
}
