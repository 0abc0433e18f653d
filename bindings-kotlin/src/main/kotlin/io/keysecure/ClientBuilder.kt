package io.keysecure

import io.keysecure.ffi.ClientOptions
import io.keysecure.ffi.Client as FfiClient
import io.keysecure.ffi.hasHttp
import io.keysecure.model.AesSettings
import io.keysecure.model.Environment
import io.keysecure.model.ErrorDetails
import io.keysecure.model.ErrorKind
import io.keysecure.model.Language
import io.keysecure.model.Outcome
import java.time.Duration

/** The settings of a [Client] to be. See its constructor for their meaning. */
public class ClientBuilder internal constructor(private val make: (ClientOptions) -> FfiClient) {
    private var options = ClientOptions()

    /** The platform to talk to. Default: its sandbox. */
    public fun environment(environment: Environment): ClientBuilder = with { copy(environment = environment) }

    /** Another address than the environment's: https, or http to loopback and to the hosts of [allowPlainHttp]. */
    public fun baseUrl(url: String): ClientBuilder = with { copy(baseUrl = url) }

    /** How card secrets are encrypted. Default: the apiSecret's UTF-8 bytes as key, ECB. */
    public fun aes(aes: AesSettings): ClientBuilder = with { copy(aes = aes) }

    /** The most time that one call may take, with all its attempts and waits. Default: 30 s. */
    public fun timeout(timeout: Duration): ClientBuilder = with { copy(timeout = timeout) }

    /** The most time that making one connection may take. Default: 5 s. */
    public fun connectTimeout(timeout: Duration): ClientBuilder = with { copy(connectTimeout = timeout) }

    /** How often a call is sent again after a back-off, where that cannot do a thing twice. Default: 2. */
    public fun maxRetries(retries: Int): ClientBuilder = with { copy(maxRetries = retries) }

    /** The language of the platform's messages. Default: English. */
    public fun language(language: Language): ClientBuilder = with { copy(language = language) }

    /** The zone in which bare dates begin and end, such as `UTC+8`, which is the default. */
    public fun timezone(timezone: String): ClientBuilder = with { copy(timezone = timezone) }

    /** An http or https proxy, as a URL. None is ever taken from the environment. */
    public fun proxy(url: String): ClientBuilder = with { copy(proxy = url) }

    /** The root certificates to trust instead of the built-in ones, in PEM form. */
    public fun caPem(pem: String): ClientBuilder = with { copy(caPem = pem) }

    /** Another HTTP stack than the built-in one; proxy and certificates are then its own matter. */
    public fun transport(transport: Transport): ClientBuilder = with { copy(transport = GuardedTransport(transport)) }

    /** Is told of every attempt and call. */
    public fun observer(observer: Observer): ClientBuilder = with { copy(observer = GuardedObserver(observer)) }

    /** Shares the access token and the record of attempts with other workers. The `ensure...` calls need it. */
    public fun store(store: Store): ClientBuilder = with { copy(store = store.ffi) }

    /** The same by a text: `memory`, `file:DIRECTORY` or the URL of a Redis. */
    public fun store(text: String): ClientBuilder = store(Store.of(text))

    /**
     * Hosts that plain http may go to although they are not this machine: a sandbox in another container, say. All of a call can
     * be read on the way. Refused in production.
     */
    public fun allowPlainHttp(vararg hosts: String): ClientBuilder = with { copy(allowPlainHttp = hosts.toList()) }

    /** Checks every setting and makes the client. Nothing is sent yet. */
    public fun build(): Client = Client.over(call { make(withTransport(options)) })

    private inline fun with(change: ClientOptions.() -> ClientOptions): ClientBuilder {
        options = options.change()
        return this
    }
}

/** A library that has no HTTP of its own, as on phones, takes the machine's. All clients are made of these options. */
internal fun withTransport(options: ClientOptions): ClientOptions {
    Warnings.begin()
    if (options.transport != null || hasHttp()) return options
    if (options.proxy != null || options.caPem != null) {
        val text = "proxy and ca_pem are settings of the built-in HTTP, which this library does not have: give a transport"
        throw KeySecureException.Config(
            ErrorDetails(text, ErrorKind.CONFIG, Outcome.NOT_SENT, null, null, null, null, null, 0, null, null, null),
        )
    }
    return options.copy(transport = GuardedTransport(UrlConnectionTransport()))
}
