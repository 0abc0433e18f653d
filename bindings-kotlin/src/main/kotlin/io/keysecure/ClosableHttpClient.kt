package io.keysecure

import java.net.Authenticator
import java.net.InetSocketAddress
import java.net.Proxy
import java.net.ProxySelector
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.util.Base64
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.SynchronousQueue
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/**
 * A client of the JDK that can be closed. The JDK has no such method before version 21: its selector thread and its connections stay
 * until the garbage collector finds the client.
 */
internal class ClosableHttpClient(private val configure: HttpClient.Builder.() -> Unit) {
    private class Open(val client: HttpClient, val threads: ThreadGroup) {
        val exchanges: MutableSet<CompletableFuture<*>> = ConcurrentHashMap.newKeySet()

        @Volatile
        var isClosed = false
    }

    private val lock = ReentrantLock()
    private var open: Open? = null

    fun <T> send(request: HttpRequest, body: HttpResponse.BodyHandler<T>): CompletableFuture<HttpResponse<T>> {
        val open = lock.withLock { open ?: create().also { open = it } }
        val exchange = open.client.sendAsync(request, body)
        open.exchanges += exchange
        // The request may be at the server before the exchange is in the set, where [close] looks for it.
        if (open.isClosed) exchange.cancel(true)
        exchange.whenComplete { _, _ -> open.exchanges -= exchange }
        return exchange
    }

    fun close() {
        val closed = lock.withLock { open.also { open = null } } ?: return
        closed.isClosed = true
        closed.exchanges.forEach { it.cancel(true) }
        if (SHUTDOWN != null) SHUTDOWN.invoke(closed.client) else closed.threads.interrupt()
    }

    /** Creates a client whose selector thread, and no other thread, is in a thread group: an interruption ends it. */
    private fun create(): Open {
        val group = ThreadGroup(ROOT, "keysecure-http")
        // Before JDK 19 its parent keeps a group for good, but a daemon group only until its last thread ends.
        group.isDaemon = true
        var created: Result<HttpClient>? = null
        val create = Runnable { created = runCatching { HttpClient.newBuilder().executor(WORKERS).apply(configure).build() } }
        val creator = Thread(group, create, "keysecure-http-create", 0, false)
        creator.isDaemon = true
        creator.start()
        joinUninterruptibly(creator)
        return Open(checkNotNull(created).getOrThrow(), group)
    }

    private fun joinUninterruptibly(thread: Thread) {
        var isInterrupted = false
        while (true) {
            try {
                thread.join()
                break
            } catch (_: InterruptedException) {
                isInterrupted = true
            }
        }
        if (isInterrupted) Thread.currentThread().interrupt()
    }

    private companion object {
        /** `HttpClient.shutdownNow` of JDK 21. */
        val SHUTDOWN = runCatching { HttpClient::class.java.getMethod("shutdownNow") }.getOrNull()

        /** The group above all: nobody interrupts it, as an application may interrupt a group of its own. */
        val ROOT: ThreadGroup = generateSequence(Thread.currentThread().threadGroup) { it.parent }.last()

        /**
         * The workers of all clients. Any thread may be the first to need a worker, also the selector thread of a client: a worker
         * inherits neither its group, which ends with that client, nor its `ThreadLocal`s.
         */
        val WORKERS = ThreadPoolExecutor(0, Int.MAX_VALUE, 5, TimeUnit.SECONDS, SynchronousQueue()) { task ->
            Thread(ROOT, task, "keysecure-http", 0, false).apply {
                isDaemon = true
                contextClassLoader = ClosableHttpClient::class.java.classLoader
            }
        }
    }
}

/** The header with the user and password for the proxy that a request goes through; `null` when there is none. */
internal fun proxyAuthorization(authenticator: Authenticator, proxies: ProxySelector, url: String): String? {
    val uri = URI.create(url)
    val proxy = proxies.select(uri).firstOrNull { it.type() == Proxy.Type.HTTP }?.address() as? InetSocketAddress ?: return null
    val login = authenticator.requestPasswordAuthenticationInstance(
        proxy.hostString, proxy.address, proxy.port, uri.scheme, "", "basic", uri.toURL(), Authenticator.RequestorType.PROXY,
    ) ?: return null
    return "Basic " + Base64.getEncoder().encodeToString("${login.userName}:${String(login.password)}".toByteArray())
}
