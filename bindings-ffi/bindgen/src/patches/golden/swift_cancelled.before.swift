public enum ErrorKind: Equatable, Hashable, CaseIterable {

    
    /**
     * A setting of the client is invalid, or the client is closed.
     */
    case config
}

public struct FfiConverterTypeErrorKind: FfiConverterRustBuffer {
    public static func write(_ value: ErrorKind, into buf: inout [UInt8]) {
        switch value {
        
        case .config:
            writeInt(&buf, Int32(1))
        }
    }
}
