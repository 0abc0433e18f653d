package io.keysecure

import java.util.Spliterator
import java.util.Spliterators
import java.util.stream.Stream
import java.util.stream.StreamSupport

/**
 * A lazy list over all pages and, where there is a span of time, all of the platform's windows of at most 90 days.
 *
 * Each row comes once. A page is fetched when its first row is asked for, on the thread that asks (blocking); going
 * through the list again fetches again. The first error ends it.
 */
public class Rows<T> internal constructor(private val open: () -> Source<T>) : Sequence<T> {
    // Opened at once, so that a wrong argument is told where it is given. The first iterator takes it over.
    private val opened = java.util.concurrent.atomic.AtomicReference<Source<T>?>(open())

    override fun iterator(): Iterator<T> = RowIterator(opened.getAndSet(null) ?: open())

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

private class RowIterator<T>(private val source: Source<T>) : AbstractIterator<T>() {
    private var rows: Iterator<T> = emptyList<T>().iterator()

    override fun computeNext() {
        if (!rows.hasNext()) {
            rows = try {
                call { source.next() }.iterator()
            } catch (error: Throwable) {
                done()
                source.close()
                throw error
            }
        }
        if (rows.hasNext()) {
            setNext(rows.next())
        } else {
            done()
            source.close()
        }
    }
}

/** One page of a list. */
public class Page<T> internal constructor(
    /** The rows, at most as many as were asked for. Fewer mean that this is the last page. */
    public val list: List<T>,
    /** Fields of the answer that this version does not know, as one JSON object. */
    public val extra: String,
) {
    override fun toString(): String = "Page(list=$list)"
}
