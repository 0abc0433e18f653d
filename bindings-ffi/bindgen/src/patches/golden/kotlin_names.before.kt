package io.keysecure.internal.ffi

import io.keysecure.model.Card

/**
 * A store of a Client.
 */
internal open class Store: Disposable, AutoCloseable, StoreInterface
{
    internal constructor(noHandle: NoHandle) {
    }

    /**
     * Returns the Store.
     */ override fun `first`(): Store = FfiConverterTypeStore.lift(Store(UniffiWithHandle, 0))
}

internal interface StoreInterface {
}

/**
 * A header of a Store.
 */
internal data class Header (
    val `store`: Store
)

internal class InternalException(message: String) : kotlin.Exception(message)
