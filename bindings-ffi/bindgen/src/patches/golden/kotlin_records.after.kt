package io.keysecure.model

/**
 * A fee.
 */
data class Fee (
    /**
     * The amount of the fee.
     */
    val `amount`: kotlin.String
    , 
    val `detail`: kotlin.String?
    , 
    val `count`: kotlin.Int = 0 
    
) : JsonModel {
    
    /**
     * Returns the object as JSON text.
     */ override fun `toJson`(): kotlin.String = io.keysecure.written {
            FfiConverterString.lift(write(this))
    }

    override fun toString(): String = io.keysecure.printed(this) {
        FfiConverterString.lift(print(this))
    }
    

    

    /** Creates a builder with the fields of this object. */
    fun toBuilder(): Builder = Builder().also { builder ->
        builder.`amount`(`amount`)
        builder.`detail`(`detail`)
        builder.`count`(`count`)
    }

    /** Builds a [Fee], for callers without named arguments. */
    class Builder internal constructor() {
        private var `amount`: kotlin.String? = null
        private var `detail`: kotlin.String? = null
        private var `count`: kotlin.Int? = null

        /**
         * The amount of the fee.
         */
        fun `amount`(`amount`: kotlin.String): Builder = apply { this.`amount` = `amount` }

        fun `detail`(`detail`: kotlin.String?): Builder = apply { this.`detail` = `detail` }

        fun `count`(`count`: kotlin.Int): Builder = apply { this.`count` = `count` }

        /**
         * Creates the object.
         *
         * @throws io.keysecure.KeySecureException.InvalidInput when a required field is missing or a field is not valid.
         */
        fun build(): Fee = Fee(
            `amount` ?: throw io.keysecure.invalidInput("amount is required"),
            `detail`,
            `count` ?: 0,
        ).also { it.toJson() }
    }

    companion object {
        /** Creates an empty builder. */
        @JvmStatic
        fun builder(): Builder = Builder()

        /**
         * Reads the object from JSON text in the platform's form, such as [toJson] returns.
         *
         * @throws io.keysecure.KeySecureException.InvalidInput when the text does not have the form of the object.
         */
        @JvmStatic
        fun fromJson(json: kotlin.String): Fee = io.keysecure.call { io.keysecure.internal.ffi.feeFromJson(json) }
    }
}
