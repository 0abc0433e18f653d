package examples.payments

import io.keysecure.*
import io.keysecure.model.*
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.async
import kotlinx.coroutines.withTimeoutOrNull

/**
 * Starts a payment in a scope that outlives the request, and waits 5 s for it. Null: not known yet. `record` gets the result or the
 * exception in every case, however late.
 */
suspend fun pay(scope: CoroutineScope, client: Client, transfer: Transfer, record: (Result<TransferResult>) -> Unit): TransferResult? {
    val payment = scope.async {
        val result = runCatching { client.io(mutates = true) { accounts().transfer(transfer) } }
        runCatching { record(result); result.getOrThrow() } // an exception that left `async` would cancel the scope
    }
    return withTimeoutOrNull(5_000) { payment.await() }?.getOrThrow()
}
