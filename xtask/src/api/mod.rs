//! The public interface of each language as text in `api/`: a change of it is a change of a file there, which a review sees.
//!
//! `cargo xtask api` writes the files. `cargo xtask check api` compares those of Rust and Python; those of Kotlin and Swift need a
//! build, and the tests of these languages compare them.

mod kotlin;
mod rust;
mod rust_types;
mod swift;

use std::fs;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::run;
use crate::swift_toolchain::Toolchain;

/// A language with a file in `api/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    Rust,
    Python,
    /// Kotlin and Java
    Kotlin,
    Swift,
}

/// The number of differences that a failure names.
const MAX_SHOWN: usize = 30;

impl Language {
    const ALL: [Self; 4] = [Self::Rust, Self::Python, Self::Kotlin, Self::Swift];

    const fn file(self) -> &'static str {
        match self {
            Self::Rust => "api/rust.txt",
            Self::Python => "api/python.txt",
            Self::Kotlin => "api/kotlin.txt",
            Self::Swift => "api/swift.txt",
        }
    }
}

/// Writes the files of these languages, or of all if there are none. `builds` builds what is read.
pub fn write(languages: &[Language], builds: impl Fn(Language) -> bool) -> bool {
    let all = if languages.is_empty() { &Language::ALL[..] } else { languages };
    all.iter().all(|language| {
        if !builds(*language) {
            return false;
        }
        let text = match language {
            Language::Rust => rust::read(),
            Language::Python => python(),
            Language::Kotlin => kotlin::read(),
            Language::Swift => Toolchain::find().ok().and_then(|toolchain| swift::read(&toolchain)),
        };
        let Some(text) = text else {
            eprintln!("{}: not written", language.file());
            return false;
        };
        let written = fs::create_dir_all(run::root().join("api"))
            .and_then(|()| fs::write(path(*language), &text))
            .map_err(|error| eprintln!("{}: {error}", language.file()));
        println!("{}: {} items", language.file(), text.lines().count());
        written.is_ok()
    })
}

/// Compares the interfaces that need no build with their files.
pub fn check() -> bool {
    let rust = is_same(Language::Rust, rust::read());
    is_same(Language::Python, python()) && rust
}

/// Compares the interface of the classes that Maven has just compiled.
pub fn kotlin_is_same() -> bool {
    is_same(Language::Kotlin, kotlin::read())
}

/// Compares the interface of the Swift module that has just been built.
pub fn swift_is_same(toolchain: &Toolchain) -> bool {
    is_same(Language::Swift, swift::read(toolchain))
}

fn path(language: Language) -> PathBuf {
    run::root().join(language.file())
}

fn python() -> Option<String> {
    run::output(run::command("python3").arg("bindings-python/api.py"))
}

/// Whether the file has this text. Prints what is new and what is gone.
fn is_same(language: Language, found: Option<String>) -> bool {
    let file = language.file();
    let Some(found) = found else {
        eprintln!("{file}: the interface cannot be read: see above");
        return false;
    };
    let expected = fs::read_to_string(path(language)).unwrap_or_default();
    let differences = differences(&expected, &found);
    if differences.is_empty() {
        return true;
    }
    let name = format!("{language:?}").to_lowercase();
    eprintln!(
        "{file} is not the public interface. If the change is meant, run `cargo xtask api {name}` and commit it:"
    );
    for line in differences.iter().take(MAX_SHOWN) {
        eprintln!("{line}");
    }
    if let Some(more) = differences.len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
        eprintln!("and {more} more");
    }
    false
}

/// Lines that only one text has, with `-` for the first and `+` for the second.
fn differences(one: &str, other: &str) -> Vec<String> {
    let lacks = |text: &str, line: &str| !text.lines().any(|other| other == line);
    let gone = one.lines().filter(|line| lacks(other, line)).map(|line| format!("- {line}"));
    let new = other.lines().filter(|line| lacks(one, line)).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn items_that_are_gone_or_new_are_named() {
        assert_eq!(differences("a\nb\n", "b\nc\n"), ["- a", "+ c"]);
        assert!(differences("a\nb\n", "a\nb\n").is_empty());
    }
}
