package io.keysecure

import com.sun.jna.Platform
import java.io.File
import java.net.URL
import java.net.URLClassLoader
import java.nio.file.Files
import java.nio.file.Path
import java.util.function.Function
import java.util.function.Supplier
import java.util.zip.ZipEntry
import java.util.zip.ZipOutputStream
import kotlin.io.path.copyTo
import kotlin.io.path.createDirectories
import kotlin.io.path.div
import kotlin.io.path.inputStream
import kotlin.io.path.outputStream
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Two applications in one JVM, each with this library in its own class loader, as in a servlet container. */
class ClassLoadersTest {
    private val settings = listOf("keysecure", "keysecure_ffi").map { "uniffi.component.$it.libraryOverride" }
    private val before = settings.associateWith { System.getProperty(it) }

    // Each finds the library by its name, on its own class path.
    @BeforeEach
    fun findByName() = settings.forEach { System.clearProperty(it) }

    @AfterEach
    fun restore() = before.forEach { (name, value) -> if (value != null) System.setProperty(name, value) }

    @Test
    fun `each application decides on its own purchases and remembers them itself`(@TempDir folder: Path) {
        // Out of a jar JNA extracts a copy of the library for each.
        val jar = folder / "natives.jar"
        ZipOutputStream(jar.outputStream()).use { zip ->
            zip.putNextEntry(ZipEntry("${Platform.RESOURCE_PREFIX}/$fileName"))
            library().inputStream().use { it.copyTo(zip) }
        }
        val all = loaded(jar)
        // In both orders: whose library was loaded first must not matter.
        for ((round, asked) in listOf(all, all.reversed()).withIndex()) {
            for (one in asked) {
                val was = all.map { it.remembered().size }
                assertEquals(one.approves, """"code":0""" in one.merchant.apply(purchase(round)), "${one.name} $round")
                val remembering = all.filterIndexed { index, other -> other.remembered().size > was[index] }
                assertEquals(listOf(one.name), remembering.map { it.name })
            }
        }
    }

    @Test
    fun `applications that share one file of the library never decide for each other`(@TempDir folder: Path) {
        // Out of a folder JNA takes the file itself: there is one library, which calls whoever loaded it last.
        val named = folder / Platform.RESOURCE_PREFIX / fileName
        named.parent.createDirectories()
        library().copyTo(named)
        val all = loaded(folder)
        for (one in all) {
            val was = all.map { it.remembered().size }
            val approved = runCatching { """"code":0""" in one.merchant.apply(purchase(1)) }.getOrDefault(false)
            assertTrue(one.approves || !approved, one.name)
            for ((other, size) in all.zip(was)) if (other !== one) assertEquals(size, other.remembered().size, "${one.name}, ${other.name}")
        }
    }

    private fun purchase(round: Int) =
        """{"id":"$round","action":"Auth","data":{"consume_no":"c$round","card_no":"k1","amount":12.50,"status":"Pending"}}"""

    private fun loaded(natives: Path): List<Loaded> {
        val classes = System.getProperty("java.class.path").split(File.pathSeparator).map { File(it).toURI().toURL() }
        val classPath = listOf(natives.toUri().toURL()) + classes
        return listOf("A" to true, "B" to false, "C" to true).map { (name, approves) -> Loaded(classPath, name, approves) }
    }

    /** One application: its class loader shares nothing with ours but the JDK. */
    private class Loaded(classPath: List<URL>, val name: String, val approves: Boolean) {
        private val loader = URLClassLoader(classPath.toTypedArray(), ClassLoader.getPlatformClassLoader())
        private val made = loader.loadClass("io.keysecure.Merchant").getConstructor(String::class.java, Boolean::class.java).newInstance(name, approves)

        @Suppress("UNCHECKED_CAST")
        val merchant = made as Function<String, String>

        @Suppress("UNCHECKED_CAST")
        fun remembered(): List<String> = (made as Supplier<List<String>>).get()
    }

    private val fileName = System.mapLibraryName("keysecure_ffi")

    /** The library under test: a file that the build names, or what is on the class path. */
    private fun library(): Path =
        before.values.filterNotNull().map(Path::of).firstOrNull { Files.isRegularFile(it) }
            ?: Path.of(checkNotNull(javaClass.getResource("/${Platform.RESOURCE_PREFIX}/$fileName")).toURI())
}
