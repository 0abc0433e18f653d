public struct HttpRequest: Equatable, Hashable, CustomDebugStringConvertible {
    /**
     * GET or POST.
     */
    public let method: HttpMethod
}

    public let environment: KeySecureEnvironment?

    return try  FfiConverterTypeEnsuredTransfer_lift(try rustCallWithError(FfiConverterTypeFfiError_lift) {

    public static func read(from buf: inout (data: Data, offset: Data.Index)) throws -> HttpMethod {

public enum KeySecureError: Swift.Error, Equatable, Hashable, CustomStringConvertible {
