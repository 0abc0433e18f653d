package io.keysecure

import io.keysecure.model.CardStatus
import java.nio.file.Files
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledOnOs
import org.junit.jupiter.api.condition.OS
import org.junit.jupiter.api.io.TempDir

/** The native library cannot be loaded. */
class StartupTest {
    @Test
    @EnabledOnOs(OS.LINUX)
    fun `an unwritable temporary directory is one clear error each time`() {
        val said = child("-Djna.tmpdir=/proc/self", "-Djna.nosys=true", "-Djna.noclasspath=false")
        assertTrue("Config NOT_SENT" in said, said)
        assertTrue("-Djna.tmpdir" in said, said)
        // The second use finds a class that the JVM has given up.
        assertEquals(3, Regex("the native library cannot be loaded").findAll(said).count(), said)
    }

    @Test
    fun `a refused native access names the option that allows it`() {
        val java = ChildJvm.withNativeAccessControl
        assumeTrue(java != null, "needs a JDK of version 24 or later")
        val said = child("--illegal-native-access=deny", java = java!!)
        assertTrue("Config NOT_SENT" in said, said)
        assertTrue("--enable-native-access=ALL-UNNAMED" in said, said)
        val allowed = child("--illegal-native-access=deny", "--enable-native-access=ALL-UNNAMED", java = java)
        assertTrue("Frozen" in allowed && "cannot be loaded" !in allowed, allowed)
    }

    @Test
    @EnabledOnOs(OS.LINUX, architectures = ["amd64"])
    fun `an old glibc gives one clear error with the needed version`(@TempDir folder: Path) {
        // A library that needs a glibc which does not exist: JNA's own, with another version of the same length.
        val bytes = javaClass.getResourceAsStream("/com/sun/jna/linux-x86-64/libjnidispatch.so")!!.use { it.readBytes() }
        bytes.replace("GLIBC_2.2.5".toByteArray(), "GLIBC_2.9.9".toByteArray())
        bytes.replace(hash("GLIBC_2.2.5"), hash("GLIBC_2.9.9"))
        val library = folder.resolve("libnewer.so").also { Files.write(it, bytes) }
        val said = child("-Duniffi.component.keysecure_ffi.libraryOverride=$library")
        assertEquals(3, Regex("version `GLIBC_2.9.9' not found .*\\. It needs glibc 2\\.9\\.9 or later").findAll(said).count(), said)
    }

    @Test
    fun `of several glibc versions the highest is the needed one`() {
        val versions = listOf("2.9", "2.34", "2.2.5").joinToString("\n") { "/lib/libc.so.6: version `GLIBC_$it' not found" }
        val text = NativeLibrary.explain(UnsatisfiedLinkError(versions))
        assertTrue("needs glibc 2.34 or later" in text, text)
    }

    @Test
    fun `musl instead of glibc is one clear error with a way out`() {
        val loader =
            listOf(
                "Error relocating /tmp/jna1.tmp: __register_atfork: symbol not found",
                "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /tmp/jna2.tmp)",
            )
        for (line in loader) {
            val text = NativeLibrary.explain(UnsatisfiedLinkError("Unable to load library 'keysecure_ffi':\n$line"))
            assertTrue("cannot be loaded: $line. It needs glibc, and this system has musl" in text, text)
            assertTrue("noexec" !in text, text)
        }
    }

    @Test
    fun `a noexec directory is one clear error with the setting`(@TempDir folder: Path) {
        // A mount namespace of its own, in which the directory is mounted noexec.
        val mounts = "mount -t tmpfs -o noexec tmpfs $folder"
        val namespace = listOf("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
        val works = runCatching { ProcessBuilder(namespace + mounts).start().waitFor() == 0 }.getOrDefault(false)
        assumeTrue(works, "this system does not let a user mount a directory")
        val java = folder.resolveSibling("${folder.fileName}.sh")
        try {
            val command = namespace.joinToString(" ") + " '$mounts && exec ${ChildJvm.java} \"$@\"' sh \"$@\""
            Files.writeString(java, "#!/bin/sh\nexec $command\n")
            java.toFile().setExecutable(true)
            val said = child("-Djna.tmpdir=$folder", java = java)
            assertEquals(3, Regex("failed to map segment .*set -Djna\\.tmpdir").findAll(said).count(), said)
        } finally {
            Files.delete(java)
        }
    }

    @Test
    fun `a jar without a library for this system is one clear error`() {
        val said = child("-Duniffi.component.keysecure_ffi.libraryOverride=not_in_this_jar")
        assertEquals(3, Regex("[^.]\\. The jar has no library for .*cargo xtask package kotlin").findAll(said).count(), said)
    }

    private fun ByteArray.replace(old: ByteArray, new: ByteArray) {
        for (at in 0..size - old.size) {
            if (old.indices.all { this[at + it] == old[it] }) new.copyInto(this, at)
        }
    }

    /** The hash by which the loader of ELF files compares versions. */
    private fun hash(name: String): ByteArray {
        val hash = name.fold(0L) { sum, letter ->
            val next = (sum shl 4) + letter.code
            val high = next and 0xf000_0000
            (next xor (high shr 24)) and high.inv()
        }
        return ByteArray(4) { (hash shr 8 * it).toByte() }
    }

    /** The output of [Uses] in a JVM with these options. */
    private fun child(vararg options: String, java: Path = ChildJvm.java): String =
        ChildJvm.run(Uses::class, java = java, options = options.toList())

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
