package io.keysecure

import io.keysecure.ffi.Cards as FfiCards
import io.keysecure.model.Address
import io.keysecure.model.ApplyCard
import io.keysecure.model.Bin
import io.keysecure.model.Card
import io.keysecure.model.CardApplied
import io.keysecure.model.CardStatus
import io.keysecure.model.CardType
import io.keysecure.model.ListBins
import io.keysecure.model.ListCards
import io.keysecure.model.ListPackages
import io.keysecure.model.Package
import io.keysecure.model.WindowBound
import java.time.Instant
import java.time.LocalDate

/** The calls on cards. All of them block. */
public class Cards internal constructor(private val ffi: FfiCards) {
    /**
     * Applies for a card. The answer says that the platform took the application, not that the card was issued.
     *
     * @param cardholderNo the cardholder, who must have passed verification.
     * @param cardUniqueNo your own number of the card, at most 64 characters.
     * @param packageNo the package to open it from, in credit mode; see [packages].
     * @param cardBinNo the BIN to open it from, in authorization mode; see [bins].
     * @param addressInfo where to send it: needed for a physical card and some virtual ones.
     */
    @JvmOverloads
    public fun apply(
        cardholderNo: String,
        cardUniqueNo: String,
        cardType: CardType,
        packageNo: String? = null,
        cardBinNo: String? = null,
        addressInfo: Address? = null,
    ): CardApplied = apply(ApplyCard(cardholderNo, cardUniqueNo, cardType, packageNo, cardBinNo, addressInfo))

    /** Applies for a card. */
    public fun apply(request: ApplyCard): CardApplied = call { ffi.apply(request) }

    /**
     * Makes sure that a card is applied for exactly once, whatever happened before. A card with the same number but
     * another cardholder or type is a [KeySecureException.Conflict].
     */
    @JvmOverloads
    public fun ensureCard(request: ApplyCard, how: EnsureOptions = EnsureOptions()): Ensured<Card> {
        val ensured = call { ffi.ensureCard(request, how.options()) }
        return Ensured(ensured.value, ensured.created)
    }

    /** All cards of a span of any length by the time of their application, both ends included. */
    @JvmOverloads
    public fun list(
        start: Instant,
        end: Instant,
        cardholderNo: String? = null,
        cardUniqueNo: String? = null,
        cardNo: String? = null,
    ): Pager<Card> = list(ListCards(WindowBound.Instant(start), WindowBound.Instant(end), cardholderNo, cardUniqueNo, cardNo))

    /** All cards of whole days in the client's time zone, both days included. */
    @JvmOverloads
    public fun list(
        start: LocalDate,
        end: LocalDate,
        cardholderNo: String? = null,
        cardUniqueNo: String? = null,
        cardNo: String? = null,
    ): Pager<Card> = list(ListCards(WindowBound.Day(start), WindowBound.Day(end), cardholderNo, cardUniqueNo, cardNo))

    /** All cards that a query names. */
    public fun list(query: ListCards): Pager<Card> = Pager {
        val pages = call { ffi.list(query) }
        PageSource(pages::nextPage, pages::destroy)
    }

    /** One page (0 is the first, at most 100 rows) of a window of at most 90 days. */
    public fun listPage(query: ListCards, page: Int, size: Int): Page<Card> {
        val one = call { ffi.listPage(query, page, size) }
        return Page(one.list, one.extra)
    }

    /** One card, with its costs. */
    public fun get(cardNo: String): Card = call { ffi.get(cardNo) }

    /** The PAN, CVV and expiry of an activated card. Code 1013: PCI display is not enabled for the merchant. */
    public fun privateInfo(cardNo: String): CardSecrets = CardSecrets(call { ffi.privateInfo(cardNo) })

    /**
     * Activates a physical card in status `ToActivate`.
     *
     * @param cvv the three digits on its back; encrypted before they are sent.
     * @param cardLastNo the last four digits on its front.
     */
    public fun activate(cardNo: String, cardholderNo: String, cvv: String, cardLastNo: String) {
        call { ffi.activate(cardNo, cardholderNo, cvv, cardLastNo) }
    }

    /** Sets a card's status to `Frozen`, `Activated` or `Delete`. */
    public fun updateStatus(cardNo: String, status: CardStatus) {
        call { ffi.updateStatus(cardNo, status) }
    }

    /** Stops an activated card for a time. */
    public fun freeze(cardNo: String) {
        call { ffi.freeze(cardNo) }
    }

    /** Lets a frozen card work again. */
    public fun unfreeze(cardNo: String) {
        call { ffi.unfreeze(cardNo) }
    }

    /** Closes a card for good. */
    public fun delete(cardNo: String) {
        call { ffi.delete(cardNo) }
    }

    /**
     * Sets the PIN of a physical, activated card.
     *
     * @param pin six digits of which no three neighbours are identical, rising by one or falling by one; encrypted before
     * they are sent.
     */
    public fun setPin(cardNo: String, cardholderNo: String, pin: String) {
        call { ffi.setPin(cardNo, cardholderNo, pin) }
    }

    /** The packages that cards are opened from in credit mode. */
    @JvmOverloads
    public fun packages(type: CardType? = null, packageNo: String? = null): Pager<Package> = Pager {
        val pages = call { ffi.packages(ListPackages(type, packageNo)) }
        PageSource(pages::nextPage, pages::destroy)
    }

    /** One page of the packages. */
    @JvmOverloads
    public fun packagesPage(page: Int, size: Int, type: CardType? = null, packageNo: String? = null): Page<Package> {
        val one = call { ffi.packagesPage(ListPackages(type, packageNo), page, size) }
        return Page(one.list, one.extra)
    }

    /** The BINs that cards are opened from in authorization mode. */
    @JvmOverloads
    public fun bins(cardBinNo: String? = null): Pager<Bin> = Pager {
        val pages = call { ffi.bins(ListBins(cardBinNo)) }
        PageSource(pages::nextPage, pages::destroy)
    }

    /** One page of the BINs. */
    @JvmOverloads
    public fun binsPage(page: Int, size: Int, cardBinNo: String? = null): Page<Bin> {
        val one = call { ffi.binsPage(ListBins(cardBinNo), page, size) }
        return Page(one.list, one.extra)
    }
}
