package io.keysecure

import io.keysecure.internal.ffi.FfiSession

/**
 * Source of the session token with which an app calls the relay on its merchant's server; see [Client.relay].
 *
 * The token is the merchant's own: whatever their server accepts as `Authorization: Bearer ...`. It is asked for before each request,
 * so that a user who signs out and another who signs in never share one: return a token that you keep, not one fetched each time. When
 * the relay refuses it, it is asked for once more with `refused` set:
 *
 *     val session = Session { refused -> if (refused) login.renew() else login.token }
 *
 * It is called on the thread of the call (for a virtual thread: on a platform thread, see [Client]), concurrently. That thread is
 * interrupted to end the call. Its time counts into `timeout`: nothing is sent after that, but a session that blocks for longer keeps
 * its caller waiting. For suspending functions there is [suspendingSession], which is cancelled then.
 */
public fun interface Session {
    /**
     * Returns the session token: printable ASCII without spaces; `null` if no user is signed in.
     *
     * With `null`, and when this throws, the call fails with [KeySecureException.Authentication], outcome `NOT_SENT` (`REJECTED` after
     * a refusal). What was thrown is the `cause`; the log has its class and place, never its message.
     *
     * @param refused whether the relay refused the token before it.
     */
    @Throws(Exception::class)
    public fun token(refused: Boolean): String?
}

/** Adapts a [Session] to the native library. */
internal class GuardedSession(private val inner: Session) : FfiSession {
    override fun token(refused: Boolean): String? = guarded(LastCause.ofSession) { inner.token(refused) }
}
