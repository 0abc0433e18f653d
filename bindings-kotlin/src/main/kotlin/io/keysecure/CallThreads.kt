package io.keysecure

import io.keysecure.internal.ffi.FfiInterruptPoll
import io.keysecure.internal.ffi.setInterruptPoll
import io.keysecure.model.ErrorDetails
import io.keysecure.model.ErrorKind
import io.keysecure.model.Outcome
import io.keysecure.model.TransportFault
import java.lang.reflect.Constructor
import java.lang.reflect.Method
import java.time.Duration
import java.util.concurrent.LinkedTransferQueue
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit
import java.util.concurrent.locks.ReentrantLock
import java.util.logging.Level

// A native frame pins the carrier of a virtual thread (JDK 21 and later): while it waits for the network, no other virtual thread
// runs there. So a virtual thread hands its call to a platform thread and parks. Platform threads call directly.

/** What happens to work whose waiting virtual thread is interrupted. */
internal enum class CallThreads(private val maxThreads: Int) {
    /** The call ends. */
    READS(64),

    /** A call that has started continues and its end is logged, so that the outcome of a payment is never lost. */
    MUTATIONS(64),

    /** The thread waits all the same: replies have a time limit of their own. */
    WEBHOOKS(256),

    /** The thread waits all the same: an app must learn what became of its request. */
    RELAY(256),
    ;

    private val isInterruptible get() = this == READS || this == MUTATIONS

    // Threads of their own: neither a payment nor a reply to a purchase waits behind reads that hang.
    private val pool by lazy {
        val newThread = { task: Runnable ->
            VirtualThreads.newPlatformThread(task, "keysecure-${name.lowercase()}").apply {
                isDaemon = true
                // Each task sets that of its caller: a thread must not keep the class loader of an application that is gone.
                contextClassLoader = null
            }
        }
        ThreadPoolExecutor(0, maxThreads, IDLE_SECONDS, TimeUnit.SECONDS, IdleThreadsFirst(), newThread) { task, pool -> pool.queue.put(task) }
    }

    /**
     * Offers a task to an idle thread only: else the pool starts a thread, and once it has all, it puts the task in the queue. With
     * another queue a pool starts all its threads before it uses one again, or has one thread until the queue is full.
     */
    private class IdleThreadsFirst : LinkedTransferQueue<Runnable>() {
        override fun offer(task: Runnable): Boolean = tryTransfer(task)
    }

    /**
     * Runs blocking work: on this thread, or for a virtual thread on one of the pool.
     *
     * @param reference the merchant reference, for the log.
     * @param limit the longest wait for a thread.
     */
    fun <T> run(operation: String = "", reference: String? = null, limit: Duration = DEFAULT_TIMEOUT, block: () -> T): T {
        if (isInterruptible && Thread.currentThread().isInterrupted) throw interrupted(operation, Outcome.NOT_SENT)
        if (!VirtualThreads.isCurrent()) return block()
        val job = Job(operation, reference, Thread.currentThread().contextClassLoader, block)
        pool.execute(job)
        return await(operation, limit, job)
    }

    private fun <T> await(operation: String, limit: Duration, job: Job<T>): T {
        var isInterrupted = false
        try {
            while (true) {
                try {
                    if (!job.await(limit) && job.skip()) throw noThread(operation)
                    if (job.await(null)) return job.result()
                } catch (_: InterruptedException) {
                    isInterrupted = true
                    when {
                        !isInterruptible -> continue
                        job.skip() -> throw interrupted(operation, Outcome.NOT_SENT)
                        this == READS -> job.interrupt()
                        job.abandon() -> throw interrupted(operation, Outcome.UNKNOWN)
                    }
                }
            }
        } finally {
            if (isInterrupted) Thread.currentThread().interrupt()
        }
    }

    private companion object {
        /** How long an idle thread lives. */
        const val IDLE_SECONDS = 10L
    }
}

/** Handles a webhook. */
internal fun <T> webhook(block: () -> T): T = CallThreads.WEBHOOKS.run { call(block) }

/** Work of a virtual thread on a platform thread. */
private class Job<T>(
    private val operation: String,
    private val reference: String?,
    private val loader: ClassLoader?,
    private val block: () -> T,
) : Runnable {
    private enum class State { WAITING, RUNNING, ENDED, SKIPPED }

    // A lock and a condition: on JDK 21 to 23 `synchronized` and `Object.wait` pin the carrier too.
    private val lock = ReentrantLock()
    private val queued = System.nanoTime()
    private val ended = lock.newCondition()
    private var state = State.WAITING
    private var runner: Thread? = null
    private var isAbandoned = false
    private var result: Result<T>? = null

    override fun run() {
        val thread = Thread.currentThread()
        if (!begin(thread)) return
        thread.contextClassLoader = loader
        val result = runCatching { QueueTime.after(queued, block) }
        thread.contextClassLoader = null
        if (end(result)) log(result)
    }

    private fun begin(thread: Thread): Boolean = locked {
        if (state != State.WAITING) return@locked false
        state = State.RUNNING
        runner = thread
        true
    }

    /** Returns whether nobody waits any more. */
    private fun end(value: Result<T>): Boolean = locked {
        state = State.ENDED
        result = value
        runner = null
        // An interruption was meant for this work, not for the next on this thread.
        Thread.interrupted()
        ended.signalAll()
        isAbandoned
    }

    /** Waits for the end, or until a limit. Returns whether the work has ended. */
    fun await(limit: Duration?): Boolean {
        var left = limit?.coerceAtMost(LONGEST_WAIT)?.toNanos() ?: Long.MAX_VALUE
        lock.lockInterruptibly()
        try {
            while (state != State.ENDED && left > 0) left = ended.awaitNanos(left)
            return state == State.ENDED
        } finally {
            lock.unlock()
        }
    }

    fun result(): T {
        val result = checkNotNull(result)
        result.exceptionOrNull()?.let(::addCaller)
        return result.getOrThrow()
    }

    /** Prevents the work from starting. Returns whether it had not started. */
    fun skip(): Boolean = locked {
        if (state == State.WAITING) state = State.SKIPPED
        state == State.SKIPPED
    }

    /** Lets the work continue alone. Returns whether it had not ended. */
    fun abandon(): Boolean = locked {
        isAbandoned = state == State.RUNNING
        isAbandoned
    }

    fun interrupt() = locked { runner?.interrupt() }

    private fun log(result: Result<T>) {
        val error = result.exceptionOrNull()
        val outcome = (error as? KeySecureException)?.outcome
        val end = if (error == null) "has succeeded" else "has failed: ${error.message ?: error.javaClass.name}"
        val level = when {
            error == null -> Level.INFO
            outcome != null && outcome != Outcome.UNKNOWN -> Level.WARNING
            else -> Level.SEVERE
        }
        val fields = listOf("operation" to operation, "reference" to reference?.let(::logged), "outcome" to outcome?.name?.lowercase())
        val parts = fields.mapNotNull { (name, value) -> value?.let { name to it } }.toMap()
        val text = parts.entries.joinToString(" ") { (name, value) -> "$name=$value" }
        Warnings.log(level, "a call whose thread was interrupted $end: $text", parts)
    }

    /** The stack trace is that of the platform thread: adds that of the caller. */
    private fun addCaller(error: Throwable) {
        error.stackTrace += Thread.currentThread().stackTrace.drop(1)
    }

    private inline fun <R> locked(action: () -> R): R {
        lock.lock()
        try {
            return action()
        } finally {
            lock.unlock()
        }
    }
}

/** A longer one could not be counted in nanoseconds. */
private val LONGEST_WAIT: Duration = Duration.ofDays(365)

/** Virtual threads, which JDK 21 has. This library is compiled for JDK 11. */
internal object VirtualThreads {
    private val isVirtual: Method? = try {
        Thread::class.java.getMethod("isVirtual")
    } catch (_: ReflectiveOperationException) {
        null
    }

    /** Of JDK 9 and later; Android has neither. */
    private val withoutLocals: Constructor<Thread>? = try {
        val long = Long::class.javaPrimitiveType
        Thread::class.java.getConstructor(ThreadGroup::class.java, Runnable::class.java, String::class.java, long, Boolean::class.javaPrimitiveType)
    } catch (_: ReflectiveOperationException) {
        null
    }

    /** A platform thread that inherits no `InheritableThreadLocal`: threads of a pool serve many callers. */
    fun newPlatformThread(task: Runnable, name: String): Thread =
        withoutLocals?.newInstance(null, task, name, 0L, false) ?: Thread(null, task, name)

    /** Whether the current thread is virtual. */
    fun isCurrent(): Boolean = isVirtual != null && isVirtual.invoke(Thread.currentThread()) == true
}

/** Lets the native library find out that the thread of a call was interrupted. */
internal object Interrupts : FfiInterruptPoll {
    init {
        setInterruptPoll(this)
    }

    /** Installs the poll, by initializing this object. Everything that creates a client calls it first. */
    fun install() = Unit

    // Does not clear the flag: the caller's own code must see it too.
    override fun isInterrupted(): Boolean = Thread.currentThread().isInterrupted
}

private fun interrupted(operation: String, outcome: Outcome): KeySecureException {
    val effect = if (outcome == Outcome.NOT_SENT) "nothing was sent" else "the call continues, and how it ends is logged"
    return failed("the thread was interrupted: $effect", ErrorKind.TRANSPORT, outcome, TransportFault.INTERRUPTED, operation)
}

private fun noThread(operation: String): KeySecureException =
    failed("no thread was free for the call: nothing was sent", ErrorKind.TIMEOUT, Outcome.NOT_SENT, TransportFault.TIMEOUT, operation)

private fun failed(text: String, kind: ErrorKind, outcome: Outcome, fault: TransportFault, operation: String): KeySecureException {
    val details = ErrorDetails(text, kind, outcome)
    return exceptionFor(details.copy(operation = operation.ifEmpty { null }, transportFault = fault))
}
