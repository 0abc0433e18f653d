public var debugDescription: String {
    return (try? FfiConverterString.lift(
        try rustCall() {
        uniffiCallStatus in
    uniffi_keysecure_fn_method_account_uniffi_trait_debug(
            FfiConverterTypeAccount_lower(self),uniffiCallStatus
    )
}
    )) ?? "(cannot be shown)"
}

public var debugDescription: String { description }
