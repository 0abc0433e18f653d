package io.keysecure

import io.keysecure.model.CardStatus
import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test

/** The native library cannot be loaded. */
class StartupTest {
    @Test
    fun `an unwritable temporary directory is one clear error each time`() {
        val said = child(listOf("-Djna.tmpdir=/proc/self", "-Djna.nosys=true", "-Djna.noclasspath=false"))
        assertTrue("Config NOT_SENT" in said, said)
        assertTrue("-Djna.tmpdir" in said, said)
        // The second use finds a class that the JVM has given up.
        assertEquals(3, Regex("the native library cannot be loaded").findAll(said).count(), said)
    }

    @Test
    fun `a refused native access names the option that allows it`() {
        val java = newestJava()
        assumeTrue(java != null, "needs a JDK of version 24 or later")
        val said = child(listOf("--illegal-native-access=deny"), java!!)
        assertTrue("Config NOT_SENT" in said, said)
        assertTrue("--enable-native-access=ALL-UNNAMED" in said, said)
        val allowed = child(listOf("--illegal-native-access=deny", "--enable-native-access=ALL-UNNAMED"), java)
        assertTrue("Frozen" in allowed && "cannot be loaded" !in allowed, allowed)
    }

    @Test
    fun `an old glibc gives an error with the needed version`() {
        val message = "/tmp/jna1.tmp: /lib/libc.so.6: version `GLIBC_2.9' not found\n/lib/libc.so.6: version `GLIBC_2.34' not found"
        val text = NativeLibrary.explain(UnsatisfiedLinkError(message))
        assertTrue("needs glibc 2.34 or later" in text, text)
    }

    @Test
    fun `a noexec directory gives an error with the setting`() {
        val message = "/tmp/jna1511.tmp: /tmp/jna1511.tmp: failed to map segment from shared object"
        val text = NativeLibrary.explain(ExceptionInInitializerError(UnsatisfiedLinkError(message)))
        assertTrue("failed to map segment" in text && "-Djna.tmpdir" in text, text)
    }

    @Test
    fun `a jar without a library for this system gives an error`() {
        val message = "Unable to load library 'keysecure_ffi':\nNative library (linux-s390x/libkeysecure_ffi.so) not found in resource path"
        val text = NativeLibrary.explain(UnsatisfiedLinkError(message))
        assertTrue("cargo xtask package kotlin" in text, text)
    }

    /** The output of [Uses] in a JVM with these options. */
    private fun child(options: List<String>, java: File = File(System.getProperty("java.home"))): String {
        val passed = System.getProperties().stringPropertyNames()
            .filter { it.startsWith("uniffi.component.") }.map { "-D$it=${System.getProperty(it)}" }
        val command = listOf(File(java, "bin/java").path) + options + passed +
            listOf("-cp", System.getProperty("java.class.path"), Uses::class.java.name)
        val process = ProcessBuilder(command).redirectErrorStream(true).start()
        return process.inputStream.bufferedReader().readText().also { process.waitFor() }
    }

    private fun newestJava(): File? = File(System.getProperty("java.home")).parentFile.listFiles().orEmpty()
        .filter { home -> (Regex("JAVA_VERSION=\"([0-9]+)").find(release(home))?.groupValues?.get(1)?.toInt() ?: 0) >= 24 }
        .firstOrNull { File(it, "bin/java").canExecute() }

    private fun release(home: File): String = File(home, "release").let { if (it.canRead()) it.readText() else "" }

    /** Uses the library in three ways and prints what comes of it. */
    object Uses {
        @JvmStatic
        fun main(args: Array<String>) {
            val uses = listOf<() -> Any>({ Client("key", "secret") }, { CardStatus.of("Frozen") }, { Replies.accept() })
            for (use in uses) {
                try {
                    println(use())
                } catch (error: KeySecureException) {
                    println("${error.javaClass.simpleName} ${error.outcome} ${error.message}")
                }
            }
        }
    }
}
