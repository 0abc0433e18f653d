package io.keysecure

import com.sun.jna.Platform
import java.io.File
import java.io.InputStream
import java.net.URL
import java.net.URLClassLoader
import java.nio.file.Files
import java.nio.file.Path
import java.util.function.Function
import java.util.function.Supplier
import java.util.zip.ZipEntry
import java.util.zip.ZipOutputStream
import kotlin.io.path.createDirectories
import kotlin.io.path.div
import kotlin.io.path.inputStream
import kotlin.io.path.outputStream
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test

/** Several applications in one JVM, each with this library in its own class loader, as in a servlet container. */
class ClassLoadersTest {
    private val properties = listOf("keysecure", "keysecure_ffi").map { "uniffi.component.$it.libraryOverride" }
    private val configured = properties.associateWith { System.getProperty(it) }

    // Not JUnit's, which insists on deleting it: Windows keeps libraries and jars that are in use.
    private val folder = Files.createTempDirectory("keysecure-class-loaders")

    // Each application finds the native library by name, on its own class path.
    @BeforeEach
    fun findByName() = properties.forEach { System.clearProperty(it) }

    @AfterEach
    fun restore() {
        configured.forEach { (name, value) -> if (value != null) System.setProperty(name, value) }
        folder.toFile().deleteRecursively()
    }

    @Test
    fun `each application decides on its own purchases and records them`() {
        // JNA extracts a copy of the library from the jar for each class loader.
        val jar = folder / "natives.jar"
        ZipOutputStream(jar.outputStream()).use { zip ->
            zip.putNextEntry(ZipEntry("${Platform.RESOURCE_PREFIX}/$fileName"))
            library().use { it.copyTo(zip) }
        }
        val all = loaded(jar)
        // In both orders: which library was loaded first must not matter.
        for ((round, order) in listOf(all, all.reversed()).withIndex()) {
            for (one in order) {
                val before = all.map { it.recordedKeys().size }
                assertEquals(one.approves, """"code":0""" in one.merchant.apply(purchase(round)), "${one.name} $round")
                val recording = all.filterIndexed { index, other -> other.recordedKeys().size > before[index] }
                assertEquals(listOf(one.name), recording.map { it.name })
            }
        }
    }

    @Test
    fun `applications that share one library file never decide for each other`() {
        // From a folder, JNA loads the file itself: there is one library, which calls the application that loaded it last.
        val named = folder / Platform.RESOURCE_PREFIX / fileName
        named.parent.createDirectories()
        library().use { Files.copy(it, named) }
        val all = loaded(folder)
        for (one in all) {
            val before = all.map { it.recordedKeys().size }
            val approved = runCatching { """"code":0""" in one.merchant.apply(purchase(1)) }.getOrDefault(false)
            assertTrue(one.approves || !approved, one.name)
            for ((other, size) in all.zip(before)) if (other !== one) assertEquals(size, other.recordedKeys().size, "${one.name}, ${other.name}")
        }
    }

    private fun purchase(round: Int) =
        """{"id":"$round","action":"Auth","data":{"consume_no":"c$round","card_no":"k1","amount":12.50,"status":"Pending"}}"""

    private fun loaded(natives: Path): List<Loaded> {
        val classes = System.getProperty("java.class.path").split(File.pathSeparator).map { File(it).toURI().toURL() }
        val classPath = listOf(natives.toUri().toURL()) + classes
        return listOf("A" to true, "B" to false, "C" to true).map { (name, approves) -> Loaded(classPath, name, approves) }
    }

    /** An application whose class loader shares only the JDK with ours. */
    private class Loaded(classPath: List<URL>, val name: String, val approves: Boolean) {
        private val loader = URLClassLoader(classPath.toTypedArray(), ClassLoader.getPlatformClassLoader())
        private val instance = loader.loadClass("io.keysecure.Merchant").getConstructor(String::class.java, Boolean::class.java).newInstance(name, approves)

        @Suppress("UNCHECKED_CAST")
        val merchant = instance as Function<String, String>

        @Suppress("UNCHECKED_CAST")
        fun recordedKeys(): List<String> = (instance as Supplier<List<String>>).get()
    }

    private val fileName = System.mapLibraryName("keysecure_ffi")

    /** The library under test: the file that the build names, or the one on the class path, perhaps in a jar. */
    private fun library(): InputStream =
        configured.values.filterNotNull().map(Path::of).firstOrNull { Files.isRegularFile(it) }?.inputStream()
            ?: checkNotNull(javaClass.getResourceAsStream("/${Platform.RESOURCE_PREFIX}/$fileName"))
}
