package io.keysecure

import io.keysecure.model.ErrorDetails
import io.keysecure.model.ErrorKind
import io.keysecure.model.FfiException
import io.keysecure.model.Outcome

// How errors of the library become exceptions. [KeySecureException] itself is generated from the library's list of kinds.

/** The exception that callers see, with the cause that the caller's own transport threw. */
internal fun toPublicException(thrown: FfiException): KeySecureException {
    val exception = when (thrown) {
        is FfiException.Failed -> exceptionFor(thrown.details)
    }
    LastCause.take()?.let(exception::initCause)
    return exception
}

/** A panic in the library: a bug. Its text stays behind, for it could hold anything. */
internal fun panicked(): KeySecureException {
    val text = "keysecure failed inside: this is a bug of the library; what became of the call is not known"
    return KeySecureException.InvalidResponse(
        ErrorDetails(text, ErrorKind.INVALID_RESPONSE, Outcome.UNKNOWN),
    )
}

/** An argument that could not even be handed to the library: nothing was sent. */
internal fun invalidInput(rule: String): KeySecureException =
    KeySecureException.InvalidInput(ErrorDetails(rule, ErrorKind.INVALID_INPUT, Outcome.NOT_SENT))

/** Runs a call of the library and gives its errors their public form. */
internal inline fun <T> call(block: () -> T): T =
    try {
        block()
    } catch (thrown: FfiException) {
        throw toPublicException(thrown)
    } catch (_: CharacterCodingException) {
        throw invalidInput("a text holds half of a character (a surrogate without its other half)")
    } catch (wrong: IllegalArgumentException) {
        throw if (wrong.message.orEmpty().startsWith("Invalid duration")) invalidInput("a time must not be negative") else wrong
    } catch (_: io.keysecure.ffi.InternalException) {
        throw panicked()
    } catch (_: io.keysecure.model.InternalException) {
        throw panicked()
    }
