package io.keysecure.model

/**
 * The status of a card.
 */
sealed class CardStatus {
    
    /**
     * Frozen. It can be unfrozen.
     */
    object Frozen : CardStatus()
    
    
    /**
     * A value that this version does not know.
     */
    data class Unknown(
        val `raw`: kotlin.String) : CardStatus()
        
    {
        

        companion object
    }
    

    // The local Rust `Display`/`Debug` implementation.
    override fun toString(): String {
        return FfiConverterString.lift(display(this))
    }

    companion object
}

/**
 * A bound.
 */
sealed class WindowBound {

    companion object
}

sealed class FfiException: kotlin.Exception() {
}
