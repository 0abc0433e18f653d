import io.keysecure.*
import io.keysecure.model.*
import java.math.BigDecimal

// All processes on this machine share the directory. For several machines: "redis://10.0.0.5/"; for a single process: "memory".
fun createClient(): Client = Client.builderFromEnv().store("file:/var/lib/shop/keysecure").build()

/** Pays once, however often and by whichever worker it is called, also after a crash. */
fun pay(client: Client, order: String) {
    val transfer = Transfer("1001", "$order-topup", TransferType.In, BigDecimal("25.00"))
    val done = client.accounts().ensureTransfer(transfer)
    println("${done.value.transferNo}, created by this call: ${done.created}")
}
