open class RustBuffer {
    // Note: `capacity` and `len` are actually `ULong` values, but JVM only supports signed values.
    // When dealing with these fields, make sure to call `toULong()`.
    @JvmField var capacity: Long = 0
    @JvmField var len: Long = 0
    @JvmField var data: Pointer? = null

    class ByValue: RustBuffer()

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

   internal fun setValue(other: RustBuffer) {
        capacity = other.capacity
        len = other.len
        data = other.data
    }

    companion object {
        internal fun alloc(size: ULong = 0UL) = uniffiRustCall() { status ->
            // Note: need to convert the size to a `Long` value to make this work with JVM.
            UniffiLib.ffi_keysecure_rustbuffer_alloc(size.toLong(), status)
        }.also {
            if(it.data == null) {
               throw RuntimeException("RustBuffer.alloc() returned null data pointer (size=${size})")
           }
        }

        internal fun create(capacity: ULong, len: ULong, data: Pointer?): RustBuffer.ByValue {
            var buf = RustBuffer.ByValue()
            buf.capacity = capacity.toLong()
            buf.len = len.toLong()
            buf.data = data
            return buf
        }

        internal fun free(buf: RustBuffer.ByValue) = uniffiRustCall() { status ->
            UniffiLib.ffi_keysecure_rustbuffer_free(buf, status)
        }
    }

    @Suppress("TooGenericExceptionThrown")
    fun asByteBuffer() =
        this.data?.getByteBuffer(0, this.len)?.also {
            it.order(ByteOrder.BIG_ENDIAN)
        }
}

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
        private const val ELEMENTS = ARGUMENTS + 4
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

internal const val UNIFFI_CALL_SUCCESS = 0.toByte()
internal const val UNIFFI_CALL_ERROR = 1.toByte()
internal const val UNIFFI_CALL_UNEXPECTED_ERROR = 2.toByte()

@Structure.FieldOrder("code", "error_buf")
internal open class UniffiRustCallStatus : Structure() {
    @JvmField var code: Byte = 0
    @JvmField var error_buf: RustBuffer.Crossing.ByValue = RustBuffer.Crossing.ByValue()

    class ByValue: UniffiRustCallStatus(), Structure.ByValue

    fun isSuccess(): Boolean {
        return code == UNIFFI_CALL_SUCCESS
    }

    fun isError(): Boolean {
        return code == UNIFFI_CALL_ERROR
    }

    fun isPanic(): Boolean {
        return code == UNIFFI_CALL_UNEXPECTED_ERROR
    }

    companion object {
        fun create(code: Byte, errorBuf: RustBuffer.Crossing.ByValue): UniffiRustCallStatus.ByValue {
            val callStatus = UniffiRustCallStatus.ByValue()
            callStatus.code = code
            callStatus.error_buf = errorBuf
            return callStatus
        }
    }
}

class InternalException(message: String) : kotlin.Exception(message)

/**
 * Each top-level error class has a companion object that can lift the error from the call status's rust buffer
 *
 * @suppress
 */
interface UniffiRustCallStatusErrorHandler<E> {
    fun lift(error_buf: RustBuffer.ByValue): E;
}

// Helpers for calling Rust
// In practice we usually need to be synchronized to call this safely, so it doesn't
// synchronize itself

// Call a rust function that returns a Result<>.  Pass in the Error class companion that corresponds to the Err
private inline fun <U, E: kotlin.Exception> uniffiRustCallWithError(errorHandler: UniffiRustCallStatusErrorHandler<E>, callback: (UniffiCall) -> U): U {
    val calls = UniffiCalls.ofThread.get()
    val call = calls.take()
    try {
        val return_value = callback(call)
        uniffiCheckCallStatus(errorHandler, call)
        return return_value
    } finally {
        calls.give(call)
    }
}

// Check UniffiRustCallStatus and throw an error if the call wasn't successful
private fun<E: kotlin.Exception> uniffiCheckCallStatus(errorHandler: UniffiRustCallStatusErrorHandler<E>, status: UniffiCall) {
    if (status.isSuccess()) {
        return
    } else if (status.isError()) {
        throw errorHandler.lift(status.error_buf)
    } else if (status.isPanic()) {
        // when the rust code sees a panic, it tries to construct a rustbuffer
        // with the message.  but if that code panics, then it just sends back
        // an empty buffer.
        if (status.error_buf.len > 0) {
            throw InternalException(FfiConverterString.lift(status.error_buf))
        } else {
            throw InternalException("Rust panic")
        }
    } else {
        throw InternalException("Unknown rust call status: $status.code")
    }
}

/**
 * UniffiRustCallStatusErrorHandler implementation for times when we don't expect a CALL_ERROR
 *
 * @suppress
 */
object UniffiNullRustCallStatusErrorHandler: UniffiRustCallStatusErrorHandler<InternalException> {
    override fun lift(error_buf: RustBuffer.ByValue): InternalException {
        RustBuffer.free(error_buf)
        return InternalException("Unexpected CALL_ERROR")
    }
}

// Call a rust function that returns a plain value
private inline fun <U> uniffiRustCall(callback: (UniffiCall) -> U): U {
    return uniffiRustCallWithError(UniffiNullRustCallStatusErrorHandler, callback)
}

internal inline fun<T> uniffiTraitInterfaceCall(
    callStatus: UniffiRustCallStatus,
    makeCall: () -> T,
    writeReturn: (T) -> Unit,
) {
    try {
        writeReturn(makeCall())
    } catch(e: kotlin.Exception) {
        val err = try { e.stackTraceToString() } catch(_: Throwable) { "" }
        callStatus.code = UNIFFI_CALL_UNEXPECTED_ERROR
        callStatus.error_buf.setValue(FfiConverterString.lower(err))
    }
}

internal inline fun<T, reified E: Throwable> uniffiTraitInterfaceCallWithError(
    callStatus: UniffiRustCallStatus,
    makeCall: () -> T,
    writeReturn: (T) -> Unit,
    lowerError: (E) -> RustBuffer.ByValue
) {
    try {
        writeReturn(makeCall())
    } catch(e: kotlin.Exception) {
        if (e is E) {
            callStatus.code = UNIFFI_CALL_ERROR
            callStatus.error_buf.setValue(lowerError(e))
        } else {
            val err = try { e.stackTraceToString() } catch(_: Throwable) { "" }
            callStatus.code = UNIFFI_CALL_UNEXPECTED_ERROR
            callStatus.error_buf.setValue(FfiConverterString.lower(err))
        }
    }
}

    fun lowerIntoRustBuffer(value: KotlinType): RustBuffer.ByValue {
        val rbuf = RustBuffer.alloc(allocationSize(value))
        try {
            val bbuf = rbuf.data!!.getByteBuffer(0, rbuf.capacity).also {
                it.order(ByteOrder.BIG_ENDIAN)
            }
            write(value, bbuf)
            rbuf.len = bbuf.position().toLong()
            return rbuf
        } catch (e: Throwable) {
            RustBuffer.free(rbuf)
            throw e
        }
    }

    // Lift a value from a `RustBuffer`.
    //
    // This here mostly because of the symmetry with `lowerIntoRustBuffer()`.
    // It's currently only used by the `FfiConverterRustBuffer` class below.
    fun liftFromRustBuffer(rbuf: RustBuffer.ByValue): KotlinType {
        val byteBuf = ByteBuffer.wrap(rbuf.bytes())
        try {
           val item = read(byteBuf)
           if (byteBuf.hasRemaining()) {
               throw RuntimeException("junk remaining in buffer after lifting, something is very wrong!!")
           }
           return item
        } finally {
            RustBuffer.free(rbuf)
        }
    }
}


    override fun lift(value: RustBuffer.ByValue): String {
        try {
            return value.bytes().toString(Charsets.UTF_8)
        } finally {
            RustBuffer.free(value)
        }
    }

@Structure.FieldOrder("returnValue", "callStatus")
internal open class UniffiForeignFutureResultRustBuffer(
    @JvmField internal var `returnValue`: RustBuffer.Crossing.ByValue = RustBuffer.Crossing.ByValue(),
    @JvmField internal var `callStatus`: UniffiRustCallStatus.ByValue = UniffiRustCallStatus.ByValue(),
) : Structure() {
    class UniffiByValue(
        `returnValue`: RustBuffer.Crossing.ByValue = RustBuffer.Crossing.ByValue(),
        `callStatus`: UniffiRustCallStatus.ByValue = UniffiRustCallStatus.ByValue(),
    ): UniffiForeignFutureResultRustBuffer(`returnValue`,`callStatus`,), Structure.ByValue
}
internal interface UniffiCallbackInterfaceReplayStoreMethod1 : com.sun.jna.Callback {
    fun callback(`uniffiHandle`: Long,`key`: RustBuffer.Crossing.ByValue,`uniffiOutReturn`: RustBuffer.Crossing,uniffiCallStatus: UniffiRustCallStatus,)
}

internal object UniffiLib {
    fun uniffi_keysecure_ffi_fn_clone_cards(`handle`: Long,uniffi_out_err: UniffiCall): Long = uniffi_keysecure_ffi_fn_clone_cards(`handle`, uniffi_out_err.status())
    private external fun uniffi_keysecure_ffi_fn_clone_cards(`handle`: Long,uniffi_out_err: Pointer): Long
    fun uniffi_keysecure_ffi_fn_method_cards_get(`ptr`: Long,`cardNo`: RustBuffer.ByValue,uniffi_out_err: UniffiCall): RustBuffer.ByValue {
        uniffi_out_err.add(`ptr`).add(`cardNo`.capacity).add(`cardNo`.len).add(`cardNo`.data)
        uniffi_ffibuffer_keysecure_ffi_fn_method_cards_get(uniffi_out_err.arguments, uniffi_out_err.result(3))
        return RustBuffer.ByValue().also {
            it.capacity = uniffi_out_err.long(0)
            it.len = uniffi_out_err.long(1)
            it.data = uniffi_out_err.pointer(2)
        }
    }
    private external fun uniffi_ffibuffer_keysecure_ffi_fn_method_cards_get(arguments: Pointer, result: Pointer)
    fun ffi_keysecure_rustbuffer_free(`buf`: RustBuffer.ByValue,uniffi_out_err: UniffiCall): Unit {
        uniffi_out_err.add(`buf`.capacity).add(`buf`.len).add(`buf`.data)
        keysecure_ffibuffer_rustbuffer_free(uniffi_out_err.arguments, uniffi_out_err.result(0))
    }
    private external fun keysecure_ffibuffer_rustbuffer_free(arguments: Pointer, result: Pointer)
    external fun uniffi_keysecure_ffi_checksum_method_cards_get(
    ): Int
}

internal object get: UniffiCallbackInterfaceReplayStoreMethod1 {
        override fun callback(`uniffiHandle`: Long,`key`: RustBuffer.Crossing.ByValue,`uniffiOutReturn`: RustBuffer.Crossing,uniffiCallStatus: UniffiRustCallStatus,) {
            val `key` = `key`.plain()
            val uniffiObj = FfiConverterTypeReplayStore.handleMap.get(uniffiHandle)
        }
}
