private let UNIFFI_CALLBACK_SUCCESS: Int32 = 0

fileprivate struct FfiConverterInt32: FfiConverter {
    typealias FfiType = Int32
    typealias SwiftType = Int

    public static func lift(_ value: Int32) throws -> Int {
        return Int(value)
    }

    public static func lower(_ value: Int) -> Int32 {
        return Int32(clamping: value)
    }

    public static func read(from buf: inout WireReader) throws -> Int {
        return try lift(readInt(&buf))
    }

    public static func write(_ value: Int, into buf: inout [UInt8]) {
        writeInt(&buf, lower(value))
    }
}

fileprivate struct FfiConverterInt64: FfiConverter {
    typealias FfiType = Int64
    typealias SwiftType = Int

    public static func lift(_ value: Int64) throws -> Int {
        return Int(value)
    }

    public static func lower(_ value: Int) -> Int64 {
        return Int64(clamping: value)
    }

    public static func read(from buf: inout WireReader) throws -> Int {
        return try lift(readInt(&buf))
    }

    public static func write(_ value: Int, into buf: inout [UInt8]) {
        writeInt(&buf, lower(value))
    }
}

func listPage(query: ListCards, page: Int, size: Int)throws  -> CardPage  {

    public let code: Int?

        let variant: Int32 = try readInt(&buf)

            writeInt(&buf, Int32(1))

            uniffiOutReturn: UnsafeMutablePointer<Int32>,

                () throws -> Int in

        self.init(len: Int32(bufferPointer.count), data: bufferPointer.baseAddress)
