import io.keysecure.*
import io.keysecure.model.*
import java.math.BigDecimal

// All processes of this machine share the directory. For several machines: "redis://10.0.0.5/"; for a single process: "memory".
fun shop(): Client = Client.builderFromEnv().store("file:/var/lib/shop/keysecure").build()

/** Pays once, however often this is called, by whichever worker, also after a crash. */
fun pay(client: Client, order: String) {
    val transfer = Transfer("1001", "$order-topup", TransferType.In, BigDecimal("25.00"))
    val done = client.accounts().ensureTransfer(transfer)
    println("${done.value.transferNo}, created by this call: ${done.created}")
}
