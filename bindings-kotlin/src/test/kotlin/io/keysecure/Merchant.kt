package io.keysecure

import java.time.Duration
import java.time.Instant
import java.util.concurrent.ConcurrentHashMap
import java.util.function.Function
import java.util.function.Supplier

/**
 * An application with a rule and a memory of its own, which a test loads several times into one JVM. It shares no class but
 * those of the JDK with the others: it takes a webhook's body, and gives its response; as a supplier it gives what it
 * remembers.
 */
class Merchant(private val name: String, private val approves: Boolean) : Function<String, String>, Supplier<List<String>> {
    private val remembered = ConcurrentHashMap<String, String>()
    private val memory = object : ReplayStore {
        override fun insert(key: String, value: String, keep: Duration): String? = remembered.putIfAbsent(key, value)
        override fun get(key: String): String? = remembered[key]
        override fun remove(key: String) { remembered.remove(key) }
    }
    private val verifier = WebhookVerifier(name, listOf("secret of $name"), store = Store.own(replays = memory))
    private val responder = Responder({ if (approves) Decision.Approve else Decision.Decline("$name says no") })

    override fun apply(body: String): String {
        val bytes = body.toByteArray()
        return responder.respond(verifier.verify(verifier.signForTests(Instant.now(), bytes), bytes))
    }

    override fun get(): List<String> = remembered.keys.toList()
}
