package io.keysecure.relay

import io.keysecure.KeySecureException
import io.keysecure.internal.relay.FfiSessionScope
import io.keysecure.internal.relay.grantFromName
import io.keysecure.model.Grant
import io.keysecure.wellFormed
import java.math.BigDecimal
import java.math.RoundingMode
import java.util.Objects

/**
 * What a session may do: one cardholder, and the operations that are granted for it. Nothing is granted by default. Each method
 * returns a new scope:
 *
 *     Scope.cardholder("1001")
 *         .readOnly()
 *         .grant(Grant.CARDS_FREEZE, Grant.CARDS_UNFREEZE, Grant.ACCOUNTS_TRANSFER_IN)
 *         .maxTransfer(BigDecimal("100"))
 *         .maxPerDay(BigDecimal("500"))
 */
public class Scope private constructor(private val fields: Fields) {
    private data class Fields(
        val cardholderNo: String,
        val session: String? = null,
        val grants: Set<Grant> = emptySet(),
        val isReadOnly: Boolean = false,
        val maxTransfer: Long? = null,
        val maxPerDay: Long? = null,
        val maxCardsPerDay: Int? = null,
    )

    /** The platform's number of the cardholder. */
    public val cardholderNo: String get() = fields.cardholderNo

    /**
     * Sets the name of the session, for the rate limit and the audit records. It must not be the session's token. Default: the
     * cardholder's number, so that all sessions of a cardholder share a rate limit.
     */
    public fun session(id: String): Scope = with { copy(session = id) }

    /** Grants operations. */
    public fun grant(vararg grants: Grant): Scope = grants(grants.asList())

    /** Grants operations. */
    public fun grants(grants: Iterable<Grant>): Scope = with { copy(grants = this.grants + grants) }

    /**
     * Grants operations by their names in the protocol, such as `cards.get`, as a configuration or a token holds them.
     *
     * @throws KeySecureException.Config for a name that this version does not know.
     */
    public fun grantNames(names: Iterable<String>): Scope = grants(names.map { name -> relayCall { grantFromName(name) } })

    /** Grants the reads that show no secret of a card, and the events: not `CARDS_PRIVATE_INFO`, not `PCI_CLIENT_TOKEN`. */
    public fun readOnly(): Scope = with { copy(isReadOnly = true) }

    /**
     * Sets the largest amount of one transfer, in TUSDT. It is rounded down to cents; a negative amount is 0. Without this limit and
     * [maxPerDay] no transfer is granted.
     */
    public fun maxTransfer(amount: BigDecimal): Scope = with { copy(maxTransfer = cents(amount)) }

    /** Sets the largest sum of the cardholder's transfers in one day (UTC+8), in both directions together, in TUSDT. */
    public fun maxPerDay(amount: BigDecimal): Scope = with { copy(maxPerDay = cents(amount)) }

    /**
     * Sets how many cards the cardholder may apply for in one day (UTC+8), if `CARDS_APPLY` is granted. Default: 10; below 0 counts
     * as 0.
     */
    public fun maxCardsPerDay(cards: Int): Scope = with { copy(maxCardsPerDay = cards) }

    private fun with(change: Fields.() -> Fields) = Scope(fields.change())

    internal fun toFfi() = FfiSessionScope(
        cardholderNo.wellFormed(), fields.session?.wellFormed(), fields.grants.toList(), fields.isReadOnly, fields.maxTransfer,
        fields.maxPerDay, fields.maxCardsPerDay,
    )

    override fun equals(other: Any?): Boolean = other is Scope && other.fields == fields

    override fun hashCode(): Int = Objects.hash(fields)

    override fun toString(): String = "Scope($cardholderNo, grants=${fields.grants}, readOnly=${fields.isReadOnly})"

    public companion object {
        /** Creates a scope of a cardholder, by the platform's number, that grants nothing. */
        @JvmStatic
        public fun cardholder(cardholderNo: String): Scope = Scope(Fields(cardholderNo))

        private val MOST = BigDecimal(Long.MAX_VALUE)

        private fun cents(amount: BigDecimal): Long =
            amount.movePointRight(2).min(MOST).max(BigDecimal.ZERO).setScale(0, RoundingMode.DOWN).longValueExact()
    }
}
