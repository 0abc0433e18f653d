//! The parts of a call that every generated file has in the same words.

use crate::Result;
use crate::patches::replace;

/// The text, how often it is there, and its replacement.
const CHANGES: [(&str, usize, &str); 15] = [
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
    (
        "            val byteArr = ByteArray(value.len.toInt())
            value.asByteBuffer()!!.get(byteArr)
            return byteArr.toString(Charsets.UTF_8)
",
        1,
        "            return value.bytes().toString(Charsets.UTF_8)
",
    ),
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
];

pub fn patched(kotlin: &str) -> Result<String> {
    CHANGES.iter().try_fold(kotlin.to_owned(), |text, (old, count, new)| replace(&text, *count, old, new))
}

#[cfg(test)]
mod tests {
    use super::{CHANGES, patched};

    #[test]
    fn code_without_one_of_the_parts_is_refused() {
        let all: String = CHANGES.iter().map(|(old, count, _)| old.repeat(*count)).collect();
        let once = patched(&all).unwrap();
        assert!(once.contains("calls.take()") && !once.contains("(UniffiRustCallStatus) -> U"));
        assert!(patched(&once).is_err());
        for (old, _, _) in CHANGES {
            assert!(patched(&all.replacen(old, "", 1)).is_err(), "{old}");
        }
    }
}
