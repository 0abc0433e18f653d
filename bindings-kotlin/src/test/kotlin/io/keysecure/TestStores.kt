package io.keysecure

import io.keysecure.model.AttemptEnd
import java.time.Duration
import java.util.UUID
import java.util.concurrent.ConcurrentHashMap

// In-memory implementations of the store interfaces. `before` runs at the start of each method.

class TestTokenStore(private val before: () -> Unit = {}) : TokenStore {
    private val tokens = ConcurrentHashMap<String, StoredToken>()
    private val locks = ConcurrentHashMap<String, String>()

    override fun load(slot: String, within: Duration): StoredToken? {
        before()
        return tokens[slot]
    }

    override fun save(slot: String, token: StoredToken, within: Duration) {
        before()
        tokens[slot] = token
    }

    override fun tryLock(slot: String, within: Duration): String? {
        before()
        val id = UUID.randomUUID().toString()
        return id.takeIf { locks.putIfAbsent(slot, it) == null }
    }

    override fun unlock(slot: String, lockId: String, within: Duration) {
        before()
        locks.remove(slot, lockId)
    }
}

/** @param age how long the store has been recording. */
class TestAttemptStore(private val age: Duration, private val before: () -> Unit = {}) : AttemptStore {
    private class Record(val lease: String, val ends: Long, var end: AttemptEnd? = null, var ended: Long = ends)
    private class Lease(val id: String, val ends: Long)

    val calls = ArrayList<String>()
    private val records = HashMap<String, Record>()
    private val leases = HashMap<String, Lease>()

    private fun after(time: Duration) = System.nanoTime() + time.toNanos()

    private fun holds(reference: String, id: String) = leases[reference]?.let { it.id == id && it.ends > System.nanoTime() } == true

    @Synchronized
    override fun acquire(reference: String, lease: Duration, within: Duration): Acquired {
        before()
        calls += "acquire"
        val now = System.nanoTime()
        val past = records[reference]
        if ((leases[reference]?.ends ?: now) > now || past != null && past.end == null && past.ends > now) return Acquired.Busy
        val id = UUID.randomUUID().toString()
        leases[reference] = Lease(id, after(lease))
        return Acquired.Leased(id, past?.let { PastAttempt(Duration.ofNanos(now - it.ended), it.end) }, age)
    }

    @Synchronized
    override fun begin(attempt: AttemptStart, within: Duration): Boolean {
        before()
        calls += "begin ${attempt.operation}"
        if (!holds(attempt.reference, attempt.leaseId)) return false
        leases[attempt.reference] = Lease(attempt.leaseId, after(attempt.lease))
        records[attempt.reference] = Record(attempt.leaseId, after(attempt.lasts))
        return true
    }

    @Synchronized
    override fun finish(reference: String, leaseId: String, end: AttemptEnd, within: Duration) {
        before()
        calls += "finish $end"
        val record = records[reference] ?: return
        if (record.lease != leaseId && end != AttemptEnd.DONE) return
        record.end = end
        record.ended = System.nanoTime()
    }

    @Synchronized
    override fun release(reference: String, leaseId: String, within: Duration) {
        before()
        calls += "release"
        if (leases[reference]?.id == leaseId) leases.remove(reference)
    }
}

class TestReplayStore @JvmOverloads constructor(private val before: () -> Unit = {}) : ReplayStore {
    private val values = ConcurrentHashMap<String, String>()

    override fun insert(key: String, value: String, keep: Duration): String? {
        before()
        return values.putIfAbsent(key, value)
    }

    override fun get(key: String): String? {
        before()
        return values[key]
    }

    override fun remove(key: String) {
        before()
        values.remove(key)
    }
}
