package io.keysecure

import com.google.gson.Gson
import com.sun.jna.Native
import java.io.File
import java.net.URI
import java.nio.file.FileSystems
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import java.util.zip.ZipEntry
import java.util.zip.ZipFile
import java.util.zip.ZipOutputStream
import org.codehaus.mojo.animal_sniffer.ClassListBuilder
import org.codehaus.mojo.animal_sniffer.SignatureChecker
import org.codehaus.mojo.animal_sniffer.logging.Logger
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The classes and the rules for shrinking that go into the AAR, on the JVM. */
class AndroidTest {
    @TempDir
    lateinit var folder: Path

    private val classes = File(System.getProperty("keysecure.android.classes"))
    private val all = placeOf(Client::class.java)
    private val tools = File(System.getProperty("keysecure.android.tools")).listFiles()!!.toList()
    private val rules = File(System.getProperty("keysecure.repository"), "bindings-kotlin/android/consumer-rules.pro")

    @Test
    fun `an AAR has no class of the JDK's HTTP and no file but classes`() {
        val names = classes.walk().filter { it.isFile }.map { it.relativeTo(classes).invariantSeparatorsPath }.toList()
        assertTrue("io/keysecure/Client.class" in names && "META-INF/keysecure.kotlin_module" in names)
        assertEquals(listOf<String>(), names.filter { !it.endsWith(".class") && !it.endsWith(".kotlin_module") })
        // The relay server is for servers.
        val (ofRelay, others) = all.walk().filter { it.isFile && it.extension == "class" }
            .map { it.relativeTo(all).invariantSeparatorsPath }.filter { it !in names }.partition { "/relay/" in it }
        assertTrue("io/keysecure/relay/Relay.class" in ofRelay && ofRelay.any { it.startsWith("io/keysecure/internal/relay/") })
        assertEquals(listOf<String>(), names.filter { "/relay/" in it })
        val excluded = others.map { it.substringBefore('$').substringAfterLast('/') }
        assertEquals(
            setOf("CappedBody", "ClosableHttpClient", "ClosableHttpClientKt", "JavaHttpTransport", "SingleUseBody"),
            excluded.map { it.removeSuffix(".class") }.toSet(),
        )
    }

    @Test
    fun `the classes of an AAR use nothing newer than API level 26`() {
        // Both are loaded only where `Class.forName` finds java.lang.ref.Cleaner, which Android has since API level 33.
        val guarded = setOf("JavaLangRefCleaner.class", "JavaLangRefCleanable.class")
        val (known, others) = newerThanAndroid(classes).partition { it.substringBefore(':').substringAfterLast('/') in guarded }
        assertEquals(listOf<String>(), others)
        assertTrue(known.all { "java.lang.ref.Cleaner" in it } && known.isNotEmpty(), "$known")
    }

    @Test
    fun `the check of the API level finds the HTTP client of the JDK`() {
        val found = newerThanAndroid(all).filter { "JavaHttpTransport.class" in it }
        assertTrue(found.any { "java.net.http.HttpClient" in it }, "$found")
    }

    @Test
    fun `an app shrunk and obfuscated with the AAR's rules runs`() {
        val app = shrink(rules.readText())
        val names = ZipFile(app).use { zip -> zip.entries().asSequence().map { it.name }.toSet() }
        assertTrue("io/keysecure/model/Card.class" in names, "the rules keep the models")
        assertFalse("io/keysecure/Pager.class" in names, "was not obfuscated")
        val lines = runApp(app)
        assertEquals(EXPECTED, lines.filter { line -> EXPECTED.any { it.substringBefore(':') == line.substringBefore(':') } }, "$lines")
    }

    @Test
    fun `without the rules for its own classes the app fails`() {
        val lines = runApp(shrink(rules.readLines().filterNot { it.startsWith("-keep class io.keysecure") }.joinToString("\n")))
        assertTrue(lines.any { "the native library cannot be loaded: Error looking up function" in it }, "$lines")
    }

    /** Returns the uses of classes and methods that are not in Android 8.0, nor in what the AAR depends on. */
    private fun newerThanAndroid(classes: File): List<String> {
        val found = ArrayList<String>()
        val log = object : Logger {
            override fun info(message: String) = Unit
            override fun info(message: String, error: Throwable?) = Unit
            override fun debug(message: String) = Unit
            override fun debug(message: String, error: Throwable?) = Unit
            override fun warn(message: String) = Unit
            override fun warn(message: String, error: Throwable?) = Unit
            override fun error(message: String) { found += message }
            override fun error(message: String, error: Throwable?) { found += message }
        }
        val known = ClassListBuilder(log)
        known.process(classes)
        libraries("jna-", "kotlin-stdlib-", "annotations-", "kotlinx-", "jackson-", "gson-", "slf4j-api-").forEach(known::process)
        val checker = tools.single { it.extension == "signature" }.inputStream().use { SignatureChecker(it, known.packages, log) }
        checker.setSourcePath(listOf())
        checker.process(classes)
        return found
    }

    /** Shrinks and obfuscates an app with the classes of the AAR, and what they need, by these rules. */
    private fun shrink(rules: String): File {
        val output = folder.resolve("app.jar").toFile()
        val app = placeOf(javaClass)
        val jna = placeOf(Native::class.java)
        val kotlin = placeOf(KotlinVersion::class.java)
        val gson = placeOf(Gson::class.java)
        val configuration = folder.resolve("app.pro").toFile()
        configuration.writeText(
            """
            -injars '$app'(kiosk/**.class)
            -injars '$classes'
            -injars '$jna'(!META-INF/**)
            -injars '$kotlin'(!META-INF/**)
            -injars '${libraries("annotations-").single()}'(!META-INF/**)
            -outjars '$output'
            -libraryjars '$gson'
            -libraryjars '$platform'
            -keep class kiosk.KioskKt { public static void main(java.lang.String[]); }
            -dontoptimize
            -dontnote
            """.trimIndent() + "\n" + rules,
        )
        val proguard = tools.filter { it.extension == "jar" }.joinToString(File.pathSeparator)
        val (code, lines) = java("-cp", proguard, "proguard.ProGuard", "@$configuration")
        assertEquals(0, code, "$lines")
        return output
    }

    private fun runApp(app: File): List<String> = TestEnv().use { env ->
        val sandbox = env.sandbox
        val library = listOf("keysecure", "keysecure_ffi").map { "uniffi.component.$it.libraryOverride" }
            .map { "-D$it=${System.getProperty(it)}" }.toTypedArray()
        // `cargo xtask package kotlin` names the library without its place: it is beside the classes, which the app has not.
        val places = File(placeOf(Client::class.java), com.sun.jna.Platform.RESOURCE_PREFIX)
        java(
            *library, "-Djna.library.path=$places", "-cp", "$app${File.pathSeparator}${placeOf(Gson::class.java)}", "kiosk.KioskKt",
            sandbox.baseUrl, sandbox.apiKey, sandbox.apiSecret, env.cardholderNo,
        ).second
    }

    private fun java(vararg arguments: String): Pair<Int, List<String>> {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        // For programs that run for seconds, this halves the work of the compiler.
        val options = listOf("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
        val output = folder.resolve("output.txt").toFile()
        val process = ProcessBuilder(listOf(java) + options + arguments).redirectErrorStream(true).redirectOutput(output).start()
        try {
            check(process.waitFor(4, TimeUnit.MINUTES)) { "the program did not end\n${output.readText()}" }
        } finally {
            process.destroyForcibly()
        }
        return process.exitValue() to output.readLines()
    }

    /** The jars of the class path whose names begin with one of these. */
    private fun libraries(vararg prefixes: String): List<File> =
        System.getProperty("java.class.path").split(File.pathSeparator).map(::File)
            .filter { jar -> jar.extension == "jar" && prefixes.any { jar.name.startsWith(it) } }

    private fun placeOf(type: Class<*>) = File(type.protectionDomain.codeSource.location.path)

    private companion object {
        @TempDir
        @JvmStatic
        lateinit var shared: Path

        /** The classes of the JDK that Android has too: without desktop, HTTP client and, before API level 33, the cleaner. */
        val platform: File by lazy {
            val jar = shared.resolve("platform.jar").toFile()
            val modules = FileSystems.getFileSystem(URI("jrt:/")).getPath("/modules")
            ZipOutputStream(jar.outputStream().buffered()).use { zip ->
                zip.setLevel(0)
                for (module in listOf("java.base", "java.logging").map(modules::resolve)) {
                    val files = Files.walk(module).use { paths -> paths.filter(Files::isRegularFile).toArray().map { it as Path } }
                    for (file in files) {
                        val name = module.relativize(file).toString()
                        if (!name.endsWith(".class") || name == "module-info.class" || name.startsWith("java/lang/ref/Cleaner")) continue
                        zip.putNextEntry(ZipEntry(name))
                        zip.write(Files.readAllBytes(file))
                    }
                }
            }
            jar
        }

        val EXPECTED = listOf(
            "call: [kiosk-0, kiosk-1, kiosk-2]",
            "list: true",
            "json: true",
            "gson: \"Frozen\" true",
            "exception: NOT_FOUND REJECTED",
            "ensured: true 25.00",
            "transport: true",
            "observer: true",
            "token store: 1",
            "attempt store: [DONE, DONE, DONE, DONE]",
            "webhook: {\"code\":0,\"message\":\"\"}",
            "replayed: REPLAYED true",
            "replay store: true",
            "session: Bearer of-the-user",
            "signed out: AUTHENTICATION true",
        )
    }
}
