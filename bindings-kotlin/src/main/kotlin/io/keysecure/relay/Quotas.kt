@file:JvmName("Quotas")

package io.keysecure.relay

import io.keysecure.Store
import io.keysecure.internal.relay.FfiQuotaReservation
import io.keysecure.internal.relay.FfiQuotaReserved
import io.keysecure.internal.relay.FfiQuotaStore
import io.keysecure.internal.relay.storeWithQuota
import java.time.Duration

/**
 * Counts amounts against limits in a database of yours: what a cardholder transfers through a [Relay] in one day, and the cards that it
 * applies for. [Store.withQuota] adds it to a store of your own.
 *
 * A `key` names one sum, an `entry` one amount in it. Both are 64 hexadecimal digits: digests, not secrets. Amounts are cents, or cards. `within`
 * is how long the caller can wait. One that throws counts as unavailable, and the transfer is refused. Share one among all workers.
 */
public interface QuotaStore {
    /**
     * Adds an amount to the sum of a key, unless the sum would exceed the limit. Each entry counts once: if it is present, nothing
     * changes, whatever its amount.
     *
     * Must be atomic: however many workers reserve at once, the sum never exceeds the limit of the reservations that returned
     * [QuotaReserved.NEW].
     */
    @Throws(Exception::class)
    public fun reserve(reservation: QuotaReservation, within: Duration): QuotaReserved

    /** Removes an entry and takes its amount from the sum. No effect if the entry is absent. */
    @Throws(Exception::class)
    public fun release(key: String, entry: String, within: Duration)
}

/**
 * An amount to be counted against a limit.
 *
 * @property key the name of the sum.
 * @property entry the name of the amount within the sum.
 * @property amount the amount in cents, or 1 for a card.
 * @property limit the largest allowed sum, including this amount.
 * @property keep the time for which the sum is needed from now on. It may be forgotten when this time has passed for all its entries.
 */
public class QuotaReservation internal constructor(
    public val key: String,
    public val entry: String,
    public val amount: Long,
    public val limit: Long,
    public val keep: Duration,
)

/** The result of [QuotaStore.reserve]. */
public enum class QuotaReserved {
    /** The amount was added. */
    NEW,

    /** The entry was counted before. Nothing was added. */
    REPEATED,

    /** The sum would exceed the limit. Nothing was added. */
    EXCEEDED,
}

/** Returns the same store, whose limits are counted by [quota]: `Store.own(attempts = attempts).withQuota(quota)`. */
public fun Store.withQuota(quota: QuotaStore): Store = Store.over { relayCall { storeWithQuota(ffi, GuardedQuota(quota)) } }

private class GuardedQuota(private val inner: QuotaStore) : FfiQuotaStore {
    override fun reserve(reservation: FfiQuotaReservation, within: Duration): FfiQuotaReserved = guardedHook {
        val asked = reservation.run { QuotaReservation(key, entry, amount, limit, keep) }
        when (inner.reserve(asked, within)) {
            QuotaReserved.NEW -> FfiQuotaReserved.NEW
            QuotaReserved.REPEATED -> FfiQuotaReserved.REPEATED
            QuotaReserved.EXCEEDED -> FfiQuotaReserved.EXCEEDED
        }
    }

    override fun release(key: String, entry: String, within: Duration) = guardedHook { inner.release(key, entry, within) }
}
