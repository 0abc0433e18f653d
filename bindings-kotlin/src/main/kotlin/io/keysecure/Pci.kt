package io.keysecure

import io.keysecure.ffi.Pci as FfiPci

/** The calls for the hosted card page. All of them block. */
public class Pci internal constructor(private val ffi: FfiPci) {
    /** A token for the hosted card page. Code 1013: PCI display is not enabled for the merchant. */
    public fun clientToken(cardNo: String): ClientToken = ClientToken(call { ffi.clientToken(cardNo) })

    /**
     * What the hosted card page itself calls; a merchant's server has no need of it. Its body is inferred.
     *
     * @param clientAccessToken the one-time token; see [clientToken].
     * @param origin the origin of the hosted page.
     * @param parentOrigin the origin of the merchant's page around it.
     * @param nonce a text never used before.
     * @param extra further fields of the body, as one JSON object.
     */
    @JvmOverloads
    public fun cardDetail(
        clientAccessToken: String,
        origin: String,
        parentOrigin: String,
        nonce: String,
        extra: String = "{}",
    ): CardSecrets = CardSecrets(call { ffi.cardDetail(clientAccessToken, origin, parentOrigin, nonce, extra) })
}
