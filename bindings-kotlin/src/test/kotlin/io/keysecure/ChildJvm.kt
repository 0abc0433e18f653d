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
    /** The program of this JVM. */
    val java: Path = Path.of(System.getProperty("java.home"), "bin", "java")

    /** The program of the lowest JDK that is supported, of version 11 to 16. `cargo xtask test` names it. */
    val lowest: Path? by lazy { find("KEYSECURE_JDK11", 11..16) }

    /** The program of a JDK with virtual threads. `cargo xtask test` names the first version with them. */
    val withVirtualThreads: Path? by lazy { if (isAtLeast(21)) java else find("KEYSECURE_JDK21", 21..99) }

    /** The program of a JDK that can refuse native access. */
    val withNativeAccessControl: Path? by lazy { if (isAtLeast(24)) java else find("KEYSECURE_JDK25", 24..99) }

    private fun isAtLeast(feature: Int) = Runtime.version().feature() >= feature

    /** The program of a JDK that the environment names or Linux has installed. */
    private fun find(variable: String, versions: IntRange): Path? {
        val named = listOfNotNull(System.getenv(variable)) + System.getenv().filterKeys { it.startsWith("JAVA_HOME_") }.values
        val installed = Path.of("/usr/lib/jvm").takeIf { it.isDirectory() }?.listDirectoryEntries().orEmpty()
        return (named.map(Path::of) + installed).filter { version(it) in versions }.map { it.resolve("bin/java") }
            .firstOrNull { it.isExecutable() }
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
        val command = listOf("$java", "-Xmx128m", "-cp", System.getProperty("java.class.path")) + settings + options
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
