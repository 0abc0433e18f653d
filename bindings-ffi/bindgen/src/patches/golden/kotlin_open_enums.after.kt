package io.keysecure.model

/**
 * The status of a card.
 */
sealed class CardStatus : OpenEnum {
    
    /**
     * Frozen. It can be unfrozen.
     */
    object Frozen : CardStatus() {
        private fun readResolve(): Any = Frozen
    }
    
    
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

    /** This value as an enum, for `switch` in Java. */
    val known: Known get() = when (this) {
            is Frozen -> Known.FROZEN
            is Unknown -> Known.UNKNOWN
    }

    @Transient
    private var text: kotlin.String? = null

    /** The platform's text. */
    override val value: kotlin.String
        get() = if (this is Unknown) raw else text ?: io.keysecure.call { toString() }.also { text = it }

    /** The values that this version knows, and one for all others. */
    enum class Known {
        /** Frozen. It can be unfrozen. */
        FROZEN,

        /** A value that this version does not know. */
        UNKNOWN,
    }

    companion object {
        /** Returns the value of the platform's text; `Unknown` when this version does not know it. */
        @JvmStatic
        fun of(text: kotlin.String): CardStatus = io.keysecure.call { io.keysecure.internal.ffi.cardStatusFromText(text) }

        /** Like [of]. Jackson, JAX-RS and Spring look for a function of this name. */
        @JvmStatic
        fun valueOf(text: kotlin.String): CardStatus = of(text)

        /** Returns the values that this version knows. */
        @JvmStatic
        fun values(): List<CardStatus> = listOf(Frozen)

        /** Frozen. It can be unfrozen. */
        @JvmStatic
        fun `frozen`(): CardStatus = Frozen
    }
}

/**
 * A bound.
 */
sealed class WindowBound : java.io.Serializable {

    companion object
}

sealed class FfiException: kotlin.Exception() {
}
