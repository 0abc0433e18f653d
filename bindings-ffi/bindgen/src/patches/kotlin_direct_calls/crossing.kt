
    // What the buffer holds, in one copy: reading from an array costs far less than reading from Rust's memory.
    //
    // A pointer of JNA's has no bounds: nothing but this check keeps a wrong length from reading beside the buffer.
    internal fun bytes(): ByteArray {
        check(len in 0..minOf(capacity, Int.MAX_VALUE.toLong())) { "malformed buffer: $len of $capacity bytes" }
        val bytes = ByteArray(len.toInt())
        data!!.read(0, bytes, 0, bytes.size)
        return bytes
    }

    // The buffer as it stands among the arguments and results of Kotlin that Rust calls.
    @Structure.FieldOrder("capacity", "len", "data")
    open class Crossing : Structure() {
        @JvmField var capacity: Long = 0
        @JvmField var len: Long = 0
        @JvmField var data: Pointer? = null

        class ByValue: Crossing(), Structure.ByValue

        internal fun plain() = RustBuffer.ByValue().also {
            it.capacity = capacity
            it.len = len
            it.data = data
        }

        internal fun setValue(other: RustBuffer) {
            capacity = other.capacity
            len = other.len
            data = other.data
        }
    }
