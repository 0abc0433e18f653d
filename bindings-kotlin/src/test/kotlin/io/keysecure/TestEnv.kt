package io.keysecure

import io.keysecure.model.Transfer
import io.keysecure.model.TransferType

/** A running sandbox, a client of it and an approved cardholder. */
class TestEnv(vararg options: String) : AutoCloseable {
    val sandbox = Sandbox(*options)
    val client: Client = builder().store(Store.memory()).build()
    val cardholderNo: String by lazy { sandbox.approvedCardholder() }

    /** Creates a builder for another client of the same merchant, without a store. */
    fun builder(): ClientBuilder = Client.builder(sandbox.apiKey, sandbox.apiSecret).baseUrl(sandbox.baseUrl)

    fun transfer(uniqueNo: String, amount: String = "25.00") =
        Transfer(cardholderNo, uniqueNo, TransferType.In, amount.toBigDecimal())

    override fun close() {
        client.close()
        sandbox.close()
    }
}
