package io.keysecure

import io.keysecure.ffi.AccessToken as FfiAccessToken
import io.keysecure.ffi.CardSecrets as FfiCardSecrets
import io.keysecure.ffi.ClientToken as FfiClientToken
import java.time.Instant

/**
 * The PAN, CVV and expiry of a card. It prints masked; the library's memory of it is wiped by [close]. The strings that
 * `expose...` returns are the JVM's own and cannot be wiped.
 */
public class CardSecrets internal constructor(private val ffi: FfiCardSecrets) : AutoCloseable {
    /** The platform's number of the card (not its PAN). */
    public val cardNo: String = ffi.cardNo()

    /** The merchant's own number of the card. */
    public val cardUniqueNo: String? = ffi.cardUniqueNo()

    /** The card number with at most its first six and last four digits. */
    public val maskedPan: String = ffi.maskedPan()

    /** Four digits, such as `2028`. */
    public val expYear: String = ffi.expYear()

    /** Two digits, `01` to `12`. */
    public val expMonth: String = ffi.expMonth()

    /** The whole card number. */
    public fun exposePan(): String = ffi.exposePan()

    /** The three digits on the back. */
    public fun exposeCvv(): String = ffi.exposeCvv()

    override fun close() {
        ffi.destroy()
    }

    override fun toString(): String = "CardSecrets(cardNo=$cardNo, pan=$maskedPan, cvv=***, expires=$expMonth/$expYear)"
}

/** A token that lets the hosted card page show one card, once. It prints without the token. */
public class ClientToken internal constructor(private val ffi: FfiClientToken) : AutoCloseable {
    /** How long it is good, in seconds. */
    public val expiresIn: Long = ffi.expiresIn()

    /** The token itself, for the hosted page. */
    public fun expose(): String = ffi.expose()

    override fun close() {
        ffi.destroy()
    }

    override fun toString(): String = "ClientToken(***, expiresIn=$expiresIn)"
}

/** An access token and its end. It prints without the token. */
public class AccessToken internal constructor(private val ffi: FfiAccessToken) : AutoCloseable {
    /** When the platform ends it. */
    public val expiresAt: Instant = ffi.expiresAt()

    /** The token itself. */
    public fun expose(): String = ffi.expose()

    override fun close() {
        ffi.destroy()
    }

    override fun toString(): String = "AccessToken(***, expiresAt=$expiresAt)"
}
