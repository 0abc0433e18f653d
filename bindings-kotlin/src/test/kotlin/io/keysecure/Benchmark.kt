package io.keysecure

import com.google.gson.Gson
import com.google.gson.annotations.SerializedName
import com.google.gson.reflect.TypeToken
import com.sun.jna.Memory
import com.sun.jna.NativeLibrary
import io.keysecure.model.ListCards
import io.keysecure.model.WindowBound
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.time.Duration
import java.time.LocalDate
import org.junit.jupiter.api.Test

/**
 * Measures the CPU time of a call in the whole process, against two baselines: the Rust call, and `java.net.http` with Gson for the
 * same request. The candidates take turns, round by round. Run by `cargo xtask kotlin-bench`, not with the tests.
 */
class Benchmark {
    private val gson = Gson()
    private val sandbox = Sandbox()
    private val holder = sandbox.approvedCardholder()
    private val cardNo = sandbox.control(
        "POST /seed/cards", "cardholder_no" to holder, "times_ms" to List(100) { 1_749_945_600_000 },
    ).asJsonObject["numbers"].asJsonArray[0].asString
    private val plain = PlainClient(sandbox.baseUrl, sandbox.apiKey) { sandbox.now().toEpochMilli() }

    @Test
    fun `CPU time of a call`() {
        val responses = mapOf(
            "/open-api/v1/card/$cardNo/detail" to httpResponse(plain.text("GET", "/v1/card/$cardNo/detail", null)),
            "/open-api/v1/card/list" to httpResponse(plain.text("POST", "/v1/card/list", plain.listBody)),
            // Last: it invalidates the token that the others use.
            "/open-api/v1/merchant/token" to httpResponse(plain.text("GET", "/v1/merchant/token", null)),
        )
        Program(System.getProperty("bench.bench"), "serve-recorded-responses").use { server ->
            val url = "http://127.0.0.1:" + server.ask(gson.toJson(responses))
            Program(System.getProperty("bench.rust_baseline")).use { rust ->
                rust.send("$url ${sandbox.apiKey} ${sandbox.apiSecret} $cardNo")
                measure(url, rust)
            }
        }
        sandbox.close()
    }

    private fun measure(url: String, rust: Program) {
        val client = Client(sandbox.apiKey, sandbox.apiSecret, baseUrl = url)
        val ownHttp = Client(sandbox.apiKey, sandbox.apiSecret, baseUrl = url, transport = JavaHttpTransport())
        val plain = PlainClient(url, sandbox.apiKey) { System.currentTimeMillis() }
        val query = ListCards(WindowBound.Day(LocalDate.of(2025, 6, 1)), WindowBound.Day(LocalDate.of(2025, 6, 30)))
        for ((task, count) in listOf("get" to 25_000, "list" to 6_000)) {
            val candidates = listOf(
                Candidate("Rust", count) { calls -> rust.ask("$task $calls").toDouble() },
                Candidate("Kotlin", count, BUDGET) { calls ->
                    cpu(calls) { if (task == "get") client.cards().get(cardNo) else client.cards().listPage(query, 0, 100) }
                },
                Candidate("java.net.http + Gson", count / 8) { calls ->
                    cpu(calls) { if (task == "get") plain.card(cardNo) else plain.cards() }
                },
                Candidate("Kotlin over java.net.http", count / 8) { calls ->
                    cpu(calls) { if (task == "get") ownHttp.cards().get(cardNo) else ownHttp.cards().listPage(query, 0, 100) }
                },
            )
            candidates.forEach { repeat(WARM_UP) { _ -> it.round() } }
            val samples = candidates.map { ArrayList<Double>() }
            repeat(ROUNDS) { candidates.forEachIndexed { index, candidate -> samples[index] += candidate.round() } }
            println("Benchmark: CPU of one call, `$task`, median of $ROUNDS rounds; in brackets the ratio to Rust in the same round")
            candidates.zip(samples) { candidate, own ->
                val ratio = median(own.zip(samples[0]) { a, b -> a / b })
                println("Benchmark:   %-26s %8.1f us (%.2f) %s".format(candidate.name, median(own), ratio, candidate.verdict(ratio)))
            }
        }
    }

    /** Returns the CPU time of one call in microseconds. */
    private fun cpu(calls: Int, call: () -> Any?): Double {
        val before = Processor.nanos()
        repeat(calls) { call() }
        return (Processor.nanos() - before) / 1_000.0 / calls
    }

    private fun median(samples: List<Double>): Double = samples.sorted()[samples.size / 2]

    private fun httpResponse(body: String): String {
        val length = body.toByteArray().size
        return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: $length\r\n" +
            "Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n\r\n$body"
    }

    private companion object {
        /** Measured rounds, each of about half a second of CPU time. */
        const val ROUNDS = 15

        /** Rounds before the measurement, for the JIT compiler. */
        const val WARM_UP = 6

        /** The budget of a Kotlin call as a ratio to the Rust call. */
        const val BUDGET = 1.5
    }
}

/**
 * One way to make the request.
 *
 * @param calls the number of calls in a round.
 * @param budget the budget as a ratio to the Rust call, when there is one.
 */
private class Candidate(
    val name: String,
    private val calls: Int,
    private val budget: Double? = null,
    private val run: (Int) -> Double,
) {
    fun round(): Double {
        // Exclude the garbage of the previous candidate, and the warm-up of caches and heap.
        System.gc()
        run(calls / 5)
        return run(calls)
    }

    fun verdict(ratio: Double): String = budget?.let { "budget $it: ${if (ratio <= it) "ok" else "over"}" } ?: ""
}

/** The CPU time of the process, with threads that have ended. The JVM reports it only in hundredths of a second. */
private object Processor {
    private const val OF_PROCESS = 2
    private val clock = NativeLibrary.getInstance("c").getFunction("clock_gettime")

    fun nanos(): Long {
        val time = Memory(16)
        check(clock.invokeInt(arrayOf(OF_PROCESS, time)) == 0) { "CPU times need Linux" }
        return time.getLong(0) * 1_000_000_000 + time.getLong(8)
    }
}

/** A program that replies to each line with a line, and exits when its standard input ends. */
private class Program(vararg command: String) : AutoCloseable {
    private val process = ProcessBuilder(*command).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val lines = process.inputReader()

    fun send(line: String) {
        process.outputStream.write("$line\n".toByteArray())
        process.outputStream.flush()
    }

    fun ask(line: String): String {
        send(line)
        return lines.readLine()
    }

    override fun close() {
        process.outputStream.close()
        process.waitFor()
    }
}

/** Makes the same requests without this library, with connection reuse and typed responses. */
private class PlainClient(private val url: String, private val apiKey: String, private val now: () -> Long) {
    class Envelope<T>(val code: Int, val data: T)
    class Token(@SerializedName("access_token") val accessToken: String)
    class Page(val list: List<Card>)
    class Card(
        @SerializedName("card_no") val cardNo: String,
        @SerializedName("card_unique_no") val cardUniqueNo: String?,
        @SerializedName("cardholder_no") val cardholderNo: String?,
        @SerializedName("card_name") val cardName: String?,
        @SerializedName("card_type") val cardType: String?,
        val organization: String?,
        @SerializedName("card_last_no") val cardLastNo: String?,
        val status: String,
        @SerializedName("fee_detail") val feeDetail: Map<String, Any>?,
        val time: Long?,
    )

    private val gson = Gson()
    private val http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(5)).build()
    private val token: String by lazy {
        gson.fromJson<Envelope<Token>>(send("GET", "/v1/merchant/token", null, ""), object : TypeToken<Envelope<Token>>() {}.type)
            .data.accessToken
    }
    private val cardType = object : TypeToken<Envelope<Card>>() {}.type
    private val pageType = object : TypeToken<Envelope<Page>>() {}.type
    val listBody = """{"start_time":"2025-06-01 00:00:00","end_time":"2025-06-30 23:59:59","page":0,"size":100}"""

    fun text(method: String, path: String, body: String?): String = send(method, path, body, token)

    fun card(cardNo: String): Card = gson.fromJson<Envelope<Card>>(text("GET", "/v1/card/$cardNo/detail", null), cardType).data

    fun cards(): List<Card> = gson.fromJson<Envelope<Page>>(text("POST", "/v1/card/list", listBody), pageType).data.list

    private fun send(method: String, path: String, body: String?, token: String): String {
        val content = body?.let { HttpRequest.BodyPublishers.ofString(it) } ?: HttpRequest.BodyPublishers.noBody()
        val request = HttpRequest.newBuilder(URI.create("$url/open-api$path")).method(method, content)
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json").header("Api-Key", apiKey).header("Timestamp", now().toString())
            .header("Accept-Language", "en_US").header("Timezone", "UTC+8")
        if (token.isNotEmpty()) request.header("Access-Token", token)
        val response = http.send(request.build(), HttpResponse.BodyHandlers.ofString())
        check(response.statusCode() == 200 && "\"code\":0" in response.body()) { response.body() }
        return response.body()
    }
}
