package io.keysecure

import io.keysecure.internal.ffi.FfiPci

/** Calls for the hosted card page. Every call blocks. */
public class Pci internal constructor(private val calls: Calls<FfiPci>) {
    /**
     * Returns a one-time token for the hosted card page.
     *
     * @throws KeySecureException.Permission when PCI display is not enabled for the merchant (code 1013).
     * @throws KeySecureException on any other failure.
     */
    public fun clientToken(cardNo: String): ClientToken = ClientToken(calls.read { it.clientToken(cardNo) })

    /**
     * Returns the secrets of a card, as the hosted card page does. A merchant's server does not need this call. The format of
     * its request body is inferred, not documented.
     *
     * @param clientAccessToken the one-time token; see [clientToken].
     * @param origin the origin of the hosted page.
     * @param parentOrigin the origin of the merchant's page that embeds it.
     * @param nonce a text that was never used before.
     * @param extra further fields of the request body, as one JSON object.
     * @throws KeySecureException with the reason in its class.
     */
    @JvmOverloads
    public fun cardDetail(
        clientAccessToken: String,
        origin: String,
        parentOrigin: String,
        nonce: String,
        extra: String = "{}",
    ): CardSecrets = CardSecrets(calls.read { it.cardDetail(clientAccessToken, origin, parentOrigin, nonce, extra) })
}
