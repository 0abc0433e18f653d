package io.keysecure.model

import java.io.Serializable

/** An object of the platform that reads from JSON, by the `fromJson` of its class, and writes to JSON. */
public interface JsonModel : Serializable {
    /**
     * Returns the object as JSON text in the platform's form.
     *
     * @throws io.keysecure.KeySecureException.InvalidInput when a field is not valid, such as an `extra` that is not a JSON object.
     */
    public fun toJson(): String
}
