//! Allocates and frees buffers, in the form that UniFFI's `scaffolding-ffi-buffer-fns` gives to all functions but these.
//!
//! The Kotlin calls them for every text and record that crosses: see `kotlin_direct_calls` in `bindgen/src/patches`.
//!
//! The types of the parameters are the caller's obligations: a pointer that is not null, is aligned for a `u64`, and leads to
//! memory of that many elements, which no other thread writes during the call and of which `arguments` and `result` share none.

use uniffi::{FfiBufferElement, FfiSerialize, RustBuffer, RustCallStatus, ffi_buffer_size};

/// Allocates a buffer of this many bytes, all zero. A size that cannot be allocated is an error of the status.
#[doc(hidden)]
#[unsafe(no_mangle)]
pub extern "C" fn keysecure_ffibuffer_rustbuffer_alloc(
    arguments: &[FfiBufferElement; ffi_buffer_size!(u64)],
    result: &mut [FfiBufferElement; ffi_buffer_size!(RustBuffer, RustCallStatus)],
) {
    let mut result = result.as_mut_slice();
    let mut status = RustCallStatus::default();
    let buffer = uniffi::uniffi_rustbuffer_alloc(u64::get(arguments), &mut status);
    RustBuffer::write(&mut result, buffer);
    RustCallStatus::write(&mut result, status);
}

/// Frees a buffer. One whose length exceeds its capacity is an error of the status.
///
/// # Safety
///
/// `arguments` holds a buffer that this library allocated, which nobody uses from now on.
#[doc(hidden)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keysecure_ffibuffer_rustbuffer_free(
    arguments: &[FfiBufferElement; ffi_buffer_size!(RustBuffer)],
    result: &mut [FfiBufferElement; ffi_buffer_size!(RustCallStatus)],
) {
    let mut result = result.as_mut_slice();
    let mut status = RustCallStatus::default();
    uniffi::uniffi_rustbuffer_free(RustBuffer::get(arguments), &mut status);
    RustCallStatus::write(&mut result, status);
}
