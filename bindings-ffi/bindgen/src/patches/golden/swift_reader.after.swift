// Instead, the read() method and these helper functions input a tuple of data

@inline(__always)
fileprivate func readInt<T: FixedWidthInteger>(_ reader: inout WireReader) throws -> T {
    guard let value: T = reader.integer() else { throw UniffiInternalError.bufferOverflow }
    return value
}

@inline(__always)
fileprivate func readBytes(_ reader: inout WireReader, count: Int) throws -> UnsafeRawBufferPointer {
    guard let bytes = reader.next(count) else { throw UniffiInternalError.bufferOverflow }
    return bytes
}

// Reads a float at the current offset.
fileprivate func readFloat(_ reader: inout WireReader) throws -> Float {
    return Float(bitPattern: try readInt(&reader))
}

// Reads a float at the current offset.
fileprivate func readDouble(_ reader: inout WireReader) throws -> Double {
    return Double(bitPattern: try readInt(&reader))
}

// Indicates if the offset has reached the end of the buffer.
fileprivate func hasRemaining(_ reader: WireReader) -> Bool {
    return reader.hasRemaining
}

    @_documentation(visibility: private)
#endif
    public static func lift(_ buf: RustBuffer) throws -> SwiftType {
        var reader = WireReader(buf.data, length: buf.len, capacity: buf.capacity)
        let value = try read(from: &reader)
        if hasRemaining(reader) {
            throw UniffiInternalError.incompleteData
        }
        buf.deallocate()
        return value
    }

    public static func lift(_ value: RustBuffer) throws -> String {
        defer {
            value.deallocate()
        }
        if value.data == nil {
            return String()
        }
        var reader = WireReader(value.data, length: value.len, capacity: value.capacity)
        let bytes = try readBytes(&reader, count: Int(value.len))
        return String(decoding: bytes, as: UTF8.self)
    }

    typealias FfiType = Int32
    typealias SwiftType = Int32

    public static func read(from buf: inout WireReader) throws -> Int32 {
        return try lift(readInt(&buf))
    }

    public static func write(_ value: Int32, into buf: inout [UInt8]) {
        writeInt(&buf, lower(value))
    }
}

