//! Changes to the code that UniFFI generates, where neither its configuration nor its metadata can make them.
//!
//! Each patch is a file of its own. It says which upstream issue it waits for, and `golden/` shows a piece of code before and
//! after it. Code of another form than a patch expects is an error, so that a new version of UniFFI cannot lose a patch
//! silently. Why each one is here: `docs/adr/0005-patched-uniffi-output.md`.

mod kotlin_daemon_threads;
mod kotlin_direct_calls;
mod kotlin_handles;
mod kotlin_names;
mod kotlin_open_enums;
mod kotlin_records;
mod kotlin_visibility;
mod swift_callback_errors;
mod swift_cancelled;
mod swift_claims;
mod swift_debug_text;
mod swift_error_cases;
mod swift_integers;
mod swift_internal;
mod swift_names;
mod swift_properties;
mod swift_reader;
mod swift_records;
mod swift_times;

use crate::Result;
use crate::interface::Interface;

pub use swift_names::{member, renamed, word_replaced};

/// The package of the generated models.
const MODEL_PACKAGE: &str = "package io.keysecure.model\n";

/// The packages of the generated objects: those of all libraries, and those of the relay server.
const FFI_PACKAGES: [&str; 2] = ["package io.keysecure.internal.ffi\n", "package io.keysecure.internal.relay\n"];

/// Whether a file is one of the generated objects.
fn is_of_objects(kotlin: &str) -> bool {
    FFI_PACKAGES.iter().any(|package| kotlin.contains(package))
}

/// Takes the text of a generated file and gives it changed.
type Patch = fn(&str, &Interface) -> Result<String>;

/// Those of the generated Kotlin, in their order: names come last, because the others use UniFFI's.
const KOTLIN: [(&str, Patch); 7] = [
    ("kotlin_direct_calls", kotlin_direct_calls::patch),
    ("kotlin_handles", kotlin_handles::patch),
    ("kotlin_daemon_threads", kotlin_daemon_threads::patch),
    ("kotlin_records", kotlin_records::patch),
    ("kotlin_open_enums", kotlin_open_enums::patch),
    ("kotlin_visibility", kotlin_visibility::patch),
    ("kotlin_names", kotlin_names::patch),
];

/// Those of the generated Swift, in their order: names come last, because the others use UniFFI's.
const SWIFT: [(&str, Patch); 12] = [
    ("swift_reader", swift_reader::patch),
    ("swift_times", swift_times::patch),
    ("swift_debug_text", swift_debug_text::patch),
    ("swift_callback_errors", swift_callback_errors::patch),
    ("swift_error_cases", swift_error_cases::patch),
    ("swift_cancelled", swift_cancelled::patch),
    ("swift_claims", swift_claims::patch),
    ("swift_records", swift_records::patch),
    ("swift_properties", swift_properties::patch),
    ("swift_internal", swift_internal::patch),
    ("swift_integers", swift_integers::patch),
    ("swift_names", swift_names::patch),
];

/// A generated Kotlin file with all patches.
pub fn kotlin(text: &str, interface: &Interface) -> Result<String> {
    apply(&KOTLIN, text, interface)
}

/// A generated Swift file with all patches.
pub fn swift(text: &str, interface: &Interface) -> Result<String> {
    apply(&SWIFT, text, interface)
}

fn apply(patches: &[(&str, Patch)], text: &str, interface: &Interface) -> Result<String> {
    patches.iter().try_fold(text.to_owned(), |text, (name, patch)| {
        patch(&text, interface).map_err(|error| format!("the patch {name}: {error}").into())
    })
}

/// Replaces a text that must be there exactly `count` times.
fn replace(text: &str, count: usize, old: &str, new: &str) -> Result<String> {
    let found = text.matches(old).count();
    if found == count {
        Ok(text.replace(old, new))
    } else {
        Err(format!("UniFFI generates {found} times instead of {count} times {old:?}").into())
    }
}

/// Replaces every section from `start` to `end`, both included, of which there must be one at least.
fn replace_sections(text: &str, start: &str, end: &str, new: impl Fn(&str) -> String) -> Result<String> {
    let missing = |what: &str| format!("UniFFI generates no {what:?}");
    let (mut done, mut rest) = (String::new(), text);
    while let Some(place) = rest.find(start) {
        let length = rest[place..].find(end).ok_or_else(|| missing(end))? + end.len();
        done.push_str(&rest[..place]);
        done.push_str(&new(&rest[place..place + length]));
        rest = &rest[place + length..];
    }
    if done.is_empty() && rest == text { Err(missing(start).into()) } else { Ok(done + rest) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{KOTLIN, SWIFT, replace, replace_sections};
    use crate::interface::Interface;

    /// With one of everything that a patch reads in the metadata.
    fn interface() -> Interface {
        Interface::from_udl(
            "namespace keysecure {
                [Throws=TransportFailure] void send();
                CardStatus card_status_from_text(string text);
                [Throws=TransportFailure] Fee fee_from_json(string text);
            };
            [Enum] interface CardStatus {
                /// Frozen. It can be unfrozen.
                Frozen();
                /// A value that this version does not know.
                Unknown(string raw);
            };
            dictionary Fee {
                /// The amount of the fee.
                string amount;
                string? detail;
                i32 count = 0;
            };
            dictionary CardOptions { Cards? cards = null; };
            interface Cards { string get(string card_no); };
            [Error] interface TransportFailure { Failed(boolean sent); TooLate(); };",
        )
    }

    /// Run with `KEYSECURE_UPDATE_GOLDEN=1` to write what the patches make now.
    #[test]
    fn each_patch_changes_code_as_its_golden_files_show() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/patches/golden");
        let update = std::env::var_os("KEYSECURE_UPDATE_GOLDEN").is_some();
        let kotlin = KOTLIN.iter().map(|patch| (patch, "kt"));
        for ((name, patch), extension) in kotlin.chain(SWIFT.iter().map(|patch| (patch, "swift"))) {
            let before = fs::read_to_string(folder.join(format!("{name}.before.{extension}"))).expect(name);
            let patched = patch(&before, &interface()).expect(name);
            let after = folder.join(format!("{name}.after.{extension}"));
            if update {
                fs::write(&after, &patched).expect(name);
            }
            assert_eq!(patched, fs::read_to_string(after).expect(name), "{name}");
        }
    }

    #[test]
    fn each_patch_refuses_code_of_another_form() {
        for (name, patch) in KOTLIN.iter().chain(&SWIFT) {
            assert!(patch("", &interface()).is_err(), "{name}");
        }
    }

    #[test]
    fn a_text_is_replaced_only_where_it_is_expected() {
        assert_eq!(replace("a b a", 2, "a", "c").unwrap(), "c b c");
        assert!(replace("a b a", 1, "a", "c").is_err());
    }

    #[test]
    fn sections_are_replaced_and_a_missing_one_is_an_error() {
        let twice = replace_sections("a <1> b <2> c", "<", ">", |found| found.replace(['<', '>'], "|"));
        assert_eq!(twice.unwrap(), "a |1| b |2| c");
        assert!(replace_sections("a b", "<", ">", str::to_owned).is_err());
        assert!(replace_sections("a <b", "<", ">", str::to_owned).is_err());
    }
}
