//! Names that no Java caller takes for those of the public package: what is internal in Kotlin is public for Java.
//!
//! UniFFI can rename types by its configuration, but 0.32.2 forgets fields of types of other crates, and errors of
//! constructors. Not reported upstream yet; renaming came with mozilla/uniffi-rs#2715.

use std::collections::HashMap;

use super::{is_of_objects, kotlin_visibility};
use crate::Result;
use crate::kotlin::public_records;

/// UniFFI's helpers with names of their own.
const HELPERS: [&str; 3] = ["Disposable", "InternalException", "NoHandle"];

/// Beginnings of names that say whose they are.
const PREFIXES: [&str; 5] = ["Ffi", "Uniffi", "uniffi", "RustBuffer", "ForeignBytes"];

pub fn patch(kotlin: &str, _: &crate::interface::Interface) -> Result<String> {
    let mut names: HashMap<&str, String> = HELPERS.into_iter().map(|name| (name, format!("Uniffi{name}"))).collect();
    if is_of_objects(kotlin) {
        let found = kotlin.lines().filter_map(|line| declared(line).or_else(|| imported(line)));
        names.extend(found.map(|name| (name, format!("Ffi{name}"))));
    }
    let (mut text, mut is_comment) = (String::with_capacity(kotlin.len()), false);
    for line in kotlin.split_inclusive('\n') {
        // The documentation of public records speaks of the public types.
        is_comment |= line.trim_start().starts_with("/**");
        let end = if is_comment { line.find("*/").map_or(line.len(), |place| place + 2) } else { 0 };
        is_comment &= !line[..end].ends_with("*/");
        text.push_str(&line[..end]);
        push_renamed(&mut text, &line[end..], &names);
    }
    if text == kotlin { Err("UniFFI generates none of the names".into()) } else { Ok(text) }
}

/// The name of the type that a line declares, unless the name says that it is internal, or the type moves to the public package.
fn declared(line: &str) -> Option<&str> {
    let line = line.strip_prefix("internal ")?;
    let name = kotlin_visibility::name(line)?;
    let end = name.find(|letter| !is_part(letter)).unwrap_or(name.len());
    let is_type = line.split(' ').any(|word| ["class", "interface", "object"].contains(&word));
    let is_named = PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || HELPERS.contains(&&name[..end]);
    (is_type && !is_named && !public_records::is_public(&name[..end])).then_some(&name[..end])
}

/// The name of a type of the other generated objects that a line imports, unless the name says that it is internal.
fn imported(line: &str) -> Option<&str> {
    let name = line.strip_prefix("import io.keysecure.internal.ffi.")?;
    let is_named = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    (name.chars().all(is_part) && !is_named && !public_records::is_public(name)).then_some(name)
}

fn push_renamed(text: &mut String, code: &str, names: &HashMap<&str, String>) {
    let mut rest = code;
    while let Some(start) = rest.find(is_part) {
        let length = rest[start..].find(|letter| !is_part(letter)).unwrap_or(rest.len() - start);
        let word = &rest[start..start + length];
        text.push_str(&rest[..start]);
        text.push_str(names.get(word).map_or(word, String::as_str));
        rest = &rest[start + length..];
    }
    text.push_str(rest);
}

fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::{declared, imported};

    #[test]
    fn only_types_without_a_telling_name_are_renamed() {
        let cases = [
            ("internal open class Client: Disposable, AutoCloseable, ClientInterface", Some("Client")),
            ("internal interface Transport {", Some("Transport")),
            ("internal data class Header (", None),
            ("internal object FfiConverterTypeClient: FfiConverter<Client, Long> {", None),
            ("internal fun `maskedText`(`text`: kotlin.String): kotlin.String", None),
            ("internal class UniffiCall {", None),
            ("internal inline fun<reified T> read(", None),
            ("private class Client", None),
        ];
        for (line, expected) in cases {
            assert_eq!(declared(line), expected, "{line}");
        }
    }

    #[test]
    fn a_type_of_the_other_objects_has_the_name_that_it_has_there() {
        assert_eq!(imported("import io.keysecure.internal.ffi.Client"), Some("Client"));
        for line in [
            "import io.keysecure.internal.ffi.FfiConverterTypeClient",
            "import io.keysecure.internal.ffi.RustBuffer as RustBufferClient",
            "import io.keysecure.model.Event",
        ] {
            assert_eq!(imported(line), None, "{line}");
        }
    }
}
