//! The last reference to a claim may end on the main thread: its release, which calls a store, runs on a thread of the library.
//!
//! UniFFI has no setting for it, and nothing to wait for upstream.

use super::replace;
use crate::Result;
use crate::interface::Interface;

const FREED: &str = "try! rustCall { uniffi_keysecure_ffi_fn_free_claim(handle, $0) }";

const FREED_LATER: &str = "\
let handle = handle
        Waiting.later(.webhook) { try! rustCall { uniffi_keysecure_ffi_fn_free_claim(handle, $0) } }";

pub fn patch(swift: &str, _: &Interface) -> Result<String> {
    // The file of the models has no classes.
    if !swift.is_empty() && !swift.contains("class Claim:") {
        return Ok(swift.to_owned());
    }
    replace(swift, 1, FREED, FREED_LATER)
}
