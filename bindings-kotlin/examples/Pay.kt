import io.keysecure.*
import io.keysecure.model.*
import java.math.BigDecimal

fun pay(client: Client, order: String, retry: Boolean) {
    val transfer = Transfer("1001", "$order-topup", TransferType.In, BigDecimal("25.00"))
    // A number made just now goes out at once; one that some process may have sent before waits until its absence is proven.
    val done = client.accounts().ensureTransfer(transfer, if (retry) Ensure() else Ensure.neverSent())
    println("${done.value.transferNo}, made now: ${done.created}")
}
