package io.keysecure

import io.keysecure.internal.ffi.FfiClient
import io.keysecure.model.Language
import java.time.Clock
import java.time.Duration

/**
 * Builds a [Client] of an app, which calls through the relay on its merchant's server; see [Client.relay].
 *
 * Credentials, environment, AES and store are settings of the server.
 */
public class RelayClientBuilder internal constructor(url: String, session: Session) {
    private val inner = ClientBuilder { options -> FfiClient.relay(url, GuardedSession(session), options) }

    /** Limits one call with all its attempts and waits, those of the session too. Default: 30 s. */
    public fun timeout(timeout: Duration): RelayClientBuilder = with { timeout(timeout) }

    /** Limits the time to open a connection. Default: 5 s. */
    public fun connectTimeout(timeout: Duration): RelayClientBuilder = with { connectTimeout(timeout) }

    /** Sets how often a call is sent again after a back-off, where that is safe. Default: 2. */
    public fun maxRetries(retries: Int): RelayClientBuilder = with { maxRetries(retries) }

    /** Sets the language of the platform's messages. Default: English. */
    public fun language(language: Language): RelayClientBuilder = with { language(language) }

    /** Sets the offset in which a `LocalDate` begins and ends, see [Client]. Default: `UTC+8`. */
    public fun timezone(timezone: String): RelayClientBuilder = with { timezone(timezone) }

    /** Sets an http or https proxy, as a URL. None is taken from the environment. */
    public fun proxy(url: String): RelayClientBuilder = with { proxy(url) }

    /** Sets the trusted root certificates, in PEM format, in place of the built-in ones. */
    public fun caPem(pem: String): RelayClientBuilder = with { caPem(pem) }

    /** Replaces the built-in HTTP stack. Configure proxy and certificates there instead of [proxy] and [caPem]. */
    public fun transport(transport: Transport): RelayClientBuilder = with { transport(transport) }

    /** Sets an observer, which is called after every attempt and every call. */
    public fun observer(observer: Observer): RelayClientBuilder = with { observer(observer) }

    /**
     * Allows plain http to hosts other than this machine, such as a development server (`10.0.2.2` in Android's emulator). Everything
     * that is sent to them can be read on the network, the session token too.
     */
    public fun allowPlainHttp(vararg hosts: String): RelayClientBuilder = with { allowPlainHttp(*hosts) }

    /**
     * Sets a clock in place of the system's, for tests and simulated time, see [Client]. Time-outs and waits are not affected.
     */
    public fun clock(clock: Clock): RelayClientBuilder = with { clock(clock) }

    /**
     * Checks every setting and creates the client. Sends nothing.
     *
     * @throws KeySecureException.Config when a setting is not valid.
     */
    public fun build(): Client = inner.build()

    private inline fun with(change: ClientBuilder.() -> Unit): RelayClientBuilder {
        inner.change()
        return this
    }
}
