package io.keysecure.relay

import io.keysecure.CallThreads
import io.keysecure.Client
import io.keysecure.Header
import io.keysecure.KeySecureException
import io.keysecure.QueueTime
import io.keysecure.Warnings
import io.keysecure.described
import io.keysecure.internal.relay.FfiRelay
import io.keysecure.internal.relay.FfiRelayHeader
import io.keysecure.internal.relay.FfiRelayOptions
import io.keysecure.internal.relay.FfiRelayRequest
import io.keysecure.internal.relay.FfiRelayResponse
import io.keysecure.listOfHeaders
import io.keysecure.model.Denial
import io.keysecure.model.Event
import io.keysecure.model.Outcome
import io.keysecure.wellFormed
import java.io.InputStream
import java.time.Duration
import java.util.function.Consumer
import java.util.logging.Level

/** Decides what the session of a request may do: the merchant's own code. */
public fun interface Authorize {
    /**
     * Reads the session of a request (a token, a cookie, a client certificate in [RelayRequest.context]) and returns what it may do.
     * `null` refuses the request, and so does whatever this throws, which is logged by its class and place.
     *
     * It is called for every request, on the thread of the request, so it should be fast.
     */
    @Throws(Exception::class)
    public fun authorize(request: RelayRequest): Scope?
}

/**
 * Serves apps that hold no secret, with the merchant's client: the server's side of [Client.relay].
 *
 *     val relay = Relay(client, mount = "/keysecure") { request ->
 *         sessions.find(request.bearer)?.let { Scope.cardholder(it.cardholderNo).readOnly() }
 *     }
 *
 *     // In the handler of any HTTP server, for every method and path below /keysecure:
 *     val response = relay.handle(method, rawPath, headers, body)
 *     // Send response.status and response.headers, then:
 *     response.writeTo(output)
 *
 * Nothing is granted unless the scope names it, and the cardholder comes from the scope only. A number of another cardholder is "not
 * found", like one that does not exist. Receive requests over TLS only, and pass paths and headers on as they were received.
 *
 * A request blocks its thread for as long as its call takes: at most for the client's timeout, or the deadline of an exactly-once
 * call (180 s). On a virtual thread the call runs on a platform thread, at most 256 at once, and the virtual thread parks; so does one
 * that waits for events. `ThreadLocal`s of the virtual thread are then not visible in [authorize] and [audit]. For coroutines there is
 * `awaitResponse`. Threads share one relay; it is never closed, and ends with its client.
 *
 * The native library of a phone has no relay server.
 *
 * @param client with a store, which records taps and counts transfers.
 * @param mount the path under which the server passes requests on, such as `/keysecure` for `/keysecure/v1/cards.get`. Default: the
 * root.
 * @param audit receives the record of every request, also of those that are refused. It should return soon; what it throws is logged
 * by its class and place.
 * @param maxRequestBytes the largest body of a request, from 1 to 1048576.
 * @param requestsPerSecond how many requests a session may make each second on average, in each process; at once it may make twice as
 * many, and all sessions of a cardholder together three times as many. 0 counts as 1.
 * @param concurrentRequests how many requests of a session are served at the same time, and three times as many of all sessions of a
 * cardholder. 0 counts as 1.
 * @param events where the events of cardholders are kept for apps that connect again: `memory`, or, when several processes serve the
 * relay, the URL of a Redis, `redis://HOST/` or `redis+unix://PATH`. Each app then gets what any of the processes publishes.
 * @param eventsKept how many events of each cardholder are kept, for one hour, for apps that connect again.
 * @param streamLasts the time after which a stream of events ends, so that its session is authorized again.
 * @param authorize returns the scope of a request.
 * @throws KeySecureException.Config when the client has no store or is one of a relay itself, or a setting is not valid.
 */
public class Relay(
    client: Client,
    mount: String = "",
    private val audit: Consumer<AuditRecord>? = null,
    maxRequestBytes: Int = 16 * 1024,
    requestsPerSecond: Int = 20,
    concurrentRequests: Int = 16,
    events: String = "memory",
    eventsKept: Int = 100,
    streamLasts: Duration = Duration.ofMinutes(5),
    authorize: Authorize,
) {
    private val watch = Watch()

    private val ffi: FfiRelay = relayCall {
        Warnings.install()
        val options = FfiRelayOptions(
            mount, audit?.let(::GuardedAudit), maxRequestBytes, requestsPerSecond, concurrentRequests, events, eventsKept,
            streamLasts,
        )
        FfiRelay(client.ffi, GuardedAuthorize(authorize), options)
    }

    /** The largest body of a request, in bytes. */
    public val maxRequestBytes: Int = relayCall { ffi.maxRequestBytes() }

    /**
     * Serves a request whose body the server has read. It never throws for what an app sent. Read no more than [maxRequestBytes] and
     * one byte more: a longer body gets 413.
     *
     * @param method in capital letters, such as `POST`.
     * @param path as it was received, **not decoded**, with its query if there is one.
     * @param headers name to value, or to a collection of values, as HTTP servers provide them: all of them.
     * @param body the raw body.
     * @param context passed on to `authorize`, such as the request object of the server.
     */
    @JvmOverloads
    public fun handle(method: String, path: String, headers: Map<String, *>, body: ByteArray, context: Any? = null): RelayResponse =
        serve(method, path, listOfHeaders(headers), body, context)

    /** Serves a request, and reads at most [maxRequestBytes] of its body and one byte more, for at most 10 seconds. */
    @JvmOverloads
    public fun handle(method: String, path: String, headers: Map<String, *>, body: InputStream, context: Any? = null): RelayResponse {
        // Once: an enumeration of a servlet cannot be read again.
        val fields = listOfHeaders(headers)
        val bytes = if (method == "POST") bodies.read(fields, body) else ByteArray(0)
        return serve(method, path, fields, bytes, context)
    }

    internal val bodies = Bodies(maxRequestBytes)

    /**
     * Passes a webhook on to the apps of its cardholder. Call it from the handler of verified webhooks; streams of this process get it, and
     * with `events` in Redis those of all processes. It then takes up to 0.6 s while Redis cannot be reached.
     *
     * A webhook that does not say whose it is is looked up by its card, which may take up to 5 seconds if the card was not used within
     * the last minute. One whose cardholder cannot be found, and one of an unknown action, is dropped with a record in the log.
     */
    public fun publish(event: Event) {
        CallThreads.RELAY.run { relayCall { ffi.publish(event) } }
        watch.wake()
    }

    internal fun serve(method: String, path: String, headers: List<Header>, body: ByteArray, context: Any?): RelayResponse {
        val request = Received(method, path, headers, context)
        val arrived = System.nanoTime()
        return try {
            CallThreads.RELAY.run("relay") {
                // The calls of `authorize` have not waited.
                QueueTime.clear()
                Received.onThread(request) { relayCall { answer(request, body) } }
            }
        } catch (busy: KeySecureException.Timeout) {
            refuseBusy(busy, Duration.ofNanos(System.nanoTime() - arrived))
        }
    }

    /** Refuses a request for which no thread was free: the library, which records the others, has not seen it. */
    internal fun refuseBusy(error: KeySecureException, waited: Duration): RelayResponse {
        val record = AuditRecord(null, null, null, Denial.RATE_LIMITED, Outcome.NOT_SENT, error, null, null, 429, waited)
        Warnings.log(Level.WARNING, "relay: no thread was free for a request: $record")
        try {
            audit?.accept(record)
        } catch (thrown: Throwable) {
            Warnings.log(Level.SEVERE, "relay: audit threw ${described(thrown)}")
        }
        return RelayResponse.busy()
    }

    private fun answer(request: Received, body: ByteArray): RelayResponse {
        val (method, path) = request.method.wellFormed() to request.path.wellFormed()
        val asked = FfiRelayRequest(method, path, request.headers.map { FfiRelayHeader(it.name, it.value) }, body)
        if (!ffi.isEvents(method, path)) return response(ffi.handle(asked))
        val opened = ffi.events(asked)
        return opened.stream?.let { RelayResponse(EventStream(it, watch)) } ?: response(checkNotNull(opened.refusal))
    }

    private fun response(ffi: FfiRelayResponse) =
        RelayResponse(ffi.status, ffi.headers.associate { it.name to it.value }, ffi.body, null)

    override fun toString(): String = "Relay(maxRequestBytes=$maxRequestBytes)"

    public companion object {
        /** Creates a builder, for Java. See the constructor for the defaults. */
        @JvmStatic
        public fun builder(client: Client, authorize: Authorize): RelayBuilder = RelayBuilder(client, authorize)
    }
}

/** Builds a [Relay], for callers without named arguments. See its constructor for the defaults. */
public class RelayBuilder internal constructor(private val client: Client, private val authorize: Authorize) {
    private var mount = ""
    private var audit: Consumer<AuditRecord>? = null
    private var maxRequestBytes = 16 * 1024
    private var requestsPerSecond = 20
    private var concurrentRequests = 16
    private var events = "memory"
    private var eventsKept = 100
    private var streamLasts = Duration.ofMinutes(5)

    /** Sets the path under which the server passes requests on. */
    public fun mount(path: String): RelayBuilder = apply { mount = path }

    /** Sets a function that receives the record of every request. */
    public fun audit(audit: Consumer<AuditRecord>): RelayBuilder = apply { this.audit = audit }

    /** Sets the largest body of a request, in bytes. */
    public fun maxRequestBytes(bytes: Int): RelayBuilder = apply { maxRequestBytes = bytes }

    /** Sets how many requests a session may make each second. */
    public fun requestsPerSecond(requests: Int): RelayBuilder = apply { requestsPerSecond = requests }

    /** Sets how many requests of a session are served at the same time. */
    public fun concurrentRequests(requests: Int): RelayBuilder = apply { concurrentRequests = requests }

    /** Sets where events are kept: `memory`, or the URL of a Redis that several processes share. */
    public fun events(buffer: String): RelayBuilder = apply { events = buffer }

    /** Sets how many events of each cardholder are kept. */
    public fun eventsKept(events: Int): RelayBuilder = apply { eventsKept = events }

    /** Sets the time after which a stream of events ends. */
    public fun streamLasts(time: Duration): RelayBuilder = apply { streamLasts = time }

    /**
     * Checks every setting and creates the relay.
     *
     * @throws KeySecureException.Config when the client has no store, or a setting is not valid.
     */
    public fun build(): Relay = Relay(
        client, mount, audit, maxRequestBytes, requestsPerSecond, concurrentRequests, events, eventsKept, streamLasts, authorize,
    )
}
