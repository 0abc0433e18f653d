package io.keysecure

import io.keysecure.ffi.Acquired
import io.keysecure.ffi.AttemptStart
import io.keysecure.ffi.CallbackFailure
import io.keysecure.ffi.StoredToken
import io.keysecure.ffi.AttemptStore as FfiAttemptStore
import io.keysecure.ffi.ReplayStore as FfiReplayStore
import io.keysecure.ffi.Store as FfiStore
import io.keysecure.ffi.TokenStore as FfiTokenStore
import io.keysecure.model.AttemptEnd
import java.nio.file.Path
import java.time.Duration

/**
 * What clients and verifiers share: the access token, the record of attempts on your references, and webhooks. The
 * `ensure...` calls need one.
 *
 * | store | use it when |
 * |---|---|
 * | [memory] | this process is the only one that works on its references |
 * | [file] | all workers are processes of one user on one machine (Unix) |
 * | [redis] | the workers are on several machines |
 * | [own] | you have a database that all workers reach |
 */
public class Store private constructor(internal val ffi: FfiStore) {
    override fun toString(): String = ffi.toString()

    public companion object {
        /**
         * In the memory of this process; all calls return the same store. It cannot tell that a reference is new, so an
         * `ensure...` call waits `settle` (10 s by default) for each that is not given as never sent.
         */
        @JvmStatic
        public fun memory(): Store = made { FfiStore.memory() }

        /**
         * In a directory that only its user can enter (mode 0700), on a local file system: for the processes of one user on
         * one machine. It is created if it does not exist. Unix only.
         */
        @JvmStatic
        public fun file(directory: Path): Store = made { FfiStore.file(directory.toString()) }

        /**
         * In a Redis, for workers on several machines: `redis://HOST/` or `redis+unix://PATH`. The access token is stored there
         * and sent there in the clear, so the way to it must be private: this library has no TLS for Redis.
         */
        @JvmStatic
        public fun redis(url: String): Store = made { FfiStore.redis(url) }

        /** From a text, as a setting holds it: `memory`, `file:DIRECTORY` or the URL of a Redis. */
        @JvmStatic
        public fun of(text: String): Store = made { FfiStore.parse(text) }

        /**
         * In stores of your own. Give those that you have: without [attempts] the `ensure...` calls are refused, without
         * [replays] no verifier takes it. One that throws counts as unavailable; the class of what it threw, and the place,
         * are logged.
         */
        @JvmStatic
        @JvmOverloads
        public fun own(tokens: TokenStore? = null, attempts: AttemptStore? = null, replays: ReplayStore? = null): Store =
            made { FfiStore.own(tokens?.let(::GuardedTokens), attempts?.let(::GuardedAttempts), replays?.let(::GuardedReplays)) }

        private inline fun made(make: () -> FfiStore): Store {
            Warnings.begin()
            return Store(call(make))
        }
    }
}

/**
 * Keeps access tokens for several clients: a new token may invalidate the one before it. A `slot` stands for one merchant at
 * one platform; its name is 64 hexadecimal digits and no secret. `within` is how long the caller can wait at most.
 *
 * One that throws counts as unavailable: the client then continues with a token that it shares with nobody.
 */
public interface TokenStore {
    /** Returns the token of a slot, if there is one; it need not be valid any more. */
    public fun load(slot: String, within: Duration): StoredToken?

    /** Replaces the token of a slot. A reader at the same moment gets the old one or the new one, whole. */
    public fun save(slot: String, token: StoredToken, within: Duration)

    /**
     * Takes the lock of a slot and returns a name for this lock that no other one has; `null` when another worker has it. It
     * does not wait. The lock must end by itself some seconds after its holder is killed (10 s, say).
     */
    public fun tryLock(slot: String, within: Duration): String?

    /** Ends the lock of that name, if it is still held. */
    public fun unlock(slot: String, lockId: String, within: Duration)
}

/**
 * Remembers which of your references were sent, and leases each to one worker at a time.
 *
 * A `reference` is an opaque text without spaces of at most 128 characters, and no secret. The order of calls on one
 * reference is [acquire], then for each attempt [begin] before its first byte leaves and [finish] after it ended, then
 * [release]. Records are kept for good: a reference that was sent long ago must not look new. `within` is how long the caller
 * can wait at most.
 *
 * One that throws counts as unavailable: the `ensure...` calls then fail before they send anything; see
 * [Ensure.onStoreFailure].
 */
public interface AttemptStore {
    /**
     * Leases a reference for [lease] and returns what is recorded of it; [Acquired.Busy] when another worker has it. It does
     * not wait for that worker. It must be atomic: of two calls at once, at most one gets the lease. It also returns
     * [Acquired.Busy] while an attempt without an end still has time.
     *
     * The lease ends with [release], or when [lease] is over.
     */
    public fun acquire(reference: String, lease: Duration, within: Duration): Acquired

    /**
     * Records durably that an attempt begins, and extends the lease by [AttemptStart.lease] from now. Returns `false`, and
     * records nothing, when the lease is no longer this worker's.
     */
    public fun begin(attempt: AttemptStart, within: Duration): Boolean

    /**
     * Records how the last attempt of this lease ended, also when the lease is no longer this worker's. When another worker
     * has begun a later attempt, only [AttemptEnd.DONE] is recorded: the end of the earlier attempt says nothing about the
     * later one.
     */
    public fun finish(reference: String, leaseId: String, end: AttemptEnd, within: Duration)

    /** Ends the lease, if it is still this worker's. */
    public fun release(reference: String, leaseId: String, within: Duration)
}

/** Remembers webhooks that were accepted, and the decisions on purchases. One that throws counts as unavailable. */
public interface ReplayStore {
    /**
     * Stores [value] under [key] for [keep], unless the key is present: then returns the value that is there. It must be
     * atomic: of two calls at once, exactly one gets `null`.
     */
    public fun insert(key: String, value: String, keep: Duration): String?

    /** Returns the value of [key], if the key is present. */
    public fun get(key: String): String?

    /** Removes [key], if it is present. */
    public fun remove(key: String)
}

private class GuardedTokens(private val inner: TokenStore) : FfiTokenStore {
    override fun load(slot: String, within: Duration): StoredToken? = guarded { inner.load(slot, within) }

    override fun save(slot: String, token: StoredToken, within: Duration) = guarded { inner.save(slot, token, within) }

    override fun tryLock(slot: String, within: Duration): String? = guarded { inner.tryLock(slot, within) }

    override fun unlock(slot: String, lockId: String, within: Duration) = guarded { inner.unlock(slot, lockId, within) }
}

private class GuardedAttempts(private val inner: AttemptStore) : FfiAttemptStore {
    override fun acquire(reference: String, lease: Duration, within: Duration): Acquired =
        guarded { inner.acquire(reference, lease, within) }

    override fun begin(attempt: AttemptStart, within: Duration): Boolean = guarded { inner.begin(attempt, within) }

    override fun finish(reference: String, leaseId: String, end: AttemptEnd, within: Duration) =
        guarded { inner.finish(reference, leaseId, end, within) }

    override fun release(reference: String, leaseId: String, within: Duration) =
        guarded { inner.release(reference, leaseId, within) }
}

private class GuardedReplays(private val inner: ReplayStore) : FfiReplayStore {
    override fun insert(key: String, value: String, keep: Duration): String? = guarded { inner.insert(key, value, keep) }

    override fun get(key: String): String? = guarded { inner.get(key) }

    override fun remove(key: String) = guarded { inner.remove(key) }
}

/** Runs code of the caller's. Nothing else may escape into native code, not even an [Error]. */
internal inline fun <T> guarded(code: () -> T): T =
    try {
        code()
    } catch (error: Throwable) {
        if (error is InterruptedException) Thread.currentThread().interrupt()
        throw CallbackFailure.Failed(described(error))
    }

/** What may be logged of an exception: its class, the place, and the same of its causes. Its text could hold anything. */
internal fun described(error: Throwable): String = causes(error).joinToString(", caused by ") { one ->
    val place = one.stackTrace.firstOrNull()
    if (place == null) one.javaClass.name else "${one.javaClass.name} at $place"
}
