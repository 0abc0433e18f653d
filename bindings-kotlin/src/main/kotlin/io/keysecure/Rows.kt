package io.keysecure

import java.util.Spliterator
import java.util.Spliterators
import java.util.concurrent.atomic.AtomicReference
import java.util.stream.Stream
import java.util.stream.StreamSupport

/**
 * A lazy list over all pages and, where there is a span of time, all of the platform's windows of at most 90 days.
 *
 * **Each row comes once, newest first.** A page is fetched when its first row is asked for, on the thread that asks (blocking);
 * going through the list again fetches again.
 *
 * **Errors.** A failed request ends the list. Behind two errors, both [KeySecureException.InvalidResponse], it continues: a row
 * without its number, and a window of which rows may be missing. Whoever goes through it as a sequence, a `for`, a [Stream] or a
 * `Flow` stops at the first error and so never takes an incomplete list for a complete one. [results] gives the errors among
 * the rows and all rows behind them.
 */
public class Rows<T> internal constructor(private val open: () -> Source<T>) : Sequence<T> {
    // Opened at once, so that a wrong argument is refused where it is given. The first iterator takes it over.
    private val opened = AtomicReference<Source<T>?>(open())

    /** The rows. [Iterator.hasNext] throws an error in its row's place; asked again, it continues behind it. */
    override fun iterator(): Iterator<T> = RowIterator(opened.getAndSet(null) ?: open())

    /** The rows, each as a success, and the errors, each as a failure; the list continues behind an error where it can. */
    public fun results(): Sequence<Result<T>> = Sequence { ResultIterator(iterator()) }

    /** The same list as an [Iterable], for Java's `for`. */
    public fun iterable(): Iterable<T> = Iterable { iterator() }

    /** The same list as a [Stream]. */
    public fun stream(): Stream<T> {
        val order = Spliterator.ORDERED or Spliterator.NONNULL
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator(), order), false)
    }
}

/** Where rows come from: the rows of the next page, none at the end. */
internal class Source<T>(val next: () -> List<T>, val close: () -> Unit)

/** Unlike Kotlin's `AbstractIterator` it can be asked again after an error. */
private class RowIterator<T>(private val source: Source<T>) : Iterator<T> {
    private var rows: Iterator<T> = emptyList<T>().iterator()
    private var ended = false

    override fun hasNext(): Boolean {
        if (rows.hasNext()) return true
        if (ended) return false
        rows = call { source.next() }.iterator()
        if (!rows.hasNext()) {
            ended = true
            source.close()
        }
        return !ended
    }

    override fun next(): T = if (hasNext()) rows.next() else throw NoSuchElementException()
}

private class ResultIterator<T>(private val rows: Iterator<T>) : Iterator<Result<T>> {
    private var error: KeySecureException? = null

    override fun hasNext(): Boolean {
        if (error != null) return true
        return try {
            rows.hasNext()
        } catch (thrown: KeySecureException) {
            error = thrown
            true
        }
    }

    override fun next(): Result<T> {
        if (!hasNext()) throw NoSuchElementException()
        val failed = error ?: return Result.success(rows.next())
        error = null
        return Result.failure(failed)
    }
}

/** One page of a list. */
public class Page<T> internal constructor(
    /** The rows, at most as many as were asked for, newest first. Fewer do not prove that this is the last page. */
    public val list: List<T>,
    /** Fields of the response that this version does not know, as one JSON object. */
    public val extra: String,
) {
    override fun toString(): String = "Page(list=$list)"
}
