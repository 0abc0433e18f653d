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
    
){
    
    /**
     * Returns the object as JSON text.
     */ fun `toJson`(): kotlin.String {
            return FfiConverterString.lift(write(this))
    }

    override fun toString(): String {
        return FfiConverterString.lift(print(this))
    }
    

    
    companion object
}
