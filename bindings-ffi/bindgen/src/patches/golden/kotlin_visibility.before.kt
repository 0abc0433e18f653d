package io.keysecure.model

open class RustBuffer {
}

public object FfiConverterString: FfiConverter<String, RustBuffer.ByValue> {
}

inline fun <T : Disposable?, R> T.use(block: (T) -> R) =

data class Fee (
    val `amount`: kotlin.String
)

        /**
         * Sets a sink.
         */ fun `setSink`() =
