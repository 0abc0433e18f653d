package io.keysecure

import io.keysecure.model.ErrorDetails
import io.keysecure.model.ErrorKind
import io.keysecure.model.FfiException
import io.keysecure.model.Outcome
import io.keysecure.model.Rejection
import io.keysecure.model.TransportFault
import java.time.Duration

/**
 * Why a call failed, and what that means. [message] is readable and holds no secret.
 *
 * Ask [outcome] before sending a mutation again: [Outcome.UNKNOWN] means that it may have been done.
 */
public sealed class KeySecureException(facts: ErrorDetails) : RuntimeException(facts.text) {
    private val known: Outcome? = facts.outcome

    /** What kind of error it is. */
    public val kind: ErrorKind = facts.kind

    /** Whether the operation was done. An exception that lost this on its way, rebuilt from less than all of it, says `UNKNOWN`. */
    public val outcome: Outcome get() = known ?: Outcome.UNKNOWN

    /** The platform's code, when it answered with one. */
    public val code: Long? = facts.code

    /** The platform's message, with digits that look like a PAN masked. */
    public val msg: String? = facts.msg

    /** The field that broke a rule, in its name on the wire. */
    public val field: String? = facts.field

    /** The HTTP status, when an answer came. */
    public val httpStatus: Int? = facts.httpStatus

    /** The call that failed, such as `accounts.transfer`; null for settings and values. */
    public val operation: String? = facts.operation

    /** How many times the call's own request was tried; 0 when it was never tried. */
    public val attempts: Int = facts.attempts

    /** How long the platform asked to wait, when it did. */
    public val retryAfter: Duration? = facts.retryAfter

    /** What went wrong on the wire, when no answer came. */
    public val transportFault: TransportFault? = facts.transportFault

    /** Why a callback was not accepted. */
    public val rejection: Rejection? = facts.rejection

    /** A setting of the client is wrong, or the client was closed. */
    public class Config internal constructor(facts: ErrorDetails) : KeySecureException(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.CONFIG, message))
    }

    /** An argument breaks a rule; nothing was sent. */
    public class InvalidInput internal constructor(facts: ErrorDetails) : KeySecureException(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.INVALID_INPUT, message))
    }

    /** The network failed. */
    public open class Transport internal constructor(facts: ErrorDetails) : KeySecureException(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.TRANSPORT, message))
    }

    /** Time ran out: of the whole call, of connecting, or of waiting for the token. */
    public class Timeout internal constructor(facts: ErrorDetails) : Transport(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.TIMEOUT, message))
    }

    /** The platform refused. */
    public open class Api internal constructor(facts: ErrorDetails) : KeySecureException(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.API, message))
    }

    /** Codes 1002, 1006, 1007, 1008, 1010, 1011: the Api-Key or the access token. */
    public class Authentication internal constructor(facts: ErrorDetails) : Api(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.AUTHENTICATION, message))
    }

    /** Codes 1003, 1012, 1013, 1021, 1022: not allowed for this merchant or from this address. */
    public class Permission internal constructor(facts: ErrorDetails) : Api(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.PERMISSION, message))
    }

    /** Code 1009: too frequent. */
    public class RateLimit internal constructor(facts: ErrorDetails) : Api(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.RATE_LIMIT, message))
    }

    /** Code 2002: the cardholder does not exist. */
    public class NotFound internal constructor(facts: ErrorDetails) : Api(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.NOT_FOUND, message))
    }

    /** Codes 2003, 2004, 2005, 4005: the thing is in a state that does not allow this. */
    public class State internal constructor(facts: ErrorDetails) : Api(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.STATE, message))
    }

    /** Another thing stands under the same number of the merchant's. */
    public class Conflict internal constructor(facts: ErrorDetails) : KeySecureException(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.CONFLICT, message))
    }

    /** The answer is not what the platform's documentation says, or the library failed on it. */
    public class InvalidResponse internal constructor(facts: ErrorDetails) : KeySecureException(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.INVALID_RESPONSE, message))
    }

    /** A callback was not accepted; see [rejection]. */
    public class Webhook internal constructor(facts: ErrorDetails) : KeySecureException(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.WEBHOOK, message))
    }

    /** Card data could not be decrypted: most likely the `aes` setting or the secret is wrong. */
    public class Decrypt internal constructor(facts: ErrorDetails) : KeySecureException(facts) {
        /** Rebuilt from its text alone. */
        public constructor(message: String) : this(lost(ErrorKind.DECRYPT, message))
    }
}

/**
 * What is known of an exception of which only class and text are left, as after serialisation by some frameworks. Nobody can
 * say any more whether the operation was done.
 */
private fun lost(kind: ErrorKind, text: String) =
    ErrorDetails(text, kind, Outcome.UNKNOWN, null, null, null, null, null, 0, null, null, null)

/** The exception that callers see. */
internal fun published(thrown: FfiException): KeySecureException {
    val published = when (thrown) {
        is FfiException.Config -> KeySecureException.Config(thrown.facts)
        is FfiException.InvalidInput -> KeySecureException.InvalidInput(thrown.facts)
        is FfiException.Transport -> KeySecureException.Transport(thrown.facts)
        is FfiException.Timeout -> KeySecureException.Timeout(thrown.facts)
        is FfiException.Authentication -> KeySecureException.Authentication(thrown.facts)
        is FfiException.Permission -> KeySecureException.Permission(thrown.facts)
        is FfiException.RateLimit -> KeySecureException.RateLimit(thrown.facts)
        is FfiException.NotFound -> KeySecureException.NotFound(thrown.facts)
        is FfiException.State -> KeySecureException.State(thrown.facts)
        is FfiException.Conflict -> KeySecureException.Conflict(thrown.facts)
        is FfiException.Api -> KeySecureException.Api(thrown.facts)
        is FfiException.InvalidResponse -> KeySecureException.InvalidResponse(thrown.facts)
        is FfiException.Webhook -> KeySecureException.Webhook(thrown.facts)
        is FfiException.Decrypt -> KeySecureException.Decrypt(thrown.facts)
    }
    LastCause.take()?.let(published::initCause)
    return published
}

/** A panic in the library: a bug. Its text stays behind, for it could hold anything. */
internal fun panicked(): KeySecureException {
    val text = "keysecure failed inside: this is a bug of the library; what became of the call is not known"
    return KeySecureException.InvalidResponse(
        ErrorDetails(text, ErrorKind.INVALID_RESPONSE, Outcome.UNKNOWN, null, null, null, null, null, 0, null, null, null),
    )
}

/** An argument that could not even be handed to the library: nothing was sent. */
internal fun refused(rule: String): KeySecureException = KeySecureException.InvalidInput(
    ErrorDetails(rule, ErrorKind.INVALID_INPUT, Outcome.NOT_SENT, null, null, null, null, null, 0, null, null, null),
)

/** Runs a call of the library and gives its errors their public form. */
internal inline fun <T> call(block: () -> T): T =
    try {
        block()
    } catch (thrown: FfiException) {
        throw published(thrown)
    } catch (_: CharacterCodingException) {
        throw refused("a text holds half of a character (a surrogate without its other half)")
    } catch (wrong: IllegalArgumentException) {
        throw if (wrong.message.orEmpty().startsWith("Invalid duration")) refused("a time must not be negative") else wrong
    } catch (_: io.keysecure.ffi.InternalException) {
        throw panicked()
    } catch (_: io.keysecure.model.InternalException) {
        throw panicked()
    }
