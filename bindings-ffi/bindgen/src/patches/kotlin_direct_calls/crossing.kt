
    // What the buffer holds, in one copy: reading from an array costs far less than reading from Rust's memory.
    internal fun bytes(): ByteArray {
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
