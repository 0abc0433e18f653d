//! What Rust knows a Kotlin object by starts at a random number.
//!
//! Two class loaders may share one library, which then calls the one that loaded it last: it must not find another object
//! there by the same number. Waits for mozilla/uniffi-rs#2957 (a change is proposed in #2958).

use super::replace;
use crate::Result;
use crate::interface::Interface;

/// Odd, as UniFFI wants it, and far from the end.
const RANDOM: &str = "AtomicLong(java.security.SecureRandom().nextLong().ushr(2).or(UNIFFI_HANDLEMAP_INITIAL))";

pub fn patch(kotlin: &str, _: &Interface) -> Result<String> {
    replace(kotlin, 1, "AtomicLong(UNIFFI_HANDLEMAP_INITIAL)", RANDOM)
}
