package io.keysecure

import io.keysecure.model.AesSettings
import io.keysecure.model.CipherMode
import io.keysecure.model.Environment
import io.keysecure.model.ErrorKind
import io.keysecure.model.KeyScheme
import io.keysecure.model.Outcome
import io.keysecure.model.SimulationRequest
import io.keysecure.model.TransferType
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.ObjectInputStream
import java.io.ObjectOutputStream
import java.math.BigDecimal
import java.time.Duration
import java.time.LocalDate
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ErrorsTest {
    @Test
    fun `the message is readable and the details are properties`() = TestEnv().use { env ->
        val error = assertThrows(KeySecureException.NotFound::class.java) { env.client.cardholders().get("nobody") }
        assertEquals(2002, error.code)
        assertEquals(Outcome.REJECTED, error.outcome)
        assertEquals("cardholders.get", error.operation)
        assertEquals(1, error.attempts)
        assertEquals(200, error.httpStatus)
        assertEquals(ErrorKind.NOT_FOUND, error.kind)
        assertTrue(error.message!!.startsWith("cardholders.get: the platform refused with code 2002"), error.message)
        assertTrue(error.toString().endsWith(error.message!!))
        assertFalse(error.message!!.contains("details"))
    }

    @Test
    fun `a refusal of the platform is caught by its class or as Api`() = TestEnv().use { env ->
        val kinds = listOf(
            1009 to KeySecureException.RateLimit::class,
            1012 to KeySecureException.Permission::class,
            4005 to KeySecureException.State::class,
            99999 to KeySecureException.Api::class,
        )
        for ((code, kind) in kinds) {
            env.sandbox.fault("accounts.transfer", mapOf("code" to code), times = 9)
            val error = assertThrows(KeySecureException.Api::class.java) {
                env.client.accounts().transfer(env.transfer("t-$code"))
            }
            assertEquals(kind, error::class, "$code")
            assertEquals(code.toLong(), error.code)
            env.sandbox.control("POST /faults/clear")
        }
    }

    @Test
    fun `invalid input names its field and is not sent`() = TestEnv().use { env ->
        val accounts = env.client.accounts()
        for (amount in listOf("0", "-1", "0.001", "12345678901234567890123456789012", "1E+40")) {
            val error = assertThrows(KeySecureException.InvalidInput::class.java) {
                accounts.transfer(env.cardholderNo, "t-1", TransferType.In, BigDecimal(amount))
            }
            assertEquals("amount", error.field, amount)
            assertEquals(Outcome.NOT_SENT, error.outcome)
        }
        val pin = assertThrows(KeySecureException.InvalidInput::class.java) {
            env.client.cards().setPin("c", "h", "123456")
        }
        assertEquals("pin", pin.field)
        assertFalse(pin.toString().contains("123456"))
        val day = assertThrows(KeySecureException.InvalidInput::class.java) {
            env.client.cards().list(LocalDate.of(20000, 1, 1), LocalDate.of(20000, 1, 2))
        }
        assertEquals("date", day.field)
        val page = assertThrows(KeySecureException.InvalidInput::class.java) { env.client.cards().packagesPage(-1, 10) }
        assertEquals("page", page.field)
        val extra = assertThrows(KeySecureException.InvalidInput::class.java) {
            env.client.simulation().auth(SimulationRequest(cardNo = "c", amount = BigDecimal.ONE, extra = "[1]"))
        }
        assertEquals("extra", extra.field)
        assertEquals(0, env.sandbox.requestsTo("accounts.transfer"))
    }

    @Test
    fun `an invalid setting is refused when the client is created`() {
        fun refused(create: () -> Client) = assertThrows(KeySecureException.Config::class.java) { create() }
        refused { Client("", "sixteen-letters!") }
        refused { Client("key", "") }
        refused { Client("key", "sixteen-letters!", baseUrl = "http://example.com") }
        refused { Client("key", "sixteen-letters!", timeout = Duration.ZERO) }
        refused { Client("key", "sixteen-letters!", timezone = "Mars") }
        refused { Client("key", "too short for AES", aes = AesSettings(KeyScheme.HEX, CipherMode.ECB)) }
        assertThrows(KeySecureException.InvalidInput::class.java) { Client("key", "sixteen-letters!", maxRetries = -1) }
    }

    @Test
    fun `a call on a closed client is a Config error`() = TestEnv().use { env ->
        val client = env.builder().build()
        client.cards().packages().count()
        client.close()
        client.close()
        val error = assertThrows(KeySecureException.Config::class.java) { client.cards().packages().count() }
        assertTrue(error.message!!.contains("closed"), error.message)
    }

    @Test
    fun `simulation is refused in production at any address`() = TestEnv().use { env ->
        val client = env.builder().environment(Environment.PRODUCTION).build()
        assertThrows(KeySecureException.Config::class.java) {
            client.simulation().auth(SimulationRequest(cardNo = "c", amount = BigDecimal.ONE))
        }
        assertEquals(0, env.sandbox.requestsTo("simulation.auth"))
    }

    @Test
    fun `a connection refused by the server means not sent`() {
        val client = Client("key", "sixteen-letters!", baseUrl = "http://127.0.0.1:1", maxRetries = 0)
        val error = assertThrows(KeySecureException.Transport::class.java) { client.cards().get("c") }
        assertEquals(Outcome.NOT_SENT, error.outcome)
        assertNull(error.httpStatus)
    }

    @Test
    fun `an exception can be serialized`() = TestEnv().use { env ->
        val error = assertThrows(KeySecureException::class.java) { env.client.cardholders().get("nobody") }
        val bytes = ByteArrayOutputStream().also { ObjectOutputStream(it).writeObject(error) }.toByteArray()
        val read = ObjectInputStream(ByteArrayInputStream(bytes)).readObject() as KeySecureException
        assertEquals(error.message, read.message)
        assertEquals(error.outcome, read.outcome)
        assertEquals(error.code, read.code)
    }

    @Test
    fun `an exception rebuilt from class and text has outcome unknown`() {
        val classes = KeySecureException::class.java.classes.filter { KeySecureException::class.java.isAssignableFrom(it) }
        assertEquals(14, classes.size)
        for (type in classes) {
            val rebuilt = type.getConstructor(String::class.java).newInstance("some text") as KeySecureException
            assertEquals(Outcome.UNKNOWN, rebuilt.outcome, type.name)
            assertEquals("some text", rebuilt.message)
            assertEquals(type.simpleName.uppercase(), rebuilt.kind.name.replace("_", ""))
            // Serialization frameworks create objects without calling a constructor of the class.
            val factory = sun.reflect.ReflectionFactory.getReflectionFactory()
            val bare = factory.newConstructorForSerialization(type, Any::class.java.getConstructor()).newInstance()
            assertEquals(Outcome.UNKNOWN, (bare as KeySecureException).outcome, type.name)
        }
    }

    @Test
    fun `arguments that cannot be passed to Rust are InvalidInput`() = TestEnv().use { env ->
        val cut = "Ada \uD83D" // half of an emoji
        val tries = listOf<() -> Unit>(
            { env.client.cards().get(cut) },
            { env.client.accounts().transfer("1", cut, TransferType.In, BigDecimal.ONE) },
            { env.builder().timeout(Duration.ofSeconds(-1)).build() },
        )
        for (attempt in tries) {
            val error = assertThrows(KeySecureException.InvalidInput::class.java) { attempt() }
            assertEquals(Outcome.NOT_SENT, error.outcome)
        }
        assertEquals(0, env.sandbox.requestsTo("accounts.transfer"))
    }
}
