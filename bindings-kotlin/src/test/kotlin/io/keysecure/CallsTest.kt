package io.keysecure

import com.google.gson.JsonParser
import io.keysecure.model.Address
import io.keysecure.model.CardStatus
import io.keysecure.model.CardType
import io.keysecure.model.CardholderStatus
import io.keysecure.model.ConsumptionType
import io.keysecure.model.MerchantInfo
import io.keysecure.model.Method
import io.keysecure.model.SimulationRequest
import io.keysecure.model.Status
import io.keysecure.model.TransferType
import java.math.BigDecimal
import java.time.Duration
import java.time.Instant
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class CallsTest {
    @Test
    fun `a cardholder is applied for and read`() = TestEnv().use { env ->
        val applied = env.client.cardholders().apply(
            cardholderUniqueNo = "customer-1",
            sumsubShareToken = "auto-approve-1",
        )
        val holder = env.client.cardholders().get(applied.cardholderNo)
        assertEquals(CardholderStatus.Approved, holder.status)
        assertEquals("customer-1", holder.cardholderUniqueNo)
        assertNull(holder.failReason)
    }

    @Test
    fun `a card is applied for with its required fields only`() = TestEnv().use { env ->
        val cards = env.client.cards()
        val package_ = cards.packages().first { it.packageType == CardType.Virtual }
        val applied = cards.apply(
            cardholderNo = env.cardholderNo,
            cardUniqueNo = "order-1-card",
            cardType = CardType.Virtual,
            packageNo = package_.packageNo,
        )
        val card = cards.get(applied.cardNo)
        assertEquals(CardStatus.Activated, card.status)
        assertEquals(CardType.Virtual, card.cardType)
        assertEquals("order-1-card", card.cardUniqueNo)
    }

    @Test
    fun `a physical card is activated, gets a PIN and shows its secrets`() = TestEnv().use { env ->
        val cards = env.client.cards()
        val cardNo = env.sandbox.physicalCard(env.cardholderNo)
        val (pan, cvv) = env.sandbox.secrets(cardNo)
        cards.activate(cardNo, env.cardholderNo, cvv, pan.takeLast(4))
        cards.setPin(cardNo, env.cardholderNo, "739251")
        val pin = env.sandbox.control("POST /cards/pin_matches", "card_no" to cardNo, "pin" to "739251")
        assertTrue(pin.asJsonObject["matches"].asBoolean)
        cards.privateInfo(cardNo).use { secrets ->
            assertEquals(pan, secrets.exposePan())
            assertEquals(cvv, secrets.exposeCvv())
            assertEquals(4, secrets.expYear.length)
            assertEquals(pan.take(6), secrets.maskedPan.take(6))
        }
        cards.freeze(cardNo)
        assertEquals(CardStatus.Frozen, cards.get(cardNo).status)
        cards.unfreeze(cardNo)
        cards.updateStatus(cardNo, CardStatus.of("Frozen"))
        cards.delete(cardNo)
        assertEquals(CardStatus.Delete, cards.get(cardNo).status)
    }

    @Test
    fun `amounts are exact and times are those of the platform`() = TestEnv().use { env ->
        val before = env.sandbox.now().minusSeconds(2)
        val moved = env.client.accounts().transfer(
            cardholderNo = env.cardholderNo,
            transferUniqueNo = "topup-1",
            type = TransferType.In,
            amount = BigDecimal("1234.56"),
        )
        assertEquals(0, BigDecimal("1234.56").compareTo(moved.afterBalance!! - moved.beforeBalance!!))
        val listed = env.client.accounts().transfers(before, env.sandbox.now().plusSeconds(60)).single()
        assertEquals(0, BigDecimal("1234.56").compareTo(listed.amount))
        assertTrue(Duration.between(before, listed.time!!).abs() < Duration.ofMinutes(2))
        val account = env.client.accounts().get(env.cardholderNo).list.single()
        assertEquals(0, moved.afterBalance!!.compareTo(account.balance))
    }

    @Test
    fun `a purchase is simulated, cleared and refunded`() = TestEnv().use { env ->
        val cardNo = env.sandbox.virtualCard(env.cardholderNo)
        env.client.accounts().transfer(env.transfer("topup-1", "100.00"))
        val simulation = env.client.simulation()
        val bought = simulation.auth(
            SimulationRequest(
                cardNo = cardNo,
                cardholderNo = env.cardholderNo,
                type = ConsumptionType.Consumption,
                amount = BigDecimal("40.00"),
                merchantInfo = MerchantInfo(merchantName = "Corner Books"),
            ),
        ).consumeNo!!
        simulation.consumptionClear(SimulationRequest(consumeNo = bought))
        simulation.refund(SimulationRequest(consumeRelateNo = bought, amount = BigDecimal("10.00")))
        val one = env.client.consumptions().get(bought)
        assertEquals(Status.Success, one.status)
        assertEquals(ConsumptionType.Consumption, one.type)
        assertEquals("Corner Books", one.merchantInfo?.merchantName)
    }

    @Test
    fun `a raw call returns the exact text of the data`() = TestEnv().use { env ->
        val response = env.client.call(Method.POST, "/v1/card/package/list", """{"page":0,"size":1}""")
        val raw = JsonParser.parseString(response).asJsonObject["list"].asJsonArray[0].asJsonObject
        val typed = env.client.cards().packagesPage(0, 1).list.single()
        assertEquals(raw["package_no"].asString, typed.packageNo)
        assertThrows(KeySecureException.InvalidInput::class.java) { env.client.call(Method.POST, "/v1/x", "{") }
        Unit
    }

    @Test
    fun `objects compare by value, convert to JSON and keep unknown values`() = TestEnv().use { env ->
        val one = env.client.cardholders().get(env.cardholderNo)
        val again = env.client.cardholders().get(env.cardholderNo)
        assertEquals(one, again)
        assertEquals(one.hashCode(), again.hashCode())
        assertNotEquals(one, again.copy(email = "other@example.com"))
        assertEquals(env.cardholderNo, JsonParser.parseString(one.toJson()).asJsonObject["cardholder_no"].asString)
        assertEquals(CardStatus.Unknown("Brand_new"), CardStatus.of("Brand_new"))
        assertEquals("Brand_new", "${CardStatus.of("Brand_new")}")
        assertEquals("Open_card", "${ConsumptionType.OpenCard}")
    }

    @Test
    fun `a virtual card needs five address fields and a physical card all`() = TestEnv().use { env ->
        val cards = env.client.cards()
        val five = Address(
            postalCode = "SW1Y 4JH", country = "GB", state = "London", city = "London", addressLine1 = "12 St James's Square",
        )
        assertNull(five.firstName)
        fun package_(type: CardType) = cards.packages().first { it.packageType == type }.packageNo
        fun apply(type: CardType) =
            cards.apply(env.cardholderNo, "card-$type", type, package_(type), addressInfo = five)
        assertEquals(CardStatus.Activated, cards.get(apply(CardType.Virtual).cardNo).status)
        val error = assertThrows(KeySecureException.InvalidInput::class.java) { apply(CardType.Physical) }
        assertEquals("address_info.first_name", error.field)
    }

    @Test
    fun `amounts are sent in plain digits and a raw body unchanged`() {
        val transport = InMemoryTransport { """{"transfer_no":"1"}""" }
        val client = transport.client()
        client.accounts().transfer("1", "t-1", TransferType.In, BigDecimal("1E+2"))
        client.accounts().transfer("1", "t-2", TransferType.In, BigDecimal("25.10").stripTrailingZeros())
        val body = """{"a":18446744073709551617,"b":100,"c":1E+2,"d":0.10}"""
        client.call(Method.POST, "/v1/anything", body)
        val amounts = transport.bodies.take(2).map { JsonParser.parseString(it).asJsonObject["balance"].asString }
        assertEquals(listOf("100", "25.1"), amounts)
        assertEquals(body, transport.bodies[2])
    }

    @Test
    fun `the sandbox charges fees and uses HTTP statuses when configured`() = TestEnv().use { env ->
        val cardNo = env.sandbox.virtualCard(env.cardholderNo)
        env.client.accounts().transfer(env.transfer("topup-1", "100.00"))
        env.sandbox.settings("tariffs" to true, "http_statuses" to "strict")
        val fee = env.client.consumptions().get(env.sandbox.manageFee(cardNo, "1.25"))
        assertEquals(0, BigDecimal("1.25").compareTo(fee.amount))
        val error = assertThrows(KeySecureException.Api::class.java) { env.client.cards().get("nobody") }
        assertEquals(400, error.httpStatus)
    }

    @Test
    fun `the access token and the client token are returned`() = TestEnv().use { env ->
        env.client.accessToken().use { token ->
            assertTrue(token.expose().isNotEmpty())
            assertTrue(token.expiresAt > Instant.now())
        }
        env.client.pci().clientToken(env.sandbox.virtualCard(env.cardholderNo)).use { token ->
            assertTrue(token.expose().isNotEmpty() && token.expiresIn > 0)
        }
    }

    @Test
    fun `the doctor passes a healthy integration and names a wrong Api-Key`() = TestEnv().use { env ->
        val cardNo = env.sandbox.virtualCard(env.cardholderNo)
        val report = env.client.doctor(cardNo)
        assertTrue(report.isHealthy(), report.toString())
        val wrong = Client("not-a-known-key", env.sandbox.apiSecret, baseUrl = env.sandbox.baseUrl).use { it.doctor() }
        assertTrue(!wrong.isHealthy())
        assertTrue(wrong.toString().contains("api_key"), wrong.toString())
        assertTrue(JsonParser.parseString(wrong.toJson()).asJsonObject.getAsJsonArray("findings").size() == 8)
    }

    @Test
    fun `the native library has the version of the Kotlin code`() {
        assertEquals(System.getProperty("keysecure.version"), io.keysecure.internal.ffi.libraryVersion())
    }
}
