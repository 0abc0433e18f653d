package io.keysecure

import java.nio.file.Files
import java.nio.file.Path
import java.util.Properties
import java.util.concurrent.TimeUnit
import kotlin.io.path.isDirectory
import kotlin.io.path.isExecutable
import kotlin.io.path.listDirectoryEntries
import kotlin.reflect.KClass

/** Runs the `main` of a test program in a JVM of its own, with the class path and the settings of this one. */
object ChildJvm {
    private val java: Path = Path.of(System.getProperty("java.home"), "bin", "java")

    /** The program of a JDK of version 21 or later: of this JVM, or of one that the environment names or Linux has installed. */
    val newer: Path? by lazy {
        if (Runtime.version().feature() >= 21) return@lazy java
        val named = System.getenv().filterKeys { it == "KEYSECURE_JDK21" || it.startsWith("JAVA_HOME_") }.values.map(Path::of)
        val installed = Path.of("/usr/lib/jvm").takeIf { it.isDirectory() }?.listDirectoryEntries().orEmpty()
        (named + installed).firstOrNull { version(it) >= 21 && it.resolve("bin/java").isExecutable() }?.resolve("bin/java")
    }

    private fun version(home: Path): Int {
        val release = Properties()
        try {
            Files.newBufferedReader(home.resolve("release")).use(release::load)
        } catch (_: java.io.IOException) {
            return 0
        }
        return release.getProperty("JAVA_VERSION").orEmpty().trim('"').substringBefore('.').toIntOrNull() ?: 0
    }

    /** Returns the output of a program that ends with exit code 0 within two minutes. */
    fun run(program: KClass<*>, vararg arguments: String, java: Path = this.java, options: List<String> = listOf()): String {
        val settings = System.getProperties().stringPropertyNames()
            .filter { it.startsWith("keysecure.") || it.startsWith("uniffi.") }.map { "-D$it=${System.getProperty(it)}" }
        val native = if (java == newer) listOf("--enable-native-access=ALL-UNNAMED") else listOf()
        val command = listOf("$java", "-Xmx128m", "-cp", System.getProperty("java.class.path")) + native + settings + options
        val process = ProcessBuilder(command + program.java.name + arguments).redirectErrorStream(true).start()
        val output = StringBuilder()
        val reader = Thread { process.inputStream.bufferedReader().forEachLine { output.append(it).append('\n') } }
        reader.start()
        try {
            check(process.waitFor(2, TimeUnit.MINUTES)) { "the program did not end\n$output" }
            reader.join()
            check(process.exitValue() == 0) { "exit code ${process.exitValue()}\n$output" }
            return "$output"
        } finally {
            process.destroyForcibly()
        }
    }
}
