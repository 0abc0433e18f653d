package io.keysecure

import java.util.Spliterator
import java.util.Spliterators
import java.util.stream.Stream
import java.util.stream.StreamSupport

/**
 * A lazy list over all pages and, where there is a span of time, all of the platform's windows of at most 90 days.
 *
 * **Each row comes once, newest first.** A page is fetched when its first row is asked for, on the thread that asks (blocking).
 * A pager is single-pass, as an iterator is: a second pass, of any kind, continues where the first one ended. Use it from one
 * thread at a time.
 *
 * **Errors.** A failed request ends the list. Behind two errors, both [KeySecureException.InvalidResponse], it continues: a row
 * without its number, and a window of which rows may be missing. A sequence, a `for`, a [Stream] and a `Flow` stop at the first
 * error and so never take an incomplete list for a complete one; another pass continues behind it. [results] gives the errors
 * among the rows and all rows behind them.
 */
public class Pager<T> internal constructor(open: () -> PageSource<T>) : Sequence<T> {
    // Opened at once, so that a wrong argument is refused where it is given.
    private val rows = RowIterator(open())

    /** Whether the next row needs no request. */
    internal fun hasFetched(): Boolean = rows.hasFetched()

    /** The rows that are left. [Iterator.hasNext] throws an error in its row's place; asked again, it continues behind it. */
    override fun iterator(): Iterator<T> = rows

    /** The rows that are left, each as a success, and the errors, each as a failure. */
    public fun results(): Sequence<Result<T>> = Sequence { ResultIterator(rows) }

    /** The rows that are left as an [Iterable], for Java's `for`. */
    public fun iterable(): Iterable<T> = Iterable { rows }

    /** The rows that are left as a [Stream]. */
    public fun stream(): Stream<T> {
        val order = Spliterator.ORDERED or Spliterator.NONNULL
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(rows, order), false)
    }
}

/** Where rows come from: [next] gives the rows of the next page, none at the end. */
internal class PageSource<T>(val next: () -> List<T>, val close: () -> Unit)

/** Unlike Kotlin's `AbstractIterator` it can be asked again after an error. Locked, so that another thread may take it over. */
private class RowIterator<T>(private val source: PageSource<T>) : Iterator<T> {
    private var page: Iterator<T> = emptyList<T>().iterator()
    private var ended = false

    @Synchronized
    fun hasFetched(): Boolean = page.hasNext()

    @Synchronized
    override fun hasNext(): Boolean {
        if (page.hasNext()) return true
        if (ended) return false
        page = call { source.next() }.iterator()
        if (!page.hasNext()) {
            ended = true
            source.close()
        }
        return !ended
    }

    @Synchronized
    override fun next(): T = if (hasNext()) page.next() else throw NoSuchElementException()
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
