package io.keysecure.relay

import io.keysecure.call
import io.keysecure.described
import io.keysecure.internal.relay.FfiAuditRecord
import io.keysecure.internal.relay.FfiAuditSink
import io.keysecure.internal.relay.FfiAuthorizer
import io.keysecure.internal.relay.FfiHookFailure
import io.keysecure.internal.relay.FfiSessionScope
import io.keysecure.internal.relay.UniffiInternalException
import io.keysecure.panicked
import java.util.function.Consumer

/** Adapts an [Authorize] to the native library, which calls it on the thread of the request. */
internal class GuardedAuthorize(private val inner: Authorize) : FfiAuthorizer {
    override fun scope(bearer: String?): FfiSessionScope? =
        guardedHook { inner.authorize(RelayRequest(Received.get(), bearer))?.toFfi() }
}

/** Adapts a function that receives records. */
internal class GuardedAudit(private val inner: Consumer<AuditRecord>) : FfiAuditSink {
    override fun record(record: FfiAuditRecord) = guardedHook { inner.accept(AuditRecord(record)) }
}

/** Only an [FfiHookFailure] may propagate into native code, not even an [Error]. */
internal inline fun <T> guardedHook(code: () -> T): T =
    try {
        code()
    } catch (error: Throwable) {
        if (error is InterruptedException) Thread.currentThread().interrupt()
        throw FfiHookFailure.Failed(described(error))
    }

/** Calls the library's relay and converts its errors to public exceptions. */
internal inline fun <T> relayCall(block: () -> T): T = call {
    try {
        block()
    } catch (_: UniffiInternalException) {
        throw panicked()
    }
}
