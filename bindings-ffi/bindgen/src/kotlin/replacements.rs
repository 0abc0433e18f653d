//! What stands in every generated file in the same words.

/// What is replaced: the text, how often it stands there, and what stands there instead.
const CHANGES: [(&str, usize, &str); 18] = [
    // A buffer.
    (
        "@Structure.FieldOrder(\"capacity\", \"len\", \"data\")\nopen class RustBuffer : Structure() {\n",
        1,
        "open class RustBuffer {\n",
    ),
    ("    class ByValue: RustBuffer(), Structure.ByValue\n", 1, "    class ByValue: RustBuffer()\n"),
    ("    class ByReference: RustBuffer(), Structure.ByReference\n", 1, include_str!("crossing.kt")),
    ("rbuf.writeField(\"len\", bbuf.position().toLong())", 1, "rbuf.len = bbuf.position().toLong()"),
    ("val byteBuf = rbuf.asByteBuffer()!!", 1, "val byteBuf = ByteBuffer.wrap(rbuf.bytes())"),
    // A call.
    (
        "internal const val UNIFFI_CALL_SUCCESS",
        1,
        concat!(include_str!("call.kt"), "\ninternal const val UNIFFI_CALL_SUCCESS"),
    ),
    ("callback: (UniffiRustCallStatus) -> U", 2, "callback: (UniffiCall) -> U"),
    (
        "    var status = UniffiRustCallStatus()
    val return_value = callback(status)
    uniffiCheckCallStatus(errorHandler, status)
    return return_value
",
        1,
        "    val calls = UniffiCalls.ofThread.get()
    val call = calls.take()
    try {
        val return_value = callback(call)
        uniffiCheckCallStatus(errorHandler, call)
        return return_value
    } finally {
        calls.give(call)
    }
",
    ),
    (
        "errorHandler: UniffiRustCallStatusErrorHandler<E>, status: UniffiRustCallStatus)",
        1,
        "errorHandler: UniffiRustCallStatusErrorHandler<E>, status: UniffiCall)",
    ),
    // The status that Kotlin gives to Rust, which called it.
    (
        "error_buf: RustBuffer.ByValue = RustBuffer.ByValue()",
        1,
        "error_buf: RustBuffer.Crossing.ByValue = RustBuffer.Crossing.ByValue()",
    ),
    ("errorBuf: RustBuffer.ByValue)", 1, "errorBuf: RustBuffer.Crossing.ByValue)"),
    (
        "callStatus.error_buf = FfiConverterString.lower(err)",
        2,
        "callStatus.error_buf.setValue(FfiConverterString.lower(err))",
    ),
    ("callStatus.error_buf = lowerError(e)", 1, "callStatus.error_buf.setValue(lowerError(e))"),
    (
        "`returnValue`: RustBuffer.ByValue = RustBuffer.ByValue()",
        2,
        "`returnValue`: RustBuffer.Crossing.ByValue = RustBuffer.Crossing.ByValue()",
    ),
    // What Rust knows a Kotlin object by. Two class loaders may share one library, which then calls the one that loaded it
    // last: it must not find another object there by the same number. Odd, as UniFFI wants it.
    (
        "AtomicLong(UNIFFI_HANDLEMAP_INITIAL)",
        1,
        "AtomicLong(java.security.SecureRandom().nextLong().ushr(2).or(UNIFFI_HANDLEMAP_INITIAL))",
    ),
    // Texts.
    (
        "            val byteArr = ByteArray(value.len.toInt())
            value.asByteBuffer()!!.get(byteArr)
            return byteArr.toString(Charsets.UTF_8)
",
        1,
        "            return String(value.bytes(), Charsets.UTF_8)\n",
    ),
    (
        "        val len = buf.getInt()
        val byteArr = ByteArray(len)
        buf.get(byteArr)
        return byteArr.toString(Charsets.UTF_8)
    }
",
        1,
        include_str!("read_text.kt"),
    ),
    (
        "        // Make sure we don't have invalid UTF-16, check for lone surrogates.
        return Charsets.UTF_8.newEncoder().run {
",
        1,
        include_str!("encode_text.kt"),
    ),
];

pub fn amended(kotlin: &str) -> Result<String, String> {
    let mut text = kotlin.to_owned();
    for (old, count, new) in CHANGES {
        let found = text.matches(old).count();
        if found != count {
            return Err(format!("the generated Kotlin has changed: {found} times {old:?}"));
        }
        text = text.replace(old, new);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{CHANGES, amended};

    #[test]
    fn code_of_another_form_is_refused() {
        let known: String = CHANGES.iter().map(|(old, count, _)| old.repeat(*count)).collect();
        let once = amended(&known).unwrap();
        assert!(once.contains("calls.take()") && !once.contains("(UniffiRustCallStatus) -> U"));
        assert!(amended(&once).is_err());
        assert!(amended("").is_err());
        for (old, _, _) in CHANGES {
            assert!(amended(&known.replacen(old, "", 1)).is_err(), "{old}");
        }
    }
}
