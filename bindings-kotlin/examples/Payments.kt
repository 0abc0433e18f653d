package examples.payments

import io.keysecure.*
import io.keysecure.model.*
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.async
import kotlinx.coroutines.withTimeoutOrNull

/** Starts a payment in a scope that outlives the request, and waits 5 s for it. */
suspend fun pay(scope: CoroutineScope, client: Client, transfer: Transfer, record: (TransferResult) -> Unit): TransferResult? {
    val payment = scope.async { client.io { accounts().transfer(transfer).also(record) } }
    return withTimeoutOrNull(5_000) { payment.await() } // null: not known yet; `record` gets the result later
}
