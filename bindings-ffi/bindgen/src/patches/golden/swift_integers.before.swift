private let UNIFFI_CALLBACK_SUCCESS: Int32 = 0

fileprivate struct FfiConverterInt32: FfiConverterPrimitive {
    typealias FfiType = Int32
    typealias SwiftType = Int32

    public static func read(from buf: inout WireReader) throws -> Int32 {
        return try lift(readInt(&buf))
    }

    public static func write(_ value: Int32, into buf: inout [UInt8]) {
        writeInt(&buf, lower(value))
    }
}

fileprivate struct FfiConverterInt64: FfiConverterPrimitive {
    typealias FfiType = Int64
    typealias SwiftType = Int64

    public static func read(from buf: inout WireReader) throws -> Int64 {
        return try lift(readInt(&buf))
    }

    public static func write(_ value: Int64, into buf: inout [UInt8]) {
        writeInt(&buf, lower(value))
    }
}

func listPage(query: ListCards, page: Int32, size: Int32)throws  -> CardPage  {

    public let code: Int64?

        let variant: Int32 = try readInt(&buf)

            writeInt(&buf, Int32(1))

            uniffiOutReturn: UnsafeMutablePointer<Int32>,

                () throws -> Int32 in

        self.init(len: Int32(bufferPointer.count), data: bufferPointer.baseAddress)
