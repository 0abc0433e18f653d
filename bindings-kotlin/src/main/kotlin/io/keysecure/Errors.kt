package io.keysecure

import io.keysecure.model.ErrorDetails
import io.keysecure.model.ErrorKind
import io.keysecure.model.FfiException
import io.keysecure.model.Outcome
import io.keysecure.model.Rejection
import io.keysecure.model.TransportFault

// Converts errors of the native library to exceptions. `KeySecureException` is generated from the list of error kinds.

/** Converts an error to the public exception. Its cause is the exception of the caller's session, transport or store, if there is one. */
internal fun toPublicException(thrown: FfiException): KeySecureException {
    val exception = when (thrown) {
        is FfiException.Failed -> exceptionFor(thrown.details)
    }
    val isOfStore = exception.transportFault == TransportFault.STORE || exception.rejection == Rejection.REPLAY_STORE_UNAVAILABLE
    // A session that throws ends its call.
    val cause = LastCause.ofSession.take() ?: (if (isOfStore) LastCause.ofStore else LastCause.ofTransport).take()
    cause?.let(exception::initCause)
    return exception
}

/** The exception for a panic, which is a bug of the library. Omits its message, which may hold secrets. */
internal fun panicked(): KeySecureException {
    val text = "keysecure failed internally: this is a bug of the library; the outcome of the call is not known"
    return KeySecureException.InvalidResponse(
        ErrorDetails(text, ErrorKind.INVALID_RESPONSE, Outcome.UNKNOWN),
    )
}

/** The exception for an argument that cannot be passed to the library. Nothing was sent. */
internal fun invalidInput(rule: String): KeySecureException =
    KeySecureException.InvalidInput(ErrorDetails(rule, ErrorKind.INVALID_INPUT, Outcome.NOT_SENT))

/** Calls the library and converts its errors to public exceptions. */
internal inline fun <T> call(block: () -> T): T =
    try {
        LastCause.clear()
        block()
    } catch (thrown: FfiException) {
        throw toPublicException(thrown)
    } catch (_: CharacterCodingException) {
        throw invalidInput("a text contains an unpaired surrogate")
    } catch (wrong: IllegalArgumentException) {
        throw if (wrong.message.orEmpty().startsWith("Invalid duration")) invalidInput("a duration must not be negative") else wrong
    } catch (_: io.keysecure.internal.ffi.UniffiInternalException) {
        throw panicked()
    } catch (_: io.keysecure.model.UniffiInternalException) {
        throw panicked()
    } catch (error: LinkageError) {
        throw NativeLibrary.failed(error)
    }

/** Writes a model. What the native library cannot read of it is an invalid argument of the caller. */
internal inline fun written(block: () -> String): String = call {
    try {
        block()
    } catch (_: io.keysecure.model.UniffiInternalException) {
        throw invalidInput("a field has a value that the platform has no form for, such as an amount of more than 28 digits")
    }
}

/** The text of an object for logs, which must not fail: the name of its class when a field is not valid. */
internal inline fun printed(of: Any, block: () -> String): String =
    try {
        block()
    } catch (_: Exception) {
        "${of.javaClass.simpleName}(not valid)"
    }
