package io.keysecure

import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class StoresTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `clients that share a store fetch one token`() = Stage().use { stage ->
        for (store in listOf(TokenStore.memory(), TokenStore.file(folder.resolve("tokens")))) {
            val before = stage.sandbox.requestsTo("token")
            repeat(3) { stage.builder().tokenStore(store).build().use { it.cardholders().get(stage.cardholderNo) } }
            assertEquals(before + 1, stage.sandbox.requestsTo("token"))
        }
    }

    @Test
    fun `a directory that others can enter is refused`() {
        val open = Files.createDirectory(folder.resolve("open"))
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"))
        assertThrows(KeySecureException.Config::class.java) { TokenStore.file(open) }
        assertThrows(KeySecureException.Config::class.java) { ReplayStore.file(open) }
        assertThrows(KeySecureException.InvalidInput::class.java) { ReplayStore.memory(-1) }
        Unit
    }
}
