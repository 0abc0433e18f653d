package io.keysecure

import io.keysecure.internal.ffi.FfiClientOptions
import io.keysecure.internal.ffi.FfiClient
import io.keysecure.internal.ffi.hasHttp
import io.keysecure.model.AesSettings
import io.keysecure.model.Environment
import io.keysecure.model.ErrorDetails
import io.keysecure.model.ErrorKind
import io.keysecure.model.Language
import io.keysecure.model.Outcome
import java.time.Clock
import java.time.Duration

/** Builds a [Client]. */
public class ClientBuilder internal constructor(private val create: (FfiClientOptions) -> FfiClient) {
    private var options = FfiClientOptions()

    /** Sets the platform to call. Default: the platform's sandbox. */
    public fun environment(environment: Environment): ClientBuilder = with { copy(environment = environment) }

    /** Replaces the address of the environment: https, or http to loopback and to the hosts of [allowPlainHttp]. */
    public fun baseUrl(url: String): ClientBuilder = with { copy(baseUrl = url) }

    /** Sets how card secrets are encrypted. Default: the UTF-8 bytes of the apiSecret as the key, ECB. */
    public fun aes(aes: AesSettings): ClientBuilder = with { copy(aes = aes) }

    /** Limits one call with all its attempts and waits. Default: 30 s. */
    public fun timeout(timeout: Duration): ClientBuilder = with { copy(timeout = timeout) }

    /** Limits the time to open a connection. Default: 5 s. */
    public fun connectTimeout(timeout: Duration): ClientBuilder = with { copy(connectTimeout = timeout) }

    /** Sets how often a call is sent again after a back-off, where that is safe. Default: 2. */
    public fun maxRetries(retries: Int): ClientBuilder = with { copy(maxRetries = retries) }

    /** Sets the language of the platform's messages. Default: English. */
    public fun language(language: Language): ClientBuilder = with { copy(language = language) }

    /** Sets the offset in which a `LocalDate` begins and ends, see [Client]. Default: `UTC+8`. */
    public fun timezone(timezone: String): ClientBuilder = with { copy(timezone = timezone) }

    /** Sets an http or https proxy, as a URL. None is taken from the environment. */
    public fun proxy(url: String): ClientBuilder = with { copy(proxy = url) }

    /** Sets the trusted root certificates, in PEM format, in place of the built-in ones. */
    public fun caPem(pem: String): ClientBuilder = with { copy(caPem = pem) }

    /**
     * Replaces the built-in HTTP stack. One transport per client: closing the client closes it. Configure proxy and certificates there
     * instead of [proxy] and [caPem].
     */
    public fun transport(transport: Transport): ClientBuilder = with { copy(transport = GuardedTransport(transport)) }

    /** Sets an observer, which is called after every attempt and every call. */
    public fun observer(observer: Observer): ClientBuilder = with { copy(observer = GuardedObserver(observer)) }

    /** Shares the access token and the attempt records with other workers. The `ensure...` calls need it. */
    public fun store(store: Store): ClientBuilder = with { copy(store = store.ffi) }

    /** Sets the store from a text: `memory`, `file:DIRECTORY` or a Redis URL. */
    public fun store(text: String): ClientBuilder = store(Store.of(text))

    /**
     * Allows plain http to hosts other than this machine, such as a sandbox in another container. Everything that is sent to
     * them can be read on the network. Refused in production.
     */
    public fun allowPlainHttp(vararg hosts: String): ClientBuilder = with { copy(allowPlainHttp = hosts.toList()) }

    /** Sets the app id of webhooks, for [Client.webhookVerifier]. Default: the Api-Key (inferred). */
    public fun appId(appId: String): ClientBuilder = with { copy(appId = appId) }

    /**
     * Sets a clock in place of the system's, for tests and simulated time, see [Client]. Time-outs and waits are not affected.
     */
    public fun clock(clock: Clock): ClientBuilder = with { copy(clock = GuardedClock(clock)) }

    /**
     * Checks every setting and creates the client. Sends nothing.
     *
     * @throws KeySecureException.Config when a setting is not valid.
     */
    public fun build(): Client = Client.over(call { create(withTransport(options)) }, options.timeout)

    private inline fun with(change: FfiClientOptions.() -> FfiClientOptions): ClientBuilder {
        options = options.change()
        return this
    }
}

/** Adds [UrlConnectionTransport] when the native library is built without an HTTP stack, as on phones. */
internal fun withTransport(options: FfiClientOptions): FfiClientOptions {
    Warnings.install()
    Interrupts.install()
    DefaultZone.install()
    if (options.transport != null || hasHttp()) return options
    if (options.proxy != null || options.caPem != null) {
        val text = "proxy and ca_pem are settings of the built-in HTTP stack, which this library does not have: set a transport"
        throw KeySecureException.Config(
            ErrorDetails(text, ErrorKind.CONFIG, Outcome.NOT_SENT, null, null, null, null, null, 0, null, null, null),
        )
    }
    return options.copy(transport = GuardedTransport(UrlConnectionTransport()))
}
