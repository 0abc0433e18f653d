package io.keysecure.internal.ffi

import io.keysecure.model.Card

/**
 * A store of a Client.
 */
internal open class FfiStore: UniffiDisposable, AutoCloseable, FfiStoreInterface
{
    internal constructor(noHandle: UniffiNoHandle) {
    }

    /**
     * Returns the Store.
     */ override fun `first`(): FfiStore = FfiConverterTypeStore.lift(FfiStore(UniffiWithHandle, 0))
}

internal interface FfiStoreInterface {
}

/**
 * A header of a Store.
 */
internal data class Header (
    val `store`: FfiStore
)

internal class UniffiInternalException(message: String) : kotlin.Exception(message)
