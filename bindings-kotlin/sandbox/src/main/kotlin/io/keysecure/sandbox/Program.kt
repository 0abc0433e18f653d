package io.keysecure.sandbox

import java.io.File
import java.nio.file.Files

/** The program `keysecure-sandbox`: that of the system property, or the one in the jar, which is unpacked once. */
internal object Program {
    private const val PROPERTY = "keysecure.sandbox"

    private val unpacked: String by lazy(::unpack)

    fun path(): String = System.getProperty(PROPERTY) ?: unpacked

    private fun unpack(): String {
        val isWindows = System.getProperty("os.name").startsWith("Windows")
        val resource = "${system()}/keysecure-sandbox${if (isWindows) ".exe" else ""}"
        val program = checkNotNull(Program::class.java.getResourceAsStream(resource)) {
            "the jar has no sandbox for ${system()}: build it with `cargo build -p keysecure-sandbox`, and name it in the " +
                "system property $PROPERTY"
        }
        val folder = Files.createTempDirectory("keysecure-sandbox").toFile().apply { deleteOnExit() }
        val file = File(folder, File(resource).name).apply { deleteOnExit() }
        program.use { input -> file.outputStream().use(input::copyTo) }
        check(file.setExecutable(true) && file.canExecute()) {
            "$file cannot be executed: name the program in the system property $PROPERTY, or set java.io.tmpdir to a directory " +
                "whose files may be executed"
        }
        return file.path
    }

    /** The system, by the names of JNA. */
    private fun system(): String {
        val os = System.getProperty("os.name")
        val family = when {
            os.startsWith("Windows") -> "win32"
            os.startsWith("Mac") -> "darwin"
            else -> "linux"
        }
        val architecture = when (val name = System.getProperty("os.arch")) {
            "amd64", "x86_64" -> "x86-64"
            "arm64" -> "aarch64"
            else -> name
        }
        return "$family-$architecture"
    }
}
