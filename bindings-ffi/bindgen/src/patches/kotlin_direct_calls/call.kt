// A call into Rust: the memory through which its arguments and its result pass, in elements of eight bytes.
//
// It holds numbers, handles and where buffers lie, never what is in a buffer.
internal class UniffiCall {
    private val memory = ByteBuffer.allocateDirect(8 * ELEMENTS).order(ByteOrder.nativeOrder())
    private val start = Native.getDirectBufferPointer(memory)
    private val results = Array(STATUS + 1) { elements -> start.share(8L * (STATUS - elements)) }
    private var next = 0
    private var isBare = false

    val arguments: Pointer = start.share(8L * ARGUMENTS)

    // The start of a result with this many elements. It ends at the status, which is at one place for all functions.
    fun result(elements: Int): Pointer = results[elements]

    // The status, for a function that writes it as a structure, and no result.
    fun status(): Pointer {
        isBare = true
        return results[0]
    }

    fun begin() {
        memory.put(8 * STATUS, UNIFFI_CALL_SUCCESS)
        next = 8 * ARGUMENTS
        isBare = false
    }

    fun add(value: Byte): UniffiCall {
        memory.put(next, value)
        next += 8
        return this
    }

    fun add(value: Int): UniffiCall {
        memory.putInt(next, value)
        next += 8
        return this
    }

    fun add(value: Long): UniffiCall {
        memory.putLong(next, value)
        next += 8
        return this
    }

    fun add(value: Pointer?): UniffiCall {
        val address = Pointer.nativeValue(value)
        return if (Native.POINTER_SIZE == 8) add(address) else add(address.toInt())
    }

    fun byte(element: Int): Byte = memory.get(8 * element)

    fun int(element: Int): Int = memory.getInt(8 * element)

    fun long(element: Int): Long = memory.getLong(8 * element)

    fun pointer(element: Int): Pointer? {
        val address = if (Native.POINTER_SIZE == 8) long(element) else int(element).toLong() and 0xffff_ffff
        return if (address == 0L) null else Pointer(address)
    }

    fun isSuccess() = byte(STATUS) == UNIFFI_CALL_SUCCESS

    fun isError() = byte(STATUS) == UNIFFI_CALL_ERROR

    fun isPanic() = byte(STATUS) == UNIFFI_CALL_UNEXPECTED_ERROR

    // In a structure its place depends on the processor. The functions that write one fail by a panic at most, whose text is
    // not worth knowing that.
    val error_buf get() = RustBuffer.ByValue().also {
        if (!isBare) {
            it.capacity = long(STATUS + 1)
            it.len = long(STATUS + 2)
            it.data = pointer(STATUS + 3)
        }
    }

    companion object {
        // First the longest result, a buffer; then the status, a code and a buffer; then the arguments.
        private const val STATUS = 3
        private const val ARGUMENTS = STATUS + 4
        private const val ELEMENTS = ARGUMENTS + UNIFFI_MOST_ARGUMENTS
    }
}

// The calls of a thread. More than one is under way when foreign code is called back and calls again.
internal class UniffiCalls {
    private val free = ArrayList<UniffiCall>()

    fun take(): UniffiCall {
        val call = if (free.isEmpty()) UniffiCall() else free.removeAt(free.size - 1)
        call.begin()
        return call
    }

    fun give(call: UniffiCall) {
        free.add(call)
    }

    companion object {
        val ofThread: ThreadLocal<UniffiCalls> = ThreadLocal.withInitial(::UniffiCalls)
    }
}
