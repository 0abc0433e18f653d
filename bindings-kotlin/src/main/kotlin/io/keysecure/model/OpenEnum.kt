package io.keysecure.model

import com.fasterxml.jackson.annotation.JsonValue
import java.io.Serializable

/**
 * A constant of the platform, such as [CardStatus]. New values appear without notice: one that this version does not know is
 * `Unknown`, with its text.
 *
 * Jackson writes a value as its text and reads it from it, without a module. For Gson and kotlinx.serialization see the package
 * `io.keysecure.json`.
 */
public sealed interface OpenEnum : Serializable {
    /** The platform's text, such as `Frozen`. */
    // Jackson is no dependency: a JVM ignores an annotation whose class is missing.
    @get:JsonValue
    public val value: String
}
