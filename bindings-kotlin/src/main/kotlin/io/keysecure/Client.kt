package io.keysecure

import io.keysecure.ffi.ClientOptions
import io.keysecure.ffi.Client as FfiClient
import io.keysecure.model.AesSettings
import io.keysecure.model.Environment
import io.keysecure.model.Language
import io.keysecure.model.Method
import io.keysecure.model.Report
import java.time.Duration

/**
 * A blocking client of the platform. Any number of threads may use one; do not call it on a main thread.
 *
 * It fetches and renews the access token by itself, learns the platform's clock, and sends a request again only when that
 * cannot do a thing twice. Java callers make one by [builder].
 *
 * @param environment the platform to talk to. Default: its sandbox.
 * @param baseUrl another address than the environment's: https, or http to loopback and to the hosts of `allowPlainHttp`.
 * @param aes how card secrets are encrypted. Default: the apiSecret's UTF-8 bytes as key, ECB.
 * @param timeout the most time that one call may take, with all its attempts and waits. Default: 30 s.
 * @param connectTimeout the most time that making one connection may take. Default: 5 s.
 * @param maxRetries how often a call is sent again after a back-off, where that cannot do a thing twice. Default: 2.
 * @param language the language of the platform's messages. Default: English.
 * @param timezone the zone in which bare dates begin and end, such as `UTC+8`, which is the default.
 * @param proxy an http or https proxy, as a URL. None is ever taken from the environment.
 * @param caPem the root certificates to trust instead of the built-in ones, in PEM form.
 * @param transport another HTTP stack than the built-in one; `proxy` and `caPem` are then its own matter.
 * @param observer is told of every attempt and call.
 * @param store shares the access token and the record of attempts with other workers. The `ensure...` calls need it.
 * @param allowPlainHttp hosts that plain http may go to although they are not this machine: a sandbox in another container, say.
 * All of a call can be read on the way. Refused in production.
 */
public class Client private constructor(private val ffi: FfiClient) : AutoCloseable {
    public constructor(
        apiKey: String,
        apiSecret: String,
        environment: Environment? = null,
        baseUrl: String? = null,
        aes: AesSettings? = null,
        timeout: Duration? = null,
        connectTimeout: Duration? = null,
        maxRetries: Int? = null,
        language: Language? = null,
        timezone: String? = null,
        proxy: String? = null,
        caPem: String? = null,
        transport: Transport? = null,
        observer: Observer? = null,
        store: Store? = null,
        allowPlainHttp: List<String> = emptyList(),
    ) : this(
        call {
            FfiClient(
                apiKey,
                apiSecret,
                withTransport(
                    ClientOptions(
                        environment, baseUrl, aes, timeout, connectTimeout, maxRetries, language, timezone, proxy, caPem,
                        transport?.let(::GuardedTransport), observer?.let(::GuardedObserver), store?.ffi,
                        allowPlainHttp,
                    ),
                ),
            )
        },
    )

    private val cardholders = Cardholders(ffi.cardholders())
    private val cards = Cards(ffi.cards())
    private val consumptions = Consumptions(ffi.consumptions())
    private val accounts = Accounts(ffi.accounts())
    private val pci = Pci(ffi.pci())
    private val simulation = Simulation(ffi.simulation())

    /** Cardholders and their verification. */
    public fun cardholders(): Cardholders = cardholders

    /** Cards, packages and BINs. */
    public fun cards(): Cards = cards

    /** Purchases, fees, reversals and refunds. */
    public fun consumptions(): Consumptions = consumptions

    /** Balances and transfers (credit mode). */
    public fun accounts(): Accounts = accounts

    /** The hosted card page. */
    public fun pci(): Pci = pci

    /** SimulationRequest purchases; refused in production. */
    public fun simulation(): Simulation = simulation

    /** The access token in use, for diagnosis; one is fetched only when there is none. */
    public fun accessToken(): AccessToken = AccessToken(call { ffi.accessToken() })

    /**
     * Finds out what is wrong with an integration: clock, reachability, Api-Key, whitelist, token, mode and, with the number
     * of an activated card, PCI display and the AES scheme. Nothing is changed at the platform.
     */
    @JvmOverloads
    public fun doctor(cardNo: String? = null): Report = call { ffi.doctor(cardNo) }.also { LastCause.take() }

    /**
     * Makes any call of the platform, with its headers, rules and errors: JSON in, `data` as JSON out, unmasked.
     *
     * @param path starts behind `/open-api`, such as `/v1/card/list`.
     */
    @JvmOverloads
    public fun call(method: Method, path: String, body: String? = null): String =
        io.keysecure.call { ffi.call(method, path, body) }

    /**
     * Ends the client: its connections are closed, and every later call is a [KeySecureException.Config]. Calls under way may be
     * broken off; of a mutation among them nobody knows whether it was done.
     */
    override fun close() {
        ffi.shutdown()
    }

    override fun toString(): String = ffi.toString()

    public companion object {
        /** Begins a client with the merchant's credentials. */
        @JvmStatic
        public fun builder(apiKey: String, apiSecret: String): ClientBuilder =
            ClientBuilder { options -> FfiClient(apiKey, apiSecret, options) }

        /**
         * Begins a client from `KEYSECURE_API_KEY`, `KEYSECURE_API_SECRET` and, when set, `KEYSECURE_ENVIRONMENT` (`sandbox`
         * or `production`), `KEYSECURE_BASE_URL`, `KEYSECURE_PROXY`, `KEYSECURE_CA_PEM` (the text, or a file's path),
         * `KEYSECURE_TIMEZONE` and `KEYSECURE_STORE` (see [Store.of]). They are read by `build()`; the builder's own settings
         * override them.
         */
        @JvmStatic
        public fun builderFromEnv(): ClientBuilder = ClientBuilder { options -> FfiClient.fromEnv(options) }

        /** A client from the environment; see [builderFromEnv]. */
        @JvmStatic
        public fun fromEnv(): Client = builderFromEnv().build()

        internal fun over(ffi: FfiClient): Client = Client(ffi)
    }
}
