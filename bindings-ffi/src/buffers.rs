//! Allocates and frees buffers, in the form that UniFFI's `scaffolding-ffi-buffer-fns` gives to all functions but these.
//!
//! The Kotlin calls them for every text and record that crosses: see `kotlin_direct_calls` in `bindgen/src/patches`.

use std::slice;

use uniffi::{FfiBufferElement, FfiSerialize as _, RustBuffer, RustCallStatus, ffi_buffer_size};

/// A buffer of this many bytes.
///
/// # Safety
///
/// `arguments` has room for a `u64` and holds one; `result` has room for a buffer and a status.
#[doc(hidden)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keysecure_ffibuffer_rustbuffer_alloc(
    arguments: *const FfiBufferElement,
    result: *mut FfiBufferElement,
) {
    // SAFETY: the caller's promise.
    let (arguments, mut result) = unsafe {
        (
            slice::from_raw_parts(arguments, ffi_buffer_size!(u64)),
            slice::from_raw_parts_mut(result, ffi_buffer_size!(RustBuffer, RustCallStatus)),
        )
    };
    let mut status = RustCallStatus::default();
    let buffer = uniffi::uniffi_rustbuffer_alloc(u64::get(arguments), &mut status);
    RustBuffer::write(&mut result, buffer);
    RustCallStatus::write(&mut result, status);
}

/// Frees a buffer.
///
/// # Safety
///
/// `arguments` has room for a buffer and holds one, which nobody uses from now on; `result` has room for a status.
#[doc(hidden)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keysecure_ffibuffer_rustbuffer_free(
    arguments: *const FfiBufferElement,
    result: *mut FfiBufferElement,
) {
    // SAFETY: the caller's promise.
    let (arguments, mut result) = unsafe {
        (
            slice::from_raw_parts(arguments, ffi_buffer_size!(RustBuffer)),
            slice::from_raw_parts_mut(result, ffi_buffer_size!(RustCallStatus)),
        )
    };
    let mut status = RustCallStatus::default();
    uniffi::uniffi_rustbuffer_free(RustBuffer::get(arguments), &mut status);
    RustCallStatus::write(&mut result, status);
}
