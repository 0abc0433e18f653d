internal val handles = UniffiHandleMap<Decider>()

internal object uniffiCallbackInterfaceDecider {
    internal var vtable = UniffiVTableCallbackInterfaceDecider.UniffiByValue(
        uniffiFree,
        uniffiClone,
        `decide`,
    )

    // Registers the foreign callback with the Rust side.
    // This method is generated for each callback interface.
    internal fun register(lib: UniffiLib) {
        for (method in listOf<Callback>(uniffiFree, uniffiClone, `decide`)) {
            Native.setCallbackThreadInitializer(method, com.sun.jna.CallbackThreadInitializer(true, true, "keysecure"))
        }
        lib.uniffi_keysecure_ffi_fn_init_callback_vtable_decider(vtable)
    }
}
