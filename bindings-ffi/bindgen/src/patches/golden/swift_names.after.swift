public struct HTTPRequest: Equatable, Hashable, CustomDebugStringConvertible {
    /**
     * GET or POST.
     */
    public let method: HTTPMethod
}

    public let environment: KeySecureEnvironment?

    return try  FfiConverterTypeEnsuredTransfer_lift(try rustCallWithError(FfiConverterTypeFfiError_lift) {

    public static func read(from buf: inout (data: Data, offset: Data.Index)) throws -> HTTPMethod {

public enum FfiError: Swift.Error, Equatable, Hashable, CustomStringConvertible {

    public let leaseID: String

    public let aes: AESSettings?
