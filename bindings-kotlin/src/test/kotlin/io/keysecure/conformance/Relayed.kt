package io.keysecure.conformance

import com.google.gson.JsonObject
import io.keysecure.Client
import io.keysecure.Session
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.TimeUnit

/** The program `relay_server` of the tests in front of a sandbox, and the clients of its apps; see `tests/conformance/README.md`. */
class Relayed(baseUrl: String, apiKey: String, apiSecret: String, private val settings: JsonObject) : AutoCloseable {
    private val store = oldStore()
    private val process: Process
    private val url: String

    init {
        val timeout = settings["timeout"]?.let { listOf("--timeout-ms", "${duration(it).toMillis()}") }.orEmpty()
        val command = listOf(System.getProperty("keysecure.relay"), baseUrl, apiKey, apiSecret, "file:$store") + timeout
        process = ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        url = checkNotNull(process.inputStream.bufferedReader().readLine()) { "the relay did not start: see its output above" }
    }

    /** Creates the client of an app of that cardholder. */
    fun app(cardholderNo: String): Client = Client.relay(url, Session { "session-$cardholderNo" }) {
        // Longer than the call of the relay, which knows better what became of it.
        timeout(Duration.ofSeconds(60))
        settings["timezone"]?.let { timezone(it.asString) }
    }

    override fun close() {
        process.outputStream.close()
        if (!process.waitFor(5, TimeUnit.SECONDS)) process.destroyForcibly()
        store.toFile().deleteRecursively()
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

        /** A directory for a store that says it is an hour old, so that a reference without a record is known to be new. */
        private fun oldStore(): Path {
            val folder = Files.createTempDirectory("keysecure-relay-")
            val created = System.currentTimeMillis() - Duration.ofHours(1).toMillis()
            Files.createDirectories(folder.resolve("attempts/leases"))
            Files.writeString(folder.resolve("attempts/created"), "$created - 0")
            return folder
        }
    }
}
