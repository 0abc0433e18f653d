package io.keysecure

import io.keysecure.ffi.Accounts as FfiAccounts
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

/** The calls on accounts, in credit mode. All of them block. The currency is TUSDT. */
public class Accounts internal constructor(private val ffi: FfiAccounts) {
    /**
     * Moves money. It is never sent again while its outcome is unknown.
     *
     * @param transferUniqueNo your own number of the transfer, at most 64 characters.
     * @param type `In` to the cardholder, `Out` back from the cardholder.
     * @param amount positive, at most 2 decimals.
     */
    public fun transfer(
        cardholderNo: String,
        transferUniqueNo: String,
        type: TransferType,
        amount: BigDecimal,
    ): TransferResult = transfer(Transfer(cardholderNo, transferUniqueNo, type, amount))

    /** Moves money. It is never sent again while its outcome is unknown. */
    public fun transfer(request: Transfer): TransferResult = call { ffi.transfer(request) }

    /**
     * Makes sure that a transfer is made exactly once, whatever happened before. A transfer with the same number but
     * another cardholder, direction or amount is a [KeySecureException.Conflict].
     */
    @JvmOverloads
    public fun ensureTransfer(request: Transfer, how: EnsureOptions = EnsureOptions()): Ensured<TransferRecord> {
        val ensured = call { ffi.ensureTransfer(request, how.options()) }
        return Ensured(ensured.value, ensured.created)
    }

    /** The balances of a cardholder. */
    public fun get(cardholderNo: String): AccountInfo = call { ffi.get(cardholderNo) }

    /** All transfers of a span of any length, both ends included. */
    @JvmOverloads
    public fun transfers(
        start: Instant,
        end: Instant,
        cardholderNo: String? = null,
        transferNo: String? = null,
        transferUniqueNo: String? = null,
    ): Pager<TransferRecord> =
        transfers(ListTransfers(WindowBound.Instant(start), WindowBound.Instant(end), cardholderNo, transferNo, transferUniqueNo))

    /** All transfers of whole days in the client's time zone, both days included. */
    @JvmOverloads
    public fun transfers(
        start: LocalDate,
        end: LocalDate,
        cardholderNo: String? = null,
        transferNo: String? = null,
        transferUniqueNo: String? = null,
    ): Pager<TransferRecord> =
        transfers(ListTransfers(WindowBound.Day(start), WindowBound.Day(end), cardholderNo, transferNo, transferUniqueNo))

    /** All transfers that a query names. */
    public fun transfers(query: ListTransfers): Pager<TransferRecord> = Pager {
        val pages = call { ffi.transfers(query) }
        PageSource(pages::nextPage, pages::destroy)
    }

    /** One page (0 is the first, at most 100 rows) of a window of at most 90 days. */
    public fun transfersPage(query: ListTransfers, page: Int, size: Int): Page<TransferRecord> {
        val one = call { ffi.transfersPage(query, page, size) }
        return Page(one.list, one.extra)
    }
}
