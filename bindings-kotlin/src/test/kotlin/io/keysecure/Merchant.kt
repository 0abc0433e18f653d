package io.keysecure

import java.time.Duration
import java.time.Instant
import java.util.concurrent.ConcurrentHashMap
import java.util.function.Function
import java.util.function.Supplier

/**
 * An application with its own decisions and replay store, which a test loads several times into one JVM. It shares only the classes
 * of the JDK with the test: as a function it takes the body of a webhook and returns the reply, as a supplier it returns the keys
 * in its store.
 */
class Merchant(private val name: String, private val approves: Boolean) : Function<String, String>, Supplier<List<String>> {
    private val values = ConcurrentHashMap<String, String>()
    private val replays = object : ReplayStore {
        override fun insert(key: String, value: String, keep: Duration): String? = values.putIfAbsent(key, value)
        override fun get(key: String): String? = values[key]
        override fun remove(key: String) { values.remove(key) }
    }
    private val verifier = WebhookVerifier(name, listOf("secret of $name"), store = Store.own(replays = replays))
    private val responder = Responder({ if (approves) Decision.Approve else Decision.Decline("$name says no") })

    override fun apply(body: String): String {
        val bytes = body.toByteArray()
        return responder.respond(verifier.verify(verifier.signForTests(Instant.now(), bytes), bytes))
    }

    override fun get(): List<String> = values.keys.toList()
}
