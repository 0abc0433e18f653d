package io.keysecure.sandbox

import io.keysecure.Client
import java.lang.annotation.Inherited
import org.junit.jupiter.api.extension.ExtendWith
import org.junit.jupiter.api.extension.ExtensionContext
import org.junit.jupiter.api.extension.ParameterContext
import org.junit.jupiter.api.extension.ParameterResolver
import org.junit.platform.commons.support.AnnotationSupport

/**
 * Runs the offline [Sandbox] for a JUnit 5 test, and passes it, or a [Client] of it, to each parameter of these types:
 *
 *     @KeySecureSandbox
 *     class PaymentsTest {
 *         @Test
 *         fun `a card is listed`(sandbox: Sandbox, client: Client) { ... }
 *     }
 *
 * Each test has a sandbox of its own, which is closed after it. A parameter of the constructor or of a `@BeforeAll` method makes
 * one for all tests of the class. Subclasses inherit the annotation; another annotation may be annotated with it.
 *
 * @property options further options of `keysecure-sandbox serve`.
 */
@Target(AnnotationTarget.CLASS, AnnotationTarget.FUNCTION)
@Retention(AnnotationRetention.RUNTIME)
@MustBeDocumented
@Inherited
@ExtendWith(SandboxExtension::class)
public annotation class KeySecureSandbox(val options: Array<String> = [])

internal class SandboxExtension : ParameterResolver {
    override fun supportsParameter(parameter: ParameterContext, context: ExtensionContext): Boolean =
        parameter.parameter.type in setOf(Sandbox::class.java, Client::class.java)

    override fun resolveParameter(parameter: ParameterContext, context: ExtensionContext): Any {
        val running = context.getStore(NAMESPACE).getOrComputeIfAbsent(
            Running::class.java,
            { Running(options(context)) },
            Running::class.java,
        )
        return if (parameter.parameter.type == Client::class.java) running.client else running.sandbox
    }

    private fun options(context: ExtensionContext): Array<String> =
        generateSequence(context) { it.parent.orElse(null) }
            .mapNotNull { AnnotationSupport.findAnnotation(it.element, KeySecureSandbox::class.java).orElse(null) }
            .firstOrNull()?.options ?: emptyArray()

    /** A sandbox and the client of it. JUnit closes it with the test: from 5.13 on as an `AutoCloseable`. */
    private class Running(options: Array<String>) : ExtensionContext.Store.CloseableResource, AutoCloseable {
        val sandbox = Sandbox(*options)
        private val lazyClient = lazy { sandbox.client() }
        val client: Client by lazyClient

        override fun close() {
            if (lazyClient.isInitialized()) client.close()
            sandbox.close()
        }
    }

    private companion object {
        val NAMESPACE: ExtensionContext.Namespace = ExtensionContext.Namespace.create(SandboxExtension::class.java)
    }
}
