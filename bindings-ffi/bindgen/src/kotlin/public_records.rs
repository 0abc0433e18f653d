//! The records of the objects' crate that callers see move to the public package; everything else there is internal.

use std::fmt::Write as _;

use crate::Result;

/// What a caller's own transport, store, observer or receiver gets and returns.
const PUBLIC: [&str; 10] = [
    "data class AttemptRecord (",
    "data class AttemptStart (",
    "data class CallRecord (",
    "data class Header (",
    "data class HttpRequest (",
    "data class HttpResponse (",
    "data class PastAttempt (",
    "data class SignatureMatch (",
    "data class StoredToken (",
    "sealed class Acquired {",
];

/// The visibility that the patches gave to all of the package.
const INTERNAL: &str = "internal ";

const HEAD: &str = "
package io.keysecure

import io.keysecure.internal.ffi.FfiConverterString
import io.keysecure.internal.ffi.UniffiLib
import io.keysecure.internal.ffi.uniffiRustCall
import io.keysecure.internal.ffi.FfiConverterTypeHeader
import io.keysecure.internal.ffi.FfiConverterTypeHttpRequest
import io.keysecure.internal.ffi.FfiConverterTypeHttpResponse
import io.keysecure.internal.ffi.FfiConverterTypeStoredToken
import io.keysecure.model.*
";

/// The end of a declaration: what follows is UniFFI's converter for it.
const END: &str = "\n/**\n * @suppress\n */";

/// Returns the code without the public records, and a file of the public package with them.
pub fn moved(code: &str) -> Result<(String, String)> {
    let (mut rest, mut public) = (code.to_owned(), HEAD.to_owned());
    let mut imports = String::new();
    for declaration in PUBLIC {
        let missing = || format!("UniFFI generates no `{declaration}`");
        let place = rest.find(&format!("\n{INTERNAL}{declaration}")).ok_or_else(missing)?;
        let start = rest[..place].rfind("\n/**").ok_or_else(missing)?;
        let end = place + rest[place..].find(END).ok_or_else(missing)?;
        public.push_str(&rest[start..end].replacen(INTERNAL, "", 1));
        rest.replace_range(start..end, "");
        let name = name(declaration);
        imports.extend(["import io.keysecure.", name, "\n"]);
    }
    let package = "package io.keysecure.internal.ffi\n";
    if !rest.contains(package) {
        return Err("UniFFI generates another package".into());
    }
    rest = rest.replacen("import com.sun.jna.Library\n", &format!("{imports}import com.sun.jna.Library\n"), 1);
    for name in PUBLIC.map(name) {
        for text in [&mut rest, &mut public] {
            *text = crate::patches::word_replaced(
                text,
                &format!("io.keysecure.internal.ffi.{name}"),
                &format!("io.keysecure.{name}"),
            );
        }
    }
    let call = "private inline fun <U> uniffiRustCall(";
    if rest.matches(call).count() != 1 {
        return Err("UniFFI generates another uniffiRustCall".into());
    }
    Ok((rest.replace(call, "internal inline fun <U> uniffiRustCall("), public))
}

/// The former names, for one version.
pub fn former_names() -> String {
    let mut text = String::from("\n@file:Suppress(\"DEPRECATION\")\n\npackage io.keysecure.ffi\n");
    for name in PUBLIC.map(name) {
        let replacement = format!("io.keysecure.{name}");
        let _ = writeln!(text, "\n@Deprecated(\"Moved\", ReplaceWith(\"{name}\", \"{replacement}\"))");
        let _ = writeln!(text, "public typealias {name} = {replacement}");
    }
    text
}

/// Whether a record moves to the public package.
pub fn is_public(name: &str) -> bool {
    PUBLIC.iter().any(|declaration| self::name(declaration) == name)
}

fn name(declaration: &str) -> &str {
    declaration.split(' ').nth(2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{former_names, moved};

    #[test]
    fn code_without_a_public_record_is_an_error() {
        assert!(moved("package io.keysecure.internal.ffi\n").unwrap_err().to_string().contains("AttemptRecord"));
    }

    #[test]
    fn the_former_names_are_deprecated_aliases() {
        let expected =
            "ReplaceWith(\"Header\", \"io.keysecure.Header\"))\npublic typealias Header = io.keysecure.Header\n";
        assert!(former_names().contains(expected));
    }
}
