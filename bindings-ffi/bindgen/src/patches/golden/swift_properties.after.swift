extension Report: Sendable {}
    /**
     * Returns the object as JSON text.
     */
var jsonText: String? {
    return try? FfiConverterString.lift(try rustCall() {
        uniffiCallStatus in
    uniffi_keysecure_fn_method_report_to_json(
            FfiConverterTypeReport_lower(self),uniffiCallStatus
    )
})
}
    
public var isComplete: Bool {
    return try!  FfiConverterBool.lift(try! rustCall() {
        uniffiCallStatus in
    uniffi_keysecure_fn_method_report_is_complete(
            FfiConverterTypeReport_lower(self),uniffiCallStatus
    )
})
}
    
public var isHealthy: Bool {
    return try!  FfiConverterBool.lift(try! rustCall() {
