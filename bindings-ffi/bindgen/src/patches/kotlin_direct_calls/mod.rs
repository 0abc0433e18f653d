//! Calls of the library pass their arguments and results through memory that the thread keeps.
//!
//! As generated, each call makes a JNA `Structure` for every buffer and for the status: memory of its own, a cleaner, and
//! fields read by reflection, some ten microseconds. Here the calls use the second form that the library has of each function
//! (UniFFI's `scaffolding-ffi-buffer-fns`), and a buffer is a plain class. Structures remain where Rust calls Kotlin.
//!
//! Waits for the stable JNI backend, mozilla/uniffi-rs#2672 (on trial since #2911).

mod buffers;
mod callbacks;
mod functions;

use crate::Result;
use crate::interface::Interface;

pub fn patch(kotlin: &str, _: &Interface) -> Result<String> {
    let text = buffers::patched(kotlin)?;
    let text = functions::patched(&text)?;
    callbacks::patched(&text)
}
