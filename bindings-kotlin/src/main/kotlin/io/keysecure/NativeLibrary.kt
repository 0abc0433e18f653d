package io.keysecure

import io.keysecure.model.ErrorDetails
import io.keysecure.model.ErrorKind
import io.keysecure.model.Outcome

/** Explains why the native library could not be loaded, and what to do about it. */
internal object NativeLibrary {
    /** The first failure has the reason; the JVM throws only `NoClassDefFoundError` at each later use of a class. */
    @Volatile
    private var first: LinkageError? = null

    /** The exception for a failure to load the library. A failure of another class is thrown as it is. */
    fun failed(error: LinkageError): Throwable {
        val known = first ?: error.also { if (isLoading(it)) first = it }
        if (!isLoading(error)) return error
        val details = ErrorDetails(explain(known), ErrorKind.CONFIG, Outcome.NOT_SENT)
        return KeySecureException.Config(details).apply { initCause(known) }
    }

    private fun isLoading(error: LinkageError): Boolean =
        chain(error).any { it is UnsatisfiedLinkError || it.javaClass.name == ILLEGAL_CALLER || isOurs(it.message.orEmpty()) }

    /** Whether a message is that of a class that needs the library. */
    private fun isOurs(message: String): Boolean =
        "initialize class" in message && ("com.sun.jna." in message || "io.keysecure." in message)

    /** What went wrong, in one line, and what to do. */
    fun explain(error: Throwable): String {
        val chain = chain(error).toList()
        val reason = chain.lastOrNull { !it.message.isNullOrBlank() } ?: error
        // JNA lists what it tried, one line each. A file that exists but does not load says more than one that does not exist.
        val tried = "${reason.message}".lines().map { it.trim() }.filter { it.isNotEmpty() }
        val text = (tried.lastOrNull { line -> ABSENT.none { it in line } } ?: tried.last()).take(MAX_TEXT).trimEnd('.')
        return "the native library cannot be loaded: $text. ${advice(chain.joinToString("\n") { "${it.javaClass.name}: ${it.message}" })}"
    }

    private fun advice(text: String): String {
        val glibc = Regex("version `GLIBC_([0-9.]+)' not found").findAll(text).map { it.groupValues[1] }.maxByOrNull(::order)
        return when {
            glibc != null ->
                "It needs glibc $glibc or later, and this system has an older one: use a newer system, or build the library on this one " +
                    "with `cargo xtask package kotlin`"
            MUSL.any { it in text } ->
                "It needs glibc, and this system has musl (Alpine), for which JNA has no library: use an image with glibc, such as " +
                    "eclipse-temurin:21-jre"
            ILLEGAL_CALLER in text || "llegal native access" in text ->
                "Start the JVM with --enable-native-access=ALL-UNNAMED, or with --enable-native-access=com.sun.jna when JNA is on the " +
                    "module path"
            "in resource path" in text || "no jnidispatch" in text || "not found in resource path" in text ->
                "The jar has no library for ${System.getProperty("os.name")} on ${System.getProperty("os.arch")}: build it there with " +
                    "`cargo xtask package kotlin`"
            else ->
                "JNA unpacks libraries into a temporary directory whose files must be executable: set -Djna.tmpdir to a directory " +
                    "that is not mounted noexec and that this user may write to, or unpack them yourself and set " +
                    "-Djna.boot.library.path and -Djna.library.path"
        }
    }

    /** A number that is higher for a later version of at most three parts. */
    private fun order(version: String): Int =
        version.split('.').map(String::toInt).plus(listOf(0, 0)).take(3).fold(0) { sum, part -> sum * 1000 + part }

    private fun chain(error: Throwable): Sequence<Throwable> = generateSequence(error) { it.cause }.take(MAX_CAUSES)

    /** Parts of JNA's lines about files that do not exist, and of its headline. */
    private val ABSENT = listOf("Unable to load library", "cannot open shared object file", "found in resource path")

    /** What the loader of musl says about a library, JNA's or ours, that was linked with glibc. */
    private val MUSL = listOf("Error relocating ", "Error loading shared library ")

    private const val ILLEGAL_CALLER = "java.lang.IllegalCallerException"
    private const val MAX_TEXT = 400
    private const val MAX_CAUSES = 10
}
