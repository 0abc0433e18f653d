    public init(
        /**
         * The number, or none?
         */cardNo: String, 
        /**
         * The name.
         */name: String?, 
        /**
         * The fees.
         */fees: [Fee], 
        /**
         * The remarks.
         */remarks: [String] = [], 
        /**
         * When it was applied for.
         */time: Date?) {
        self.cardNo = cardNo
    }

#if compiler(>=6)
extension Card: Sendable {}
#endif

#if swift(>=5.8)
@_documentation(visibility: private)
#endif
public struct FfiConverterTypeCard: FfiConverterRustBuffer {
