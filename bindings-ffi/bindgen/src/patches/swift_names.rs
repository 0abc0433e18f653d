//! Type names that `SwiftUI` or the Objective-C runtime has too, and acronyms in one case.
//!
//! UniFFI can rename types by its configuration, but 0.32.2 forgets fields of types of other crates, and errors of
//! constructors. Not reported upstream yet; renaming came with mozilla/uniffi-rs#2715.

use heck::ToLowerCamelCase as _;

use super::swift_internal::in_code;
use crate::Result;
use crate::interface::Interface;

/// The name in Rust and the one in Swift.
const NAMES: [(&str, &str); 18] = [
    ("AesSettings", "AESSettings"),
    ("Environment", "KeySecureEnvironment"),
    ("HttpRequest", "HTTPRequest"),
    ("HttpResponse", "HTTPResponse"),
    ("Json", "JSON"),
    ("Method", "HTTPMethod"),
    ("Pci", "PCI"),
    ("FfiPci", "FfiPCI"),
    ("allowPlainHttp", "allowPlainHTTP"),
    ("appId", "appID"),
    ("baseUrl", "baseURL"),
    ("caPem", "caPEM"),
    ("exposeCvv", "exposeCVV"),
    ("exposePan", "exposePAN"),
    ("leaseId", "leaseID"),
    ("lockId", "lockID"),
    ("maskedPan", "maskedPAN"),
    ("setPin", "setPIN"),
];

pub fn patch(swift: &str, _: &Interface) -> Result<String> {
    // In the prose of a comment, `Method` and `Environment` are English words.
    let text =
        in_code(swift, |code| NAMES.iter().fold(code.to_owned(), |code, (old, new)| word_replaced(&code, old, new)));
    if text == swift { Err("UniFFI generates none of the names".into()) } else { Ok(text) }
}

/// The name of a method, field or parameter in Swift.
pub fn member(name: &str) -> String {
    renamed(&name.to_lower_camel_case()).to_owned()
}

/// A name in Swift, which is that of UniFFI's Swift unless an acronym in it has mixed case.
pub fn renamed(name: &str) -> &str {
    NAMES.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new)
}

/// Replaces every use of a name as a whole word.
pub fn word_replaced(text: &str, old: &str, new: &str) -> String {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (mut done, mut rest) = (String::new(), text);
    while let Some(place) = rest.find(old) {
        let (before, after) = (&rest[..place], &rest[place + old.len()..]);
        let whole = !before.ends_with(part) && !after.starts_with(part);
        done.push_str(before);
        done.push_str(if whole { new } else { old });
        rest = after;
    }
    done + rest
}

#[cfg(test)]
mod tests {
    use super::word_replaced;

    #[test]
    fn only_whole_words_are_replaced() {
        let swift = "let a: Method? = Method.get // FfiConverterTypeMethod, Methods, a_Method";
        let expected = "let a: HTTPMethod? = HTTPMethod.get // FfiConverterTypeMethod, Methods, a_Method";
        assert_eq!(word_replaced(swift, "Method", "HTTPMethod"), expected);
    }
}
