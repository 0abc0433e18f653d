//! Of what the caller's code threw, Rust gets the type for its log. The text could hold anything, a secret too.
//!
//! Not reported upstream yet.

use super::replace;
use crate::Result;
use crate::interface::Interface;

const TEXT: &str = "lower(String(describing: error))";
const TYPE: &str = "lower(String(reflecting: type(of: error)))";

pub fn patch(swift: &str, _: &Interface) -> Result<String> {
    replace(swift, 2, TEXT, TYPE)
}
