package io.keysecure

import io.keysecure.ffi.ClientOptions
import io.keysecure.ffi.Header
import io.keysecure.ffi.HttpRequest
import io.keysecure.ffi.HttpResponse
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

/** Secrets are planted, everything that can be printed is printed, and the heap of it is searched. */
class CanaryTest {
    private val pan = "4111111111111111"
    private val heap = StringBuilder()

    private fun print(thing: Any?) {
        heap.append(thing).append('\n')
        if (thing is Throwable) {
            heap.append(StringWriter().also { thing.printStackTrace(PrintWriter(it)) })
        }
    }

    private fun failing(block: () -> Any?) = print(assertThrows(KeySecureException::class.java) { block() })

    private fun assertClean(vararg secrets: String) {
        for (secret in secrets) {
            assertTrue(secret.length > 2 && secret !in heap, "a secret of ${secret.length} letters was printed")
        }
    }

    @Test
    fun `no secret is printed by any object, error, log or stream`() = Stage("--api-secret", "s3cr3t-merchant!").let {
        val streams = ByteArrayOutputStream()
        val (out, err) = System.out to System.err
        System.setOut(PrintStream(streams, true))
        System.setErr(PrintStream(streams, true))
        try {
            it.use(::tellEverything)
        } finally {
            System.setOut(out)
            System.setErr(err)
        }
        heap.append(streams.toString())
        assertTrue(heap.length > 4_000)
        assertTrue("411111******1111" in heap, "the PAN in free text is there, masked")
    }

    private fun tellEverything(stage: Stage) {
        val sandbox = stage.sandbox
        val client = stage.builder().observer(LogObserver { line -> print(line) }).build()
        print(client)
        val token = client.accessToken()
        print(token)
        val cardNo = sandbox.physicalCard(stage.cardholderNo)
        val (cardPan, cvv) = sandbox.secrets(cardNo)
        client.cards().activate(cardNo, stage.cardholderNo, cvv, cardPan.takeLast(4))
        client.cards().setPin(cardNo, stage.cardholderNo, "739251")
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
            failing { client.cards().setPin(cardNo, stage.cardholderNo, "739251") }
            sandbox.fault("cards.private_info", kind, times = 5)
            failing { client.cards().privateInfo(cardNo) }
            sandbox.control("POST /faults/clear")
        }
        failing { client.cards().activate(cardNo, stage.cardholderNo, "7392517", "1") }
        failing { client.cards().setPin(cardNo, stage.cardholderNo, "739251739251") }
        failing { Client("k\u0007", "s3cr3t-merchant!") }
        val options = ClientOptions(proxy = "http://user:pr0xy-passw0rd@127.0.0.1:9", baseUrl = sandbox.baseUrl)
        print(options)
        failing {
            Client("key", "s3cr3t-merchant!", proxy = "http://user:pr0xy-passw0rd@127.0.0.1:9", maxRetries = 0).cards().get("c")
        }
        print(WebhookVerifier("key", listOf("s3cr3t-merchant!")))
        print(Store.memory())
        foreignTransportPrintsWhatPasses(stage)
        freeText(pan)
        assertClean(
            "s3cr3t-merchant!", token.expose(), cardPan, "739251", clientToken.expose(), "auto-approve-share-token-9",
            "pr0xy-passw0rd", pan,
        )
        // Three digits occur in many numbers: the CVV is looked for as a value.
        assertTrue(Regex("(?i)cvv\\W{1,4}$cvv").find(heap) == null)
    }

    /** A curious transport that prints all that it is given. */
    private fun foreignTransportPrintsWhatPasses(stage: Stage) {
        val inner = JavaHttpTransport()
        val curious = Transport { request ->
            print(request)
            request.headers.forEach(::print)
            inner.send(request).also(::print)
        }
        stage.builder().transport(curious).build().use { it.cards().packages().count() }
        print(HttpRequest(Method.POST, "http://x/$pan", listOf(Header("Access-Token", pan)), pan.toByteArray(), Duration.ZERO, Duration.ZERO, 1))
        print(HttpResponse(200, pan.toByteArray(), pan, pan))
    }

    /** A PAN in text that the platform, or a shop, wrote. */
    private fun freeText(pan: String) {
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
