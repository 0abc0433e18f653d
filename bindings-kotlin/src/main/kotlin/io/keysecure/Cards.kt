package io.keysecure

import io.keysecure.internal.ffi.FfiCards
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

/** Cards, card packages and BINs. Every call blocks. */
public class Cards internal constructor(private val calls: Calls<FfiCards>) {
    /**
     * Applies for a card. Success means that the platform accepted the application, not that the card was issued.
     *
     * @param cardholderNo the cardholder, who must have passed verification.
     * @param cardUniqueNo the merchant reference of the card, at most 64 characters.
     * @param packageNo the package to open the card from, in credit mode; see [packages].
     * @param cardBinNo the BIN to open the card from, in authorization mode; see [bins].
     * @param addressInfo the delivery or billing address: required for physical cards and some virtual cards.
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
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

    /**
     * Applies for a card. Success means that the platform accepted the application, not that the card was issued.
     *
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    public fun apply(request: ApplyCard): CardApplied = calls.mutate("cards.apply", request.cardUniqueNo) { it.apply(request) }

    /**
     * Applies for a card exactly once: looks it up by its merchant reference and sends the application only when it provably
     * does not exist. Needs a [Store].
     *
     * @throws KeySecureException.Conflict when the reference belongs to a card of another cardholder or type.
     * @throws KeySecureException.Config when the client has no store.
     * @throws KeySecureException on any other failure.
     */
    @JvmOverloads
    public fun ensureCard(request: ApplyCard, options: EnsureOptions = EnsureOptions()): Ensured<Card> {
        val ensured = calls.ensure("cards.ensure_card", request.cardUniqueNo, options) {
            it.ensureCard(request, options.toFfi())
        }
        return Ensured(ensured.value, ensured.created)
    }

    /**
     * Lists the cards that were applied for between two instants, both included, over a span of any length.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    @JvmOverloads
    public fun list(
        start: Instant,
        end: Instant,
        cardholderNo: String? = null,
        cardUniqueNo: String? = null,
        cardNo: String? = null,
    ): Pager<Card> = list(ListCards(WindowBound.Instant(start), WindowBound.Instant(end), cardholderNo, cardUniqueNo, cardNo))

    /**
     * Lists the cards that were applied for on whole days of the client's time zone, from the first day to the last, both included.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    @JvmOverloads
    public fun list(
        start: LocalDate,
        end: LocalDate,
        cardholderNo: String? = null,
        cardUniqueNo: String? = null,
        cardNo: String? = null,
    ): Pager<Card> = list(ListCards(WindowBound.Day(start), WindowBound.Day(end), cardholderNo, cardUniqueNo, cardNo))

    /**
     * Lists the cards that match a query.
     *
     * @throws KeySecureException.InvalidInput when the window is not valid. The returned list throws when a request fails.
     */
    public fun list(query: ListCards): Pager<Card> = calls.list { ffi ->
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
    public fun listPage(query: ListCards, page: Int, size: Int): Page<Card> {
        val one = calls.read { it.listPage(query, page, size) }
        return Page(one.list, one.extra)
    }

    /**
     * Returns a card with its fee schedule.
     *
     * @throws KeySecureException when the card does not exist or the request fails.
     */
    public fun get(cardNo: String): Card = calls.read { it.get(cardNo) }

    /**
     * Returns the PAN, CVV and expiry date of an activated card. Close the result to wipe it.
     *
     * @throws KeySecureException.Permission when PCI display is not enabled for the merchant (code 1013).
     * @throws KeySecureException.Decrypt when the `aes` setting or the apiSecret is wrong.
     * @throws KeySecureException on any other failure.
     */
    public fun privateInfo(cardNo: String): CardSecrets = CardSecrets(calls.read { it.privateInfo(cardNo) })

    /**
     * Activates a physical card in status `ToActivate`.
     *
     * @param cvv the three digits on the back of the card; encrypted before they are sent.
     * @param cardLastNo the last four digits of the card number.
     * @param tap one action of the user of an app; see [freeze].
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    @JvmOverloads
    public fun activate(cardNo: String, cardholderNo: String, cvv: String, cardLastNo: String, tap: String? = null) {
        calls.mutate("cards.activate", tap) { it.activate(cardNo, cardholderNo, cvv, cardLastNo, tap) }
    }

    /**
     * Sets the status of a card to `Frozen`, `Activated` or `Delete`.
     *
     * @param tap one action of the user of an app; see [freeze].
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    @JvmOverloads
    public fun updateStatus(cardNo: String, status: CardStatus, tap: String? = null) {
        calls.mutate("cards.update_status", tap) { it.updateStatus(cardNo, status, tap) }
    }

    /**
     * Blocks an activated card until [unfreeze].
     *
     * @param tap one action of the user of an app: a relay carries it out once, however often it is sent. 1 to 64 characters of
     * printable ASCII without spaces, chosen when the user acts and kept until the result is known. Without it each call makes one. For
     * a client of a relay only ([Client.relay]). The outcome of an error is that of this call, not of an earlier one with the tap.
     * @throws KeySecureException.Conflict when the tap belongs to another request, or what became of it is not known.
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    @JvmOverloads
    public fun freeze(cardNo: String, tap: String? = null) {
        calls.mutate("cards.freeze", tap) { it.freeze(cardNo, tap) }
    }

    /**
     * Makes a frozen card usable again.
     *
     * @param tap one action of the user of an app; see [freeze].
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    @JvmOverloads
    public fun unfreeze(cardNo: String, tap: String? = null) {
        calls.mutate("cards.unfreeze", tap) { it.unfreeze(cardNo, tap) }
    }

    /**
     * Closes a card permanently.
     *
     * @param tap one action of the user of an app; see [freeze].
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    @JvmOverloads
    public fun delete(cardNo: String, tap: String? = null) {
        calls.mutate("cards.delete", tap) { it.delete(cardNo, tap) }
    }

    /**
     * Sets the PIN of a physical, activated card.
     *
     * @param pin six digits, of which no three neighbours are identical, ascending or descending; encrypted before they are sent.
     * @param tap one action of the user of an app; see [freeze].
     * @throws KeySecureException.InvalidInput when the PIN is too weak; nothing was sent.
     * @throws KeySecureException on any other failure.
     */
    @JvmOverloads
    public fun setPin(cardNo: String, cardholderNo: String, pin: String, tap: String? = null) {
        calls.mutate("cards.set_pin", tap) { it.setPin(cardNo, cardholderNo, pin, tap) }
    }

    /**
     * Lists the packages that cards are opened from in credit mode.
     *
     * @throws KeySecureException.InvalidInput when an argument is not valid. The returned list throws when a request fails.
     */
    @JvmOverloads
    public fun packages(type: CardType? = null, packageNo: String? = null): Pager<Package> = calls.list { ffi ->
        val pages = ffi.packages(ListPackages(type, packageNo))
        PageSource(pages::nextPage, pages::nextPageAfterWaiting, pages::hasFailed, pages::destroy)
    }

    /**
     * Returns one page of the packages.
     *
     * @param page 0 is the first.
     * @param size rows per page, 1 to 100.
     * @throws KeySecureException when an argument is not valid or the request fails.
     */
    @JvmOverloads
    public fun packagesPage(page: Int, size: Int, type: CardType? = null, packageNo: String? = null): Page<Package> {
        val one = calls.read { it.packagesPage(ListPackages(type, packageNo), page, size) }
        return Page(one.list, one.extra)
    }

    /**
     * Lists the BINs that cards are opened from in authorization mode.
     *
     * @throws KeySecureException.InvalidInput when an argument is not valid. The returned list throws when a request fails.
     */
    @JvmOverloads
    public fun bins(cardBinNo: String? = null): Pager<Bin> = calls.list { ffi ->
        val pages = ffi.bins(ListBins(cardBinNo))
        PageSource(pages::nextPage, pages::nextPageAfterWaiting, pages::hasFailed, pages::destroy)
    }

    /**
     * Returns one page of the BINs.
     *
     * @param page 0 is the first.
     * @param size rows per page, 1 to 100.
     * @throws KeySecureException when an argument is not valid or the request fails.
     */
    @JvmOverloads
    public fun binsPage(page: Int, size: Int, cardBinNo: String? = null): Page<Bin> {
        val one = calls.read { it.binsPage(ListBins(cardBinNo), page, size) }
        return Page(one.list, one.extra)
    }
}
