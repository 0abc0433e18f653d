package examples.relayhandler

import io.keysecure.*
import io.keysecure.relay.*
import java.io.InputStream
import java.io.OutputStream

fun createRelay(client: Client, accounts: Map<String, String>): Relay =
    Relay(client, mount = "/keysecure", audit = { record -> println(record) }) { request ->
        accounts[request.bearer]?.let { cardholderNo -> Scope.cardholder(cardholderNo).readOnly() } // null refuses the request
    }

fun serve(relay: Relay, method: String, rawPath: String, headers: Map<String, List<String>>, body: InputStream, output: OutputStream) {
    relay.handle(method, rawPath, headers, body).use { response ->
        println("${response.status} ${response.headers}") // send them first
        response.writeTo(output)
    }
}
