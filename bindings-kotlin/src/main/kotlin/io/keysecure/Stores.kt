package io.keysecure

import io.keysecure.ffi.CallbackFailure
import io.keysecure.ffi.ReplayMemory as FfiReplayMemory
import io.keysecure.ffi.ReplayStore as FfiReplayStore
import io.keysecure.ffi.TokenStore as FfiTokenStore
import java.nio.file.Path
import java.time.Duration

/** Shares the access token among several clients: a new token may void the one before it. */
public class TokenStore private constructor(internal val ffi: FfiTokenStore) {
    public companion object {
        /** For the clients of one process. */
        @JvmStatic
        public fun memory(): TokenStore = TokenStore(FfiTokenStore.memory())

        /** For the processes of one user on one machine, in a directory of the user's alone (mode 0700). Unix only. */
        @JvmStatic
        public fun file(directory: Path): TokenStore = TokenStore(call { FfiTokenStore.file(directory.toString()) })
    }
}

/** Remembers the callbacks that were accepted, so that one that comes twice is told. */
public class ReplayStore private constructor(internal val ffi: FfiReplayStore) {
    public companion object {
        /** In the memory of one process, at most [capacity] callbacks. */
        @JvmStatic
        @JvmOverloads
        public fun memory(capacity: Int = 100_000): ReplayStore = ReplayStore(call { FfiReplayStore.memory(capacity) })

        /** For the processes of one user on one machine, in a directory of the user's alone (mode 0700). Unix only. */
        @JvmStatic
        public fun file(directory: Path): ReplayStore = ReplayStore(call { FfiReplayStore.file(directory.toString()) })

        /** In a database of your own. */
        @JvmStatic
        public fun own(memory: ReplayMemory): ReplayStore = ReplayStore(FfiReplayStore.own(GuardedMemory(memory)))
    }
}

/** A memory of webhooks that you bring. One that throws cannot be asked: see [WebhookVerifier]. */
public interface ReplayMemory {
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

private class GuardedMemory(private val inner: ReplayMemory) : FfiReplayMemory {
    override fun insert(key: String, value: String, keep: Duration): String? = guarded { inner.insert(key, value, keep) }

    override fun get(key: String): String? = guarded { inner.get(key) }

    override fun remove(key: String) = guarded { inner.remove(key) }

    /** Nothing else may escape into native code, not even an [Error]. */
    private inline fun <T> guarded(ask: () -> T): T =
        try {
            ask()
        } catch (_: Throwable) {
            throw CallbackFailure.Failed()
        }
}
