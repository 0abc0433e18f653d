public struct HttpRequest: Equatable, Hashable, CustomDebugStringConvertible {
    /**
     * GET or POST.
     */
    public let method: Method
}

    public let environment: Environment?

    return try  FfiConverterTypeEnsuredTransfer_lift(try rustCallWithError(FfiConverterTypeFfiError_lift) {

    public static func read(from buf: inout (data: Data, offset: Data.Index)) throws -> Method {

public enum FfiError: Swift.Error, Equatable, Hashable, CustomStringConvertible {

    public let leaseId: String

    public let aes: AesSettings?
