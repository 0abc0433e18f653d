//! Linker options of the release library.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::{bindings, run, venv};

/// Pages of 16 KB, which Android requires; harmless elsewhere.
const ALIGNED: &str = "-Clink-arg=-Wl,-z,max-page-size=16384,-z,common-page-size=16384";

/// Keeps functions with identical code only once, which requires LLVM's linker.
const FOLDED: &str = "-Clink-arg=-Wl,--icf=all";

/// Hides also names that a library does not have: those of a feature that it is built without.
const SOME_ABSENT: &str = "-Clink-arg=-Wl,--undefined-version";

/// The options of `rustc` for an ELF library. `None` after a failure, which is printed.
pub fn arguments(linker: Linker) -> Option<Vec<String>> {
    let mut arguments = vec![ALIGNED.to_owned()];
    if matches!(linker, Linker::Llvm) {
        arguments.extend([FOLDED.to_owned(), SOME_ABSENT.to_owned(), hide_metadata()?]);
    }
    Some(arguments)
}

/// The linker in use.
#[derive(Clone, Copy)]
pub enum Linker {
    /// LLVM's, as in the NDK.
    Llvm,
    /// Unknown.
    Any,
}

impl Linker {
    /// The linker of this machine: on x86-64 Linux, Rust includes LLVM's.
    pub const fn here() -> Self {
        if cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) { Self::Llvm } else { Self::Any }
    }
}

/// The options of `rustc` with which a file for x86-64 Linux needs no more than glibc 2.17; none on another system. `None`
/// after a failure, which is printed.
pub fn for_old_glibc() -> Option<Vec<String>> {
    if !matches!(Linker::here(), Linker::Llvm) {
        return Some(Vec::new());
    }
    let folder = run::target_dir().join("glibc-2.17");
    let python = venv::release_tools()?.path().join("bin/python");
    let made = run::passes(run::command("sh").arg("xtask/src/old_glibc.sh").arg(&folder).arg(python));
    // The compiler's own library on this machine refers to a later glibc; that of the other machine does not.
    made.then(|| vec![format!("-Lnative={}", folder.display()), "-Clink-arg=-Wl,--allow-shlib-undefined".into()])
}

/// UniFFI exports metadata on the whole interface, with its documentation, from every library. Only the generator reads
/// it, from a debug build. Here it is not exported, and so the linker drops 94 KB.
fn hide_metadata() -> Option<String> {
    if !run::passes(&mut run::cargo("build -p keysecure-ffi")) {
        return None;
    }
    let library = run::target_dir().join("debug").join(bindings::library("keysecure_ffi"));
    // Not `-D`: a Mac, where an AAR may be built, has no table of dynamic symbols.
    let symbols = run::output(run::command("nm").args(["-g", "--defined-only"]).arg(library))?;
    let script = run::target_dir().join("hidden-metadata.list");
    write(&script, &local(&symbols)).then(|| format!("-Clink-arg=-Wl,--version-script={}", script.display()))
}

fn write(file: &Path, text: &str) -> bool {
    fs::write(file, text).map_err(|error| eprintln!("{}: {error}", file.display())).is_ok()
}

/// A version script in addition to that of `rustc`, which exports each name. Names win over patterns, and `local` over
/// `global`.
fn local(symbols: &str) -> String {
    let names = symbols.lines().filter_map(|line| line.split_whitespace().last());
    // A Mac puts `_` before each name.
    let names = names.map(|name| name.strip_prefix('_').unwrap_or(name));
    let mut script = String::from("{ local:\n");
    for name in names.filter(|name| name.starts_with("UNIFFI_META_")) {
        let _ = writeln!(script, "{name};");
    }
    script + "};\n"
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn metadata_is_local_and_functions_stay_exported() {
        let symbols =
            "000000000008c93d T ffi_keysecure_rustbuffer_free\n0000000000010000 R UNIFFI_META_KEYSECURE_RECORD_CARD\n";
        let script = "{ local:\nUNIFFI_META_KEYSECURE_RECORD_CARD;\n};\n";
        assert_eq!(local(symbols), script);
        let of_a_mac = symbols.replace("T ffi", "T _ffi").replace("R UNIFFI", "S _UNIFFI");
        assert_eq!(local(&of_a_mac), script);
    }
}
