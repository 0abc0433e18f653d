open class Claim: ClaimProtocol, @unchecked Sendable {
    fileprivate let handle: UInt64

    deinit {
        if handle == 0 {
            // Mock objects have handle=0 don't try to free them
            return
        }

        try! rustCall { uniffi_keysecure_ffi_fn_free_claim(handle, $0) }
    }
}
