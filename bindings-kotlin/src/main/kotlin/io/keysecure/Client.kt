package io.keysecure

import io.keysecure.internal.ffi.FfiAccounts
import io.keysecure.internal.ffi.FfiCardholders
import io.keysecure.internal.ffi.FfiCards
import io.keysecure.internal.ffi.FfiClient
import io.keysecure.internal.ffi.FfiClientOptions
import io.keysecure.internal.ffi.FfiConsumptions
import io.keysecure.internal.ffi.FfiPci
import io.keysecure.internal.ffi.FfiSimulation
import io.keysecure.internal.ffi.FfiWebhookOptions
import io.keysecure.model.AesSettings
import io.keysecure.model.Environment
import io.keysecure.model.Language
import io.keysecure.model.Method
import io.keysecure.model.OnStoreFailure
import io.keysecure.model.Report
import java.time.Clock
import java.time.Duration

/**
 * A blocking client of the platform. Any number of threads may share one. Do not call it on the main thread of an app.
 *
 * `Thread.interrupt` ends a call within 50 ms: it throws [KeySecureException.Transport] with fault `INTERRUPTED`, and `outcome` says
 * whether the request may have reached the platform. The thread stays interrupted; further calls throw at once and send nothing.
 *
 * On a virtual thread a call runs on a platform thread, at most 64 reads and 64 mutations at once, while the virtual thread parks
 * and its carrier is free. Sessions, transports, stores and observers therefore do not see the `ThreadLocal`s of the virtual thread (an MDC,
 * for example); they do see its context class loader. When an interrupted virtual thread waits for a mutation that has started, it
 * gets an exception with outcome `UNKNOWN`, and the end of the mutation is logged (`java.util.logging`, logger `keysecure`).
 *
 * It fetches and renews the access token, learns the clock of the platform, and sends a request again only when that cannot
 * carry out an operation twice. Java callers create one with [builder].
 *
 * An app of a customer must not hold the credentials: it calls through the relay on its merchant's server, with a client made by
 * [relay].
 *
 * @param environment the platform to call. Default: the platform's sandbox.
 * @param baseUrl replaces the address of the environment: https, or http to loopback and to the hosts of `allowPlainHttp`.
 * @param aes how card secrets are encrypted. Default: the UTF-8 bytes of the apiSecret as the key, ECB.
 * @param timeout limits one call with all its attempts and waits. Default: 30 s.
 * @param connectTimeout limits the time to open a connection. Default: 5 s.
 * @param maxRetries how often a call is sent again after a back-off, where that is safe. Default: 2.
 * @param language the language of the platform's messages. Default: English.
 * @param timezone the offset in which a `LocalDate` begins and ends, such as `UTC+8`, `UTC` or a `ZoneOffset.id`. Default:
 * `UTC+8`. `LocalDate.now()` is the day in the zone of the machine: as a start it may not have begun here, which is refused; as
 * an end it may be over here, and the newest rows are missing. Use `LocalDate.now(ZoneOffset.ofHours(8))`, or instants.
 * @param proxy the URL of an http or https proxy. None is taken from the environment.
 * @param caPem the trusted root certificates in PEM format, in place of the built-in ones.
 * @param transport replaces the built-in HTTP stack. One transport per client: closing the client closes it. Configure proxy and
 * certificates there instead of `proxy` and `caPem`.
 * @param observer called after every attempt and every call.
 * @param store shares the access token and the attempt records with other workers. The `ensure...` calls need it.
 * @param allowPlainHttp hosts other than this machine that plain http may be used for, such as a sandbox in another container.
 * Everything that is sent to them can be read on the network. Refused in production.
 * @param appId the app id of webhooks, for [webhookVerifier]. Default: the Api-Key (inferred).
 * @param clock a clock in place of the system's, for tests and simulated time. It is used until the platform's clock is learned from
 * the first response; time-outs and waits are not affected. One that throws here is refused; what it throws later is logged, and the
 * time continues from the last one.
 * @throws KeySecureException.Config when a setting is not valid.
 */
public class Client private constructor(internal val ffi: FfiClient, timeout: Duration?) : AutoCloseable {
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
        appId: String? = null,
        clock: Clock? = null,
    ) : this(
        call {
            FfiClient(
                apiKey,
                apiSecret,
                withTransport(
                    FfiClientOptions(
                        environment, baseUrl, aes, timeout, connectTimeout, maxRetries, language, timezone, proxy, caPem,
                        transport?.let(::GuardedTransport), observer?.let(::GuardedObserver), store?.ffi,
                        allowPlainHttp, appId, clock?.let(::GuardedClock),
                    ),
                ),
            )
        },
        timeout,
    )

    internal val limits = CallLimits(timeout ?: DEFAULT_TIMEOUT, ffi.defaultEnsureDeadline())
    private val calls = Calls(ffi, limits, FfiClient::afterWaiting)
    private val cardholders = Cardholders(Calls(ffi.cardholders(), limits, FfiCardholders::afterWaiting))
    private val cards = Cards(Calls(ffi.cards(), limits, FfiCards::afterWaiting))
    private val consumptions = Consumptions(Calls(ffi.consumptions(), limits, FfiConsumptions::afterWaiting))
    private val accounts = Accounts(Calls(ffi.accounts(), limits, FfiAccounts::afterWaiting))
    private val pci = Pci(Calls(ffi.pci(), limits, FfiPci::afterWaiting))
    private val simulation = Simulation(Calls(ffi.simulation(), limits, FfiSimulation::afterWaiting))

    /** Cardholders and their identity verification. */
    public fun cardholders(): Cardholders = cardholders

    /** Cards, packages and BINs. */
    public fun cards(): Cards = cards

    /** Purchases, ATM withdrawals, fees, reversals and refunds. */
    public fun consumptions(): Consumptions = consumptions

    /** Balances and transfers, in credit mode. */
    public fun accounts(): Accounts = accounts

    /** The hosted card page. */
    public fun pci(): Pci = pci

    /** Simulated purchases and refunds. Refused in production. */
    public fun simulation(): Simulation = simulation

    /**
     * Returns the access token in use, for diagnosis. Fetches one only when there is none.
     *
     * @throws KeySecureException when no token can be fetched.
     */
    public fun accessToken(): AccessToken = AccessToken(calls.read { it.accessToken() })

    /**
     * Checks an integration: reachability, clock, Api-Key, IP whitelist, token and mode. Changes nothing on the platform.
     * Failures do not throw: they are in the report.
     *
     * @param cardNo an activated card; adds the checks of PCI display and the AES scheme.
     * @throws KeySecureException.Transport when the thread is interrupted.
     */
    @JvmOverloads
    public fun doctor(cardNo: String? = null): Report = calls.read { it.doctor(cardNo) }

    /**
     * Calls any endpoint of the platform with the client's headers, retry rules and errors.
     *
     * @param path the path after `/open-api`, such as `/v1/card/list`.
     * @param body a JSON text.
     * @return the `data` of the response as JSON. It may hold secrets: nothing is masked.
     * @throws KeySecureException with the reason in its class and the effect in `outcome`.
     */
    @JvmOverloads
    public fun call(method: Method, path: String, body: String? = null): String =
        if (method == Method.GET) calls.read { it.call(method, path, body) } else calls.mutate("call") { it.call(method, path, body) }

    /**
     * Creates a verifier of this merchant's webhooks, with the app id of this client, by default the Api-Key, and its apiSecret. The
     * parameters are those of [WebhookVerifier].
     *
     * Without a [clock] it uses the platform's clock as this client learns it from responses, at most two seconds behind, and the
     * clock of this client before the first response.
     *
     * @param secrets replaces the apiSecret: several during a rotation.
     */
    @JvmOverloads
    public fun webhookVerifier(
        tolerance: Duration? = null,
        store: Store? = null,
        onStoreFailure: OnStoreFailure = OnStoreFailure.REJECT,
        ignoreTimestamp: Boolean = false,
        maxBody: Int? = null,
        secrets: List<String>? = null,
        clock: Clock? = null,
    ): WebhookVerifier = WebhookVerifier(
        io.keysecure.call {
            val options =
                FfiWebhookOptions(tolerance, ignoreTimestamp, store?.ffi, onStoreFailure, maxBody, clock?.let(::GuardedClock))
            ffi.webhookVerifier(options, secrets)
        },
        maxBody,
    )

    /**
     * Creates a verifier of this merchant's webhooks with a store and defaults, for Java, where a store is never `null`: the method
     * without arguments has none. See [webhookVerifierBuilder].
     */
    public fun webhookVerifier(store: Store): WebhookVerifier = webhookVerifier(tolerance = null, store = store)

    /** Creates a builder of a verifier of this merchant's webhooks, for Java. See [webhookVerifier] for the defaults. */
    public fun webhookVerifierBuilder(): WebhookVerifierBuilder =
        WebhookVerifierBuilder(null) { options, secrets -> ffi.webhookVerifier(options, secrets) }

    /**
     * Closes all connections. Later calls throw [KeySecureException.Config]. Calls in progress end, mutations that may have been
     * sent with outcome `UNKNOWN`.
     */
    override fun close() {
        ffi.shutdown()
        limits.closing.close()
    }

    override fun toString(): String = ffi.toString()

    public companion object {
        /** Creates a builder with the merchant's credentials. */
        @JvmStatic
        public fun builder(apiKey: String, apiSecret: String): ClientBuilder =
            ClientBuilder { options -> FfiClient(apiKey, apiSecret, options) }

        /**
         * Creates a builder that reads `KEYSECURE_API_KEY`, `KEYSECURE_API_SECRET` and, when set, `KEYSECURE_ENVIRONMENT`
         * (`sandbox` or `production`), `KEYSECURE_BASE_URL`, `KEYSECURE_APP_ID`, `KEYSECURE_PROXY`, `KEYSECURE_CA_PEM` (PEM text
         * or the path of a file), `KEYSECURE_TIMEZONE` and `KEYSECURE_STORE` (see [Store.of]). `build()` reads them; settings made on the builder
         * override them.
         */
        @JvmStatic
        public fun builderFromEnv(): ClientBuilder = ClientBuilder { options -> FfiClient.fromEnv(options) }

        /**
         * Creates a client from environment variables; see [builderFromEnv].
         *
         * @throws KeySecureException.Config when a variable is missing or not valid.
         */
        @JvmStatic
        public fun fromEnv(): Client = builderFromEnv().build()

        /**
         * Creates a builder of a client for apps, which calls through the relay on the merchant's server. In Kotlin, [relay] with a
         * block of settings creates the client.
         *
         * An app must not hold the apiSecret, and the platform refuses calls from addresses that it does not know. The relay
         * authenticates the session of the user and makes the call. The client has the same resources, models and exceptions; what no
         * relay serves (`accessToken`, `call`, `webhookVerifier`, simulation, applying for a cardholder) throws
         * [KeySecureException.Config]. The `ensure...` calls need no store here: the relay has one.
         *
         *     Client client = Client.relay("https://api.shop.example/keysecure", refused -> refused ? login.renew() : login.token())
         *             .timeout(Duration.ofSeconds(10))
         *             .build();
         *
         * @param url the address of the relay: https, or http to loopback and to the hosts of [RelayClientBuilder.allowPlainHttp].
         * @param session returns the token of the user's session with that server.
         */
        @JvmStatic
        public fun relay(url: String, session: Session): RelayClientBuilder = RelayClientBuilder(url, session)

        /**
         * Creates a client for apps, which calls through the relay on the merchant's server:
         *
         *     val client = Client.relay("https://api.shop.example/keysecure", { refused -> if (refused) login.renew() else login.token }) {
         *         timeout(Duration.ofSeconds(10))
         *     }
         *     val card = client.io { cards().get(cardNo) }
         *
         * See the [relay] without a block. A session that suspends is a [suspendingSession].
         *
         * @param configure changes settings; `{}` for the defaults.
         * @throws KeySecureException.Config when a setting is not valid.
         */
        @JvmSynthetic // Java uses the builder.
        public fun relay(url: String, session: Session, configure: RelayClientBuilder.() -> Unit): Client =
            relay(url, session).apply(configure).build()

        internal fun over(ffi: FfiClient, timeout: Duration?): Client = Client(ffi, timeout)
    }
}
