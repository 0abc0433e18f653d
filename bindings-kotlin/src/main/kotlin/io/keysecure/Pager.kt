package io.keysecure

import java.time.Duration
import java.util.Spliterator
import java.util.Spliterators
import java.util.concurrent.locks.ReentrantLock
import java.util.stream.Stream
import java.util.stream.StreamSupport
import kotlin.concurrent.withLock

/**
 * A lazy sequence over all pages of a list call and, for a window of time, over all of the platform's windows of at most 90 days.
 *
 * Each row is returned once, newest first. A page is fetched when its first row is needed; the thread that iterates blocks. A pager is
 * single-pass, as an iterator is: a second iteration, of any kind, continues where the first ended. Use it from one thread at a time.
 *
 * A failed request ends a pager: every further iteration throws its error ([hasFailed]). It continues after two errors, both
 * [KeySecureException.InvalidResponse]: a row without its number, and a window whose rows may be incomplete. A sequence, a `for`
 * loop, a [Stream] and a `Flow` stop at the first error, so that an incomplete list is never mistaken for a complete one; another
 * iteration continues after it. [results] returns errors in place of their rows, and all rows after them; it ends after the error of a
 * failed request.
 */
public class Pager<T> internal constructor(limits: CallLimits, open: () -> PageSource<T>) : Sequence<T> {
    // Opened immediately, so that an invalid argument is refused where it is passed.
    private val rows = RowIterator(limits, open())

    /** Whether a failed request ended the pager. After every other error it continues. */
    public val hasFailed: Boolean
        @JvmName("hasFailed") get() = rows.hasFailed

    /** Whether the next row is available without a request. */
    internal fun hasFetched(): Boolean = rows.hasFetched()

    /**
     * Iterates over the remaining rows. [Iterator.hasNext] throws an error in place of its row, and continues when it is called again.
     *
     * @throws KeySecureException while iterating, when a request fails or a row is not valid.
     */
    override fun iterator(): Iterator<T> = rows

    /** The remaining rows as successes, and the errors as failures. */
    @JvmSynthetic // Java has no `Result`: there, an iterator continues after an error.
    public fun results(): Sequence<Result<T>> = Sequence { ResultIterator(rows) }

    /**
     * The remaining rows as an [Iterable], for the `for` loop of Java.
     *
     * @throws KeySecureException while iterating, when a request fails or a row is not valid.
     */
    public fun iterable(): Iterable<T> = Iterable { rows }

    /**
     * The remaining rows as a [Stream].
     *
     * @throws KeySecureException while reading, when a request fails or a row is not valid.
     */
    public fun stream(): Stream<T> {
        val order = Spliterator.ORDERED or Spliterator.NONNULL
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(rows, order), false)
    }
}

/**
 * The pages of a list call.
 *
 * @property next returns the rows of the next page, none at the end.
 * @property nextAfterWaiting does so for a call that has already waited so long for a thread.
 * @property hasFailed tells whether a failed request ended the list, whose error is then thrown each time.
 */
internal class PageSource<T>(
    val next: () -> List<T>,
    val nextAfterWaiting: (Duration) -> List<T>,
    val hasFailed: () -> Boolean,
    val close: () -> Unit,
)

/** Unlike `AbstractIterator`, it can continue after an error. Locked, so that another thread may continue. */
private class RowIterator<T>(private val limits: CallLimits, private val source: PageSource<T>) : Iterator<T> {
    private var page: Iterator<T> = emptyList<T>().iterator()
    private var ended = false

    @Volatile
    var hasFailed = false
        private set

    // Not `synchronized`, which pins the carrier of a virtual thread on JDK 21 to 23.
    private val lock = ReentrantLock()

    fun hasFetched(): Boolean = lock.withLock { page.hasNext() }

    override fun hasNext(): Boolean {
        lock.withLock {
            if (page.hasNext()) return true
            if (ended) return false
            page = fetch().iterator()
            if (!page.hasNext()) {
                ended = true
                source.close()
            }
            return !ended
        }
    }

    private fun fetch(): List<T> = try {
        CallThreads.READS.run(limit = limits.timeout) { nextPage() }
    } catch (thrown: KeySecureException) {
        hasFailed = source.hasFailed()
        throw thrown
    }

    private fun nextPage(): List<T> {
        val waited = QueueTime.take()
        return CurrentCall.make(limits, limits.timeout, waited) {
            call { if (waited == null) source.next() else source.nextAfterWaiting(waited) }
        }
    }

    override fun next(): T = lock.withLock { if (hasNext()) page.next() else throw NoSuchElementException() }
}

/** Ends after the error of a failed request, which the rows throw each time. */
private class ResultIterator<T>(private val rows: RowIterator<T>) : Iterator<Result<T>> {
    private var error: KeySecureException? = null
    private var ended = false

    override fun hasNext(): Boolean {
        if (error != null) return true
        if (ended) return false
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
        ended = rows.hasFailed
        return Result.failure(failed)
    }
}

/** One page of a list. */
public class Page<T> internal constructor(
    /** The rows, at most the requested number, newest first. Fewer do not prove that this is the last page. */
    public val list: List<T>,
    /** Fields of the response that this version does not know, as one JSON object. */
    public val extra: String,
) {
    /** Returns the reader of [extra]. */
    public fun extraFields(): ExtraFields = ExtraFields(extra)

    override fun toString(): String = "Page(list=$list)"
}
