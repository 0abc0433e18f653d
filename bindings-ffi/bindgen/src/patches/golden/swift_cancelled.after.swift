public enum ErrorKind: Equatable, Hashable, CaseIterable {

    /**
     * The task that awaited the call was cancelled: outcome `.notSent`, or `.unknown` when a read was in progress.
     */
    case cancelled

    
    /**
     * A setting of the client is invalid, or the client is closed.
     */
    case config
}

public struct FfiConverterTypeErrorKind: FfiConverterRustBuffer {
    public static func write(_ value: ErrorKind, into buf: inout [UInt8]) {
        switch value {
        case .cancelled: preconditionFailure("Rust has no such kind")
        
        case .config:
            writeInt(&buf, Int32(1))
        }
    }
}
