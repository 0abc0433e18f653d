package io.keysecure

import io.keysecure.internal.ffi.FfiAccessToken
import io.keysecure.internal.ffi.FfiCardSecrets
import io.keysecure.internal.ffi.FfiClientToken
import java.time.Instant

/**
 * The PAN, CVV and expiry date of a card. Prints masked.
 *
 * [close] wipes the native memory that holds the secrets. The strings that `expose...` returns are on the JVM heap and cannot be
 * wiped.
 */
public class CardSecrets internal constructor(private val ffi: FfiCardSecrets) : AutoCloseable {
    /** The platform's number of the card; not the PAN. */
    public val cardNo: String = ffi.cardNo()

    /** The merchant reference of the card. */
    public val cardUniqueNo: String? = ffi.cardUniqueNo()

    /** The PAN with at most its first six and last four digits. */
    public val maskedPan: String = ffi.maskedPan()

    /** The expiry year, four digits such as `2028`. */
    public val expYear: String = ffi.expYear()

    /** The expiry month, two digits from `01` to `12`. */
    public val expMonth: String = ffi.expMonth()

    /** Returns the full PAN. */
    public fun exposePan(): String = ffi.exposePan()

    /** Returns the three digits of the CVV. */
    public fun exposeCvv(): String = ffi.exposeCvv()

    override fun close() {
        ffi.destroy()
    }

    override fun toString(): String = "CardSecrets(cardNo=$cardNo, pan=$maskedPan, cvv=***, expires=$expMonth/$expYear)"
}

/** A token with which the hosted card page shows one card, once. Prints masked. */
public class ClientToken internal constructor(private val ffi: FfiClientToken) : AutoCloseable {
    /** How long the token is valid, in seconds. */
    public val expiresIn: Long = ffi.expiresIn()

    /** Returns the token, for the hosted page. */
    public fun expose(): String = ffi.expose()

    override fun close() {
        ffi.destroy()
    }

    override fun toString(): String = "ClientToken(***, expiresIn=$expiresIn)"
}

/** An access token and its expiry. Prints masked. */
public class AccessToken internal constructor(private val ffi: FfiAccessToken) : AutoCloseable {
    /** When the token expires. */
    public val expiresAt: Instant = ffi.expiresAt()

    /** Returns the token. */
    public fun expose(): String = ffi.expose()

    override fun close() {
        ffi.destroy()
    }

    override fun toString(): String = "AccessToken(***, expiresAt=$expiresAt)"
}
