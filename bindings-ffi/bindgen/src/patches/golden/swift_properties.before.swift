extension Report: Sendable {}
    /**
     * Returns the object as JSON text.
     */
public func toJson() -> String  {
    return try!  FfiConverterString.lift(try! rustCall() {
        uniffiCallStatus in
    uniffi_keysecure_fn_method_report_to_json(
            FfiConverterTypeReport_lower(self),uniffiCallStatus
    )
})
}
    
public func isComplete() -> Bool  {
    return try!  FfiConverterBool.lift(try! rustCall() {
        uniffiCallStatus in
    uniffi_keysecure_fn_method_report_is_complete(
            FfiConverterTypeReport_lower(self),uniffiCallStatus
    )
})
}
    
public func isHealthy() -> Bool  {
    return try!  FfiConverterBool.lift(try! rustCall() {
