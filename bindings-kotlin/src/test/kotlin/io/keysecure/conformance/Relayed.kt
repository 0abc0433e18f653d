package io.keysecure.conformance

import com.google.gson.JsonObject
import io.keysecure.Client
import io.keysecure.Session
import io.keysecure.relay.ServedRelay
import io.keysecure.relay.oldStore
import java.time.Duration
import java.util.concurrent.TimeUnit

/** A relay in front of a sandbox, and the clients of its apps; see `tests/conformance/README.md`. */
class Relayed(private val server: Server, private val settings: JsonObject) : AutoCloseable {
    /** What serves the relay. */
    interface Server : AutoCloseable {
        val url: String
    }

    /** Starts a relay for a merchant. */
    enum class By(val start: (baseUrl: String, apiKey: String, apiSecret: String, settings: JsonObject) -> Server) {
        /** The program `relay_server` of the tests. */
        PROGRAM(::Program),

        /** The relay of the JVM, in this process. */
        JVM(::InProcess),
    }

    /** Creates the client of an app of that cardholder. */
    fun app(cardholderNo: String): Client = Client.relay(server.url, Session { "session-$cardholderNo" }) {
        // Longer than the call of the relay, which knows better what became of it.
        timeout(Duration.ofSeconds(60))
        settings["timezone"]?.let { timezone(it.asString) }
    }

    override fun close() = server.close()

    private class Program(baseUrl: String, apiKey: String, apiSecret: String, settings: JsonObject) : Server {
        private val store = oldStore()
        private val process: Process
        override val url: String

        init {
            val timeout = settings["timeout"]?.let { listOf("--timeout-ms", "${duration(it).toMillis()}") }.orEmpty()
            val command = listOf(System.getProperty("keysecure.relay"), baseUrl, apiKey, apiSecret, "file:$store") + timeout
            process = ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start()
            url = checkNotNull(process.inputStream.bufferedReader().readLine()) { "the relay did not start: see its output above" }
        }

        override fun close() {
            process.outputStream.close()
            if (!process.waitFor(5, TimeUnit.SECONDS)) process.destroyForcibly()
            store.toFile().deleteRecursively()
        }
    }

    private class InProcess(baseUrl: String, apiKey: String, apiSecret: String, settings: JsonObject) : Server {
        private val store = oldStore()
        private val builder = Client.builder(apiKey, apiSecret).baseUrl(baseUrl)
            .apply { settings["timeout"]?.let { timeout(duration(it)) } }
        private val served = ServedRelay(builder, store)
        override val url: String get() = served.url

        override fun close() {
            served.close()
            store.toFile().deleteRecursively()
        }
    }

    companion object {
        private val own = setOf("settle", "since", "first_attempt")
        private val served = setOf(
            "cardholders.get", "cardholders.list", "cards.get", "cards.list", "cards.packages", "cards.bins", "cards.private_info",
            "cards.apply", "cards.ensure_card", "cards.activate", "cards.set_pin", "cards.update_status", "cards.freeze",
            "cards.unfreeze", "cards.delete", "consumptions.get", "consumptions.list", "accounts.get", "accounts.transfers",
            "accounts.transfer", "accounts.ensure_transfer", "pci.client_token",
        )

        /** Whether a relay serves a call: those in the table of `docs/relay.md`. */
        fun serves(call: String): Boolean = call.removeSuffix("_page") in served

        /** The arguments of a call without those that belong to the relay. */
        fun arguments(all: JsonObject): JsonObject =
            JsonObject().apply { all.entrySet().filter { it.key !in own }.forEach { add(it.key, it.value) } }
    }
}
