    public init(
        /**
         * The number, or none?
         */cardNo: String, 
        /**
         * The name.
         */name: String? = nil, 
        /**
         * The fees.
         */fees: [Fee] = [], 
        /**
         * The remarks.
         */remarks: [String] = [], 
        /**
         * When it was applied for.
         */time: Date? = nil) {
        self.cardNo = cardNo
    }

extension Card: Sendable {}

#if swift(>=5.8)
@_documentation(visibility: private)
#endif
public struct FfiConverterTypeCard: FfiConverterRustBuffer {
