package io.keysecure

import java.time.Duration

// What a caller's own code returns must not fail when generated code converts it: outside of what guards that code, a decline would
// count as no decision, and a lease as none.

/** The text with U+FFFD in place of each half of a surrogate pair, which UTF-8 cannot hold. */
internal fun String.wellFormed(): String {
    if (none(Char::isSurrogate)) return this
    val text = StringBuilder(this)
    var index = 0
    while (index < length) {
        val isPair = this[index].isHighSurrogate() && index + 1 < length && this[index + 1].isLowSurrogate()
        if (!isPair && this[index].isSurrogate()) text.setCharAt(index, '\uFFFD')
        index += if (isPair) 2 else 1
    }
    return text.toString()
}

/** No shorter than zero: the clocks of a store and of its workers differ by some milliseconds. */
private fun Duration.notNegative(): Duration = coerceAtLeast(Duration.ZERO)

internal fun StoredToken.wellFormed() = copy(token = token.wellFormed())

internal fun Acquired.wellFormed(): Acquired = when (this) {
    is Acquired.Busy -> this
    is Acquired.Leased ->
        Acquired.Leased(leaseId.wellFormed(), lastAttempt?.let { it.copy(ended = it.ended.notNegative()) }, storeAge.notNegative())
}

internal fun HttpResponse.wellFormed() = copy(
    date = date?.wellFormed(),
    retryAfter = retryAfter?.wellFormed(),
    contentType = contentType?.wellFormed(),
    location = location?.wellFormed(),
)
