//! What only the layer over UniFFI's code uses is internal: completion in Kotlin offers one `Client`, not two.
//!
//! UniFFI has no configuration for it; not asked for upstream.

use super::is_of_objects;
use crate::Result;
use crate::interface::Interface;

/// The names of UniFFI's own types.
const OWN: [&str; 8] =
    ["FfiConverter", "FfiException", "Uniffi", "uniffi", "RustBuffer", "InternalException", "Disposable", "NoHandle"];

/// The words between the visibility and the name.
const WORDS: [&str; 12] =
    ["open", "sealed", "data", "abstract", "enum", "inline", "class", "interface", "object", "fun", "typealias", "<T"];

/// What may stand before a function at the top level: the end of its documentation, or what it throws.
const STARTS: [&str; 2] = ["         */ ", "    @Throws(FfiException::class) "];

pub fn patch(kotlin: &str, _: &Interface) -> Result<String> {
    let is_ffi = is_of_objects(kotlin);
    let mut is_changed = false;
    let mut text = String::with_capacity(kotlin.len());
    for line in kotlin.split_inclusive('\n') {
        // A function stands on the line on which its documentation ends.
        let start = STARTS.into_iter().find(|start| line.starts_with(start)).unwrap_or_default();
        let (comment, declared) = line.split_at(start.len());
        let declared = declared.strip_prefix("public ").unwrap_or(declared);
        if name(declared).is_some_and(|name| is_ffi || is_own(declared, name)) {
            text.push_str(comment);
            text.push_str("internal ");
            text.push_str(declared);
            is_changed = true;
        } else {
            text.push_str(line);
        }
    }
    if is_changed { Ok(text) } else { Err("UniFFI generates no declaration of its own".into()) }
}

/// The name that a line declares, if it declares something that is not private.
pub(super) fn name(line: &str) -> Option<&str> {
    let mut words = line.split(' ');
    if !WORDS.contains(&words.next()?) {
        return None;
    }
    words.find(|word| !WORDS.contains(word))
}

fn is_own(line: &str, name: &str) -> bool {
    let is_function = line.starts_with("fun ") || line.starts_with("inline fun ");
    is_function || OWN.iter().any(|own| name.starts_with(own))
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn only_public_declarations_have_a_name() {
        let cases = [
            ("open class RustBuffer {", Some("RustBuffer")),
            ("data class Card (", Some("Card")),
            ("fun `cardFromJson`(`text`: kotlin.String): Card =", Some("`cardFromJson`(`text`:")),
            ("internal object UniffiLib {", None),
            ("private fun findLibraryName(", None),
            ("    object Frozen : CardStatus()", None),
            ("import com.sun.jna.Library", None),
        ];
        for (line, expected) in cases {
            assert_eq!(name(line), expected, "{line}");
        }
    }
}
