package io.keysecure

import io.keysecure.internal.ffi.FfiClientOptions
import io.keysecure.model.CardStatus
import io.keysecure.model.Consumption
import io.keysecure.model.Event
import io.keysecure.model.MerchantInfo
import io.keysecure.model.Method
import io.keysecure.model.SimulationRequest
import io.keysecure.model.TransferType
import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.io.PrintWriter
import java.io.StringWriter
import java.math.BigDecimal
import java.time.Duration
import java.time.Instant
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Plants secrets, prints everything that can be printed, and searches the output for them. */
class CanaryTest {
    private val pan = "4111111111111111"
    private val output = StringBuilder()

    private fun print(value: Any?) {
        output.append(value).append('\n')
        if (value is Throwable) {
            output.append(StringWriter().also { value.printStackTrace(PrintWriter(it)) })
        }
    }

    private fun failing(block: () -> Any?) = print(assertThrows(KeySecureException::class.java) { block() })

    private fun assertClean(vararg secrets: String) {
        for (secret in secrets) {
            assertTrue(secret.length > 2 && secret !in output, "a secret of ${secret.length} characters was printed")
        }
    }

    @Test
    fun `no secret is printed by any object, error, log or stream`() = TestEnv("--api-secret", "s3cr3t-merchant!").let {
        val streams = ByteArrayOutputStream()
        val (out, err) = System.out to System.err
        System.setOut(PrintStream(streams, true))
        System.setErr(PrintStream(streams, true))
        try {
            it.use(::printEverything)
        } finally {
            System.setOut(out)
            System.setErr(err)
        }
        output.append(streams.toString())
        assertTrue(output.length > 4_000)
        assertTrue("411111******1111" in output, "the PAN in free text is printed masked")
    }

    private fun printEverything(env: TestEnv) {
        val sandbox = env.sandbox
        val client = env.builder().observer(LogObserver { line -> print(line) }).build()
        print(client)
        val token = client.accessToken()
        print(token)
        val cardNo = sandbox.physicalCard(env.cardholderNo)
        val (cardPan, cvv) = sandbox.secrets(cardNo)
        client.cards().activate(cardNo, env.cardholderNo, cvv, cardPan.takeLast(4))
        client.cards().setPin(cardNo, env.cardholderNo, "739251")
        val secrets = client.cards().privateInfo(cardNo)
        print(secrets)
        val clientToken = client.pci().clientToken(cardNo)
        print(clientToken)
        print(client.cardholders().apply("customer-9", "auto-approve-share-token-9"))
        print(client.cards().get(cardNo))
        print(client.cards().list(Instant.now() - Duration.ofDays(1), Instant.now() + Duration.ofDays(1)).toList())
        print(client.doctor(cardNo))
        for (kind in listOf("html", "drop_after_commit", mapOf("code" to 4005), "wrong_field_types", "malformed")) {
            sandbox.fault("cards.set_pin", kind)
            failing { client.cards().setPin(cardNo, env.cardholderNo, "739251") }
            sandbox.fault("cards.private_info", kind, times = 5)
            failing { client.cards().privateInfo(cardNo) }
            sandbox.control("POST /faults/clear")
        }
        failing { client.cards().activate(cardNo, env.cardholderNo, "7392517", "1") }
        failing { client.cards().setPin(cardNo, env.cardholderNo, "739251739251") }
        failing { Client("k\u0007", "s3cr3t-merchant!") }
        val options = FfiClientOptions(proxy = "http://user:pr0xy-passw0rd@127.0.0.1:9", baseUrl = sandbox.baseUrl)
        print(options)
        failing {
            Client("key", "s3cr3t-merchant!", proxy = "http://user:pr0xy-passw0rd@127.0.0.1:9", maxRetries = 0).cards().get("c")
        }
        print(WebhookVerifier("key", listOf("s3cr3t-merchant!")))
        print(Store.memory())
        printExchangesOfATransport(env)
        printFreeText(pan)
        assertClean(
            "s3cr3t-merchant!", token.expose(), cardPan, "739251", clientToken.expose(), "auto-approve-share-token-9",
            "pr0xy-passw0rd", pan,
        )
        // Three digits occur in many numbers: search for the CVV as a field value only.
        assertTrue(Regex("(?i)cvv\\W{1,4}$cvv").find(output) == null)
    }

    /** Uses a transport that prints every request, header and response. */
    private fun printExchangesOfATransport(env: TestEnv) {
        val inner = JavaHttpTransport()
        val printing = Transport { request ->
            print(request)
            request.headers.forEach(::print)
            inner.send(request).also(::print)
        }
        env.builder().transport(printing).build().use { it.cards().packages().count() }
        print(HttpRequest(Method.POST, "http://x/$pan", listOf(Header("Access-Token", pan)), pan.toByteArray(), Duration.ZERO, Duration.ZERO, 1))
        print(HttpResponse(200, pan.toByteArray(), pan, pan, pan, pan))
    }

    /** Prints objects with a PAN in text of the platform or of a merchant. */
    private fun printFreeText(pan: String) {
        print(MerchantInfo(merchantName = "shop $pan", extra = """{"pan":"$pan","cvv":"417"}"""))
        print(SimulationRequest(remark = pan, amount = BigDecimal.ONE))
        print(CardStatus.of(pan))
        print(TransferType.of(pan))
        val body = """{"id":"1","action":"Consumption","data":{"consume_no":"c","status":"Success","remark":"card $pan"}}"""
        val event = WebhookVerifier.parseUnverified(body.toByteArray())
        print(event)
        val consumption = (event as Event.Consumption).data
        assertEquals("card $pan", consumption.remark, "only printing masks")
        print(listOf(consumption))
        print(WebhookVerifier.parseUnverified("""{"id":"1","action":"New","data":{"pan":"$pan"}}""".toByteArray()))
        val verifier = WebhookVerifier("key", listOf("s3cr3t-merchant!"))
        print(verifier.verify(verifier.signForTests(Instant.now(), body.toByteArray()), body.toByteArray()))
    }
}
