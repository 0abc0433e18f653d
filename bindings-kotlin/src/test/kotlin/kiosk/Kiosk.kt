package kiosk

import com.google.gson.GsonBuilder
import io.keysecure.Acquired
import io.keysecure.AttemptStart
import io.keysecure.AttemptStore
import io.keysecure.CallRecord
import io.keysecure.Client
import io.keysecure.Decision
import io.keysecure.EnsureOptions
import io.keysecure.HttpRequest
import io.keysecure.HttpResponse
import io.keysecure.KeySecureException
import io.keysecure.Observer
import io.keysecure.ReplayStore
import io.keysecure.Responder
import io.keysecure.Store
import io.keysecure.StoredToken
import io.keysecure.TokenStore
import io.keysecure.Transport
import io.keysecure.UrlConnectionTransport
import io.keysecure.WebhookVerifier
import io.keysecure.json.KeySecureGson
import io.keysecure.model.AttemptEnd
import io.keysecure.model.Card
import io.keysecure.model.CardStatus
import io.keysecure.model.CardType
import io.keysecure.model.Transfer
import io.keysecure.model.TransferType
import java.math.BigDecimal
import java.time.Duration
import java.time.Instant
import java.util.concurrent.ConcurrentHashMap

// An application of a consumer, for `AndroidTest`. Outside of `io.keysecure`, so that only the rules of the library protect it.

/** Uses each way between the application and the native library, and prints a line for each. */
fun main(arguments: Array<String>) {
    val (url, key, secret, cardholder) = arguments
    val transport = Counting()
    val tokens = Tokens()
    val replays = Replays()
    val attempts = Attempts()
    val calls = ArrayList<String>()
    val observer = object : Observer {
        override fun call(record: CallRecord) {
            calls += record.operation
        }
    }
    val store = Store.own(tokens, attempts, replays)
    Client.builder(key, secret).baseUrl(url).transport(transport).observer(observer).store(store).build().use { client ->
        val offered = client.cards().packages(CardType.Virtual).first().packageNo
        val cards = List(3) { client.cards().apply(cardholder, "kiosk-$it", CardType.Virtual, offered) }
        println("call: ${cards.map { it.cardUniqueNo }}")
        val listed = client.cards().list(Instant.now() - Duration.ofDays(1), Instant.now() + Duration.ofDays(1)).toList()
        println("list: ${listed.map { it.cardNo }.containsAll(cards.map { it.cardNo })}")
        json(client.cards().get(cards.first().cardNo))
        try {
            client.cardholders().get("nobody")
        } catch (error: KeySecureException.NotFound) {
            println("exception: ${error.kind} ${error.outcome}")
        }
        val transfer = Transfer(cardholder, "kiosk-topup", TransferType.In, BigDecimal("25.00"))
        val ensured = client.accounts().ensureTransfer(transfer, EnsureOptions.firstAttempt())
        println("ensured: ${ensured.created} ${ensured.value.amount}")
    }
    println("transport: ${transport.requests > 5}")
    println("observer: ${"cards.apply" in calls}")
    println("token store: ${tokens.saved.size}")
    println("attempt store: ${attempts.ends}")
    webhook(WebhookVerifier(key, listOf(secret), store = store), replays)
    throughRelay()
}

private fun throughRelay() {
    val relay = Transport { request ->
        val session = request.headers.single { it.name == "Authorization" }.value
        HttpResponse(200, """{"code":0,"data":{"card_no":"$session","cardholder_no":"1001","status":"Activated"}}""".toByteArray(), null)
    }
    Client.relay("https://relay.test", { "of-the-user" }) { transport(relay) }.use { println("session: ${it.cards().get("c1").cardNo}") }
    try {
        Client.relay("https://relay.test", { error("nobody is signed in") }) { transport(relay) }.use { it.cards().get("c1") }
    } catch (error: KeySecureException) {
        println("signed out: ${error.kind} ${error.cause is IllegalStateException}")
    }
}

private fun json(card: Card) {
    println("json: ${Card.fromJson(card.toJson()) == card}")
    val gson = GsonBuilder().registerTypeAdapterFactory(KeySecureGson()).create()
    println("gson: ${gson.toJson(CardStatus.Frozen)} ${gson.fromJson(gson.toJson(card), Card::class.java) == card}")
}

private fun webhook(verifier: WebhookVerifier, replays: Replays) {
    val body = """{"id":"1","action":"Auth","data":{"consume_no":"c1","card_no":"k1","amount":12.50,"status":"Pending"}}""".toByteArray()
    val headers = verifier.signForTests(Instant.now(), body)
    val responder = Responder({ if (it.amount == BigDecimal("12.50")) Decision.Approve else Decision.Decline("amount") })
    val reply = responder.respond(verifier.verify(headers, body))
    println("webhook: $reply")
    try {
        verifier.verify(headers, body)
    } catch (error: KeySecureException.Webhook) {
        println("replayed: ${error.rejection} ${verifier.replyDuplicate(body) == reply}")
    }
    println("replay store: ${replays.values.isNotEmpty()}")
}

private class Counting : Transport {
    private val inner = UrlConnectionTransport()
    @Volatile var requests = 0

    override fun send(request: HttpRequest): HttpResponse {
        requests++
        return inner.send(request)
    }
}

private class Tokens : TokenStore {
    val saved = ConcurrentHashMap<String, StoredToken>()

    override fun load(slot: String, within: Duration): StoredToken? = saved[slot]

    override fun save(slot: String, token: StoredToken, within: Duration) {
        saved[slot] = token
    }

    override fun tryLock(slot: String, within: Duration): String = "lock"

    override fun unlock(slot: String, lockId: String, within: Duration) = Unit
}

private class Attempts : AttemptStore {
    val ends = ArrayList<AttemptEnd>()

    override fun acquire(reference: String, lease: Duration, within: Duration): Acquired =
        Acquired.Leased("lease", null, Duration.ofDays(1))

    override fun begin(attempt: AttemptStart, within: Duration): Boolean = true

    override fun finish(reference: String, leaseId: String, end: AttemptEnd, within: Duration) {
        ends += end
    }

    override fun release(reference: String, leaseId: String, within: Duration) = Unit
}

private class Replays : ReplayStore {
    val values = ConcurrentHashMap<String, String>()

    override fun insert(key: String, value: String, keep: Duration): String? = values.putIfAbsent(key, value)

    override fun get(key: String): String? = values[key]

    override fun remove(key: String) {
        values.remove(key)
    }
}
