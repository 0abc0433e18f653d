public 
enum TransportFailure: Swift.Error, Equatable, Hashable {

    
    
    /**
     * The exchange failed.
     */
    case Failed(
        /**
         * What went wrong.
         */fault: TransportFault, 
        /**
         * Whether the whole request may have reached the platform.
         */sent: Bool
    )

    

    

    
}

#if compiler(>=6)
extension TransportFailure: Sendable {}
#endif

#if swift(>=5.8)
@_documentation(visibility: private)
#endif
public struct FfiConverterTypeTransportFailure: FfiConverterRustBuffer {
    typealias SwiftType = TransportFailure

    public static func read(from buf: inout (data: Data, offset: Data.Index)) throws -> TransportFailure {
        let variant: Int32 = try readInt(&buf)
        switch variant {

        

        
        case 1: return .Failed(
            fault: try FfiConverterTypeTransportFault.read(from: &buf), 
            sent: try FfiConverterBool.read(from: &buf)
            )

         default: throw UniffiInternalError.unexpectedEnumCase
        }
    }

    public static func write(_ value: TransportFailure, into buf: inout [UInt8]) {
        switch value {

        

        
        
        case let .Failed(fault,sent):
            writeInt(&buf, Int32(1))
            FfiConverterTypeTransportFault.write(fault, into: &buf)
            FfiConverterBool.write(sent, into: &buf)
            
        }
    }
}


#if swift(>=5.8)
@_documentation(visibility: private)
#endif
public func FfiConverterTypeTransportFailure_lift(_ buf: RustBuffer) throws -> TransportFailure {
    return try FfiConverterTypeTransportFailure.lift(buf)
}
