package io.keysecure

import io.keysecure.internal.ffi.FfiForeignFailure
import io.keysecure.internal.ffi.FfiAttemptStore
import io.keysecure.internal.ffi.FfiReplayStore
import io.keysecure.internal.ffi.FfiStore
import io.keysecure.internal.ffi.FfiTokenStore
import io.keysecure.model.AttemptEnd
import java.nio.file.Path
import java.time.Duration
import java.util.Objects

/**
 * Shares state between clients and webhook verifiers: the access token, the records of attempts, and accepted webhooks. The
 * `ensure...` calls need one.
 *
 * | store | use it when |
 * |---|---|
 * | [memory] | this process is the only one that works on its merchant references |
 * | [file] | all workers are processes of one user on one machine |
 * | [redis] | the workers are on several machines |
 * | [own] | all workers can reach a database of yours |
 */
public class Store private constructor(internal val ffi: FfiStore) {
    override fun toString(): String = ffi.toString()

    public companion object {
        /**
         * Returns the store in the memory of this process; always the same one. It does not know whether a merchant reference
         * is new, so an `ensure...` call waits `settle` (10 s by default) unless it is called with [EnsureOptions.firstAttempt].
         */
        @JvmStatic
        public fun memory(): Store = create { FfiStore.memory() }

        /**
         * Returns a store in a directory on a local file system, for the processes of one user on one machine.
         *
         * Windows: nothing checks the permissions, which the directory inherits; choose one that other users cannot read, such as
         * one below `%LOCALAPPDATA%`.
         *
         * @param directory created when it does not exist; only its user may have access (mode 0700).
         * @throws KeySecureException.Config when the directory cannot be used.
         */
        @JvmStatic
        public fun file(directory: Path): Store = create { FfiStore.file(directory.toString()) }

        /**
         * Returns a store in Redis, for workers on several machines.
         *
         * The access token is stored and sent unencrypted: the network to Redis must be private, because this library has no TLS
         * for Redis.
         *
         * @param url `redis://HOST/` or `redis+unix://PATH`.
         * @param timeout limits one operation. Default: 1 s.
         * @throws KeySecureException.InvalidInput when the URL is not valid.
         */
        @JvmStatic
        @JvmOverloads
        public fun redis(url: String, timeout: Duration? = null): Store = create { FfiStore.redis(url, timeout) }

        /**
         * Returns the store that a setting names: `memory`, `file:DIRECTORY` or a Redis URL.
         *
         * @throws KeySecureException.Config when the text is not valid or the store cannot be used.
         */
        @JvmStatic
        public fun of(text: String): Store = create { FfiStore.parse(text) }

        /**
         * Returns a store over your own implementations.
         *
         * An implementation that throws counts as unavailable; the class of the exception and the place it was thrown are logged.
         * When a call fails for it, the exception is the `cause` of that of the call. A negative duration that it returns counts as zero.
         *
         * @param attempts without it, `ensure...` calls are refused.
         * @param replays without it, a [WebhookVerifier] refuses the store.
         */
        @JvmStatic
        @JvmOverloads
        public fun own(tokens: TokenStore? = null, attempts: AttemptStore? = null, replays: ReplayStore? = null): Store =
            create { FfiStore.own(tokens?.let(::GuardedTokens), attempts?.let(::GuardedAttempts), replays?.let(::GuardedReplays)) }

        /** Creates a store over one of the native library. */
        internal fun over(block: () -> FfiStore): Store = create(block)

        private inline fun create(block: () -> FfiStore): Store {
            Warnings.install()
            return Store(call(block))
        }
    }
}

/**
 * Stores the access tokens that several clients share, because a new token may invalidate the previous one.
 *
 * A `slot` identifies one merchant on one platform; it is 64 hexadecimal digits and not secret. `within` is how long the caller
 * can wait. A store that throws counts as unavailable: the client then continues with a token of its own.
 */
public interface TokenStore {
    /** Returns the token of a slot, or `null`. It may have expired. */
    @Throws(Exception::class)
    public fun load(slot: String, within: Duration): StoredToken?

    /** Replaces the token of a slot, atomically. */
    @Throws(Exception::class)
    public fun save(slot: String, token: StoredToken, within: Duration)

    /**
     * Takes the lock of a slot and returns a unique id for it; `null` when another worker holds the lock. Does not wait for the
     * lock. The lock must expire some seconds after its holder was killed, 10 s for example.
     */
    @Throws(Exception::class)
    public fun tryLock(slot: String, within: Duration): String?

    /** Releases the lock with this id, if it is still held. */
    @Throws(Exception::class)
    public fun unlock(slot: String, lockId: String, within: Duration)
}

/**
 * Records which merchant references were sent, and leases each to one worker at a time.
 *
 * A `reference` is an opaque text of at most 128 characters without spaces, and not secret. The order of calls for a reference is
 * [acquire]; for each attempt [begin] before its first byte is sent and [finish] after it ended; then [release]. Keep records
 * permanently: a reference that was sent long ago must not look new. `within` is how long the caller can wait.
 *
 * A store that throws counts as unavailable: the `ensure...` calls then fail before they send anything; see
 * [EnsureOptions.onStoreFailure].
 */
public interface AttemptStore {
    /**
     * Leases a reference for the duration [lease] and returns its record; [Acquired.Busy] when another worker holds the lease, or
     * while an attempt that has not finished may still be running. Does not wait for that worker. Must be atomic: of two
     * concurrent calls, at most one gets the lease.
     *
     * The lease ends with [release] or after [lease].
     */
    @Throws(Exception::class)
    public fun acquire(reference: String, lease: Duration, within: Duration): Acquired

    /**
     * Records durably that an attempt starts, and extends the lease to [AttemptStart.lease] from now. Returns `false`, and records
     * nothing, when the worker no longer holds the lease.
     */
    @Throws(Exception::class)
    public fun begin(attempt: AttemptStart, within: Duration): Boolean

    /**
     * Records how the last attempt of this lease ended, also when the worker no longer holds the lease. When another worker has
     * started a later attempt, only [AttemptEnd.DONE] is recorded: the end of the earlier attempt says nothing about the later
     * one.
     */
    @Throws(Exception::class)
    public fun finish(reference: String, leaseId: String, end: AttemptEnd, within: Duration)

    /** Ends the lease, if the worker still holds it. */
    @Throws(Exception::class)
    public fun release(reference: String, leaseId: String, within: Duration)
}

/** Records accepted webhooks and the decisions on purchases. A store that throws counts as unavailable. */
public interface ReplayStore {
    /**
     * Stores [value] under [key] for the duration [keep] and returns `null`; when the key exists, returns its value. Must be
     * atomic: of two concurrent calls, exactly one gets `null`.
     */
    @Throws(Exception::class)
    public fun insert(key: String, value: String, keep: Duration): String?

    /** Returns the value of [key], or `null`. */
    @Throws(Exception::class)
    public fun get(key: String): String?

    /** Removes [key], if it exists. */
    @Throws(Exception::class)
    public fun remove(key: String)
}

private class GuardedTokens(private val inner: TokenStore) : FfiTokenStore {
    override fun load(slot: String, within: Duration): StoredToken? = guarded { inner.load(slot, within)?.wellFormed() }

    override fun save(slot: String, token: StoredToken, within: Duration) = guarded { inner.save(slot, token, within) }

    override fun tryLock(slot: String, within: Duration): String? = guarded { inner.tryLock(slot, within)?.wellFormed() }

    override fun unlock(slot: String, lockId: String, within: Duration) = guarded { inner.unlock(slot, lockId, within) }
}

private class GuardedAttempts(private val inner: AttemptStore) : FfiAttemptStore {
    override fun acquire(reference: String, lease: Duration, within: Duration): Acquired =
        guarded { Objects.requireNonNull(inner.acquire(reference, lease, within), "the store returned null").wellFormed() }

    override fun begin(attempt: AttemptStart, within: Duration): Boolean = guarded { inner.begin(attempt, within) }

    override fun finish(reference: String, leaseId: String, end: AttemptEnd, within: Duration) =
        guarded { inner.finish(reference, leaseId, end, within) }

    override fun release(reference: String, leaseId: String, within: Duration) =
        guarded { inner.release(reference, leaseId, within) }
}

private class GuardedReplays(private val inner: ReplayStore) : FfiReplayStore {
    override fun insert(key: String, value: String, keep: Duration): String? = guarded { inner.insert(key, value, keep)?.wellFormed() }

    override fun get(key: String): String? = guarded { inner.get(key)?.wellFormed() }

    override fun remove(key: String) = guarded { inner.remove(key) }
}

/**
 * Runs code of the caller, by default a store. Only an [FfiForeignFailure] may propagate into native code, not even an [Error].
 *
 * @param cause gets what it throws.
 */
internal inline fun <T> guarded(cause: LastCause = LastCause.ofStore, code: () -> T): T =
    try {
        code()
    } catch (error: Throwable) {
        if (error is InterruptedException) Thread.currentThread().interrupt()
        cause.put(error)
        throw FfiForeignFailure.Failed(described(error))
    }

/** The class of an exception, the place it was thrown, and those of its causes. Omits the messages, which may hold secrets. */
internal fun described(error: Throwable): String = causes(error).joinToString(", caused by ") { one ->
    val place = one.stackTrace.firstOrNull()
    if (place == null) one.javaClass.name else "${one.javaClass.name} at $place"
}
