package io.keysecure.model

internal open class RustBuffer {
}

internal object FfiConverterString: FfiConverter<String, RustBuffer.ByValue> {
}

internal inline fun <T : Disposable?, R> T.use(block: (T) -> R) =

data class Fee (
    val `amount`: kotlin.String
)

        /**
         * Sets a sink.
         */ internal fun `setSink`() =
