//! The kind of the error of a cancelled task, which only Swift has: Rust never sees it.
//!
//! Nothing to wait for upstream.

use super::replace_sections;
use crate::Result;
use crate::interface::Interface;

const CASE: &str = "
    /**
     * The task that awaited the call was cancelled: outcome `.notSent`, or `.unknown` when a read was in progress.
     */
    case cancelled
";

pub fn patch(swift: &str, _: &Interface) -> Result<String> {
    if !swift.is_empty() && !swift.contains("public enum ErrorKind:") {
        return Ok(swift.to_owned());
    }
    let text = replace_sections(swift, "public enum ErrorKind:", "{\n", |found| format!("{found}{CASE}"))?;
    replace_sections(&text, "func write(_ value: ErrorKind, ", "switch value {\n", |found| {
        format!("{found}        case .cancelled: preconditionFailure(\"Rust has no such kind\")\n")
    })
}
