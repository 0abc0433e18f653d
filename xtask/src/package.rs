//! `cargo xtask package`: what is shipped. The jar is built and tested here; the AAR and the `XCFramework` are recipes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bindings::{self, Bindings};
use crate::link::{self, Linker};
use crate::table::{row, table};
use crate::{android, apple, kotlin, run, shipped};

/// The largest library that may go to a phone, stripped. There the library has no HTTP of its own: the phone's is used.
const BUDGET: u64 = 2_200_000;

/// The folders in which JNA looks for a library in a jar.
const SLOTS: [&str; 5] = ["linux-x86-64", "linux-aarch64", "darwin-x86-64", "darwin-aarch64", "win32-x86-64"];

pub fn run(arguments: &[String]) -> bool {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["jar"] => jar(),
        ["aar"] => android::aar(),
        ["xcframework"] => apple::xcframework(),
        ["size"] => sizes(),
        _ => {
            eprintln!("usage: cargo xtask package [jar | aar | xcframework | size]");
            false
        }
    }
}

/// The jar with this platform's library, tested with the very library that is in it.
fn jar() -> bool {
    let Some(slot) = slot() else {
        eprintln!("JNA has no folder for this system");
        return false;
    };
    // The order matters: the generator reads symbols, which the shipped library does not have.
    let Some(bindings) = bindings::make() else { return false };
    let natives = run::target_dir().join("natives");
    let library = natives.join(slot).join(bindings::library("keysecure_ffi"));
    if !run::passes(&mut run::cargo("build -p keysecure-sandbox")) || !ship(&[], &library) {
        return false;
    }
    // Found by its name, on the class path: as it will be found in the jar.
    let by_name = Bindings { library: PathBuf::from("keysecure_ffi"), folder: bindings.folder };
    let native = format!("-Dkeysecure.natives={}", natives.display());
    if !run::passes(&mut kotlin::maven(&by_name, &[native, "package".into()])) {
        return false;
    }
    println!("\nlibraries in {}:", run::target_dir().join("kotlin/keysecure-*.jar").display());
    for slot in SLOTS {
        let folder = natives.join(slot);
        let found = fs::read_dir(folder).ok().and_then(|mut entries| entries.next()).is_some();
        println!(
            "  {slot:<15} {}",
            if found { "there" } else { "empty: put the library built there into target/natives" }
        );
    }
    report(&[("with HTTP and TLS, for servers", &library, None)])
}

/// The library as it is shipped for servers.
pub fn shipped() -> Option<PathBuf> {
    let library = run::target_dir().join("sizes/whole");
    ship(&[], &library).then_some(library)
}

/// The library with and without its own HTTP.
fn sizes() -> bool {
    let slim = run::target_dir().join("sizes/slim");
    let Some(whole) = shipped() else { return false };
    ship(&shipped::FOR_PHONES, &slim)
        && report(&[
            ("with HTTP and TLS, for servers", &whole, None),
            ("with the platform's, for phones", &slim, Some(BUDGET)),
        ])
}

/// Builds the library as it is shipped, without the crate type `lib`, which would switch off optimisation across crates.
fn ship(options: &[&str], to: &Path) -> bool {
    let mut cargo = run::cargo("rustc -p keysecure-ffi --lib --crate-type cdylib --profile ship");
    cargo.args(options).env("RUSTFLAGS", shipped::flags());
    if cfg!(target_os = "linux") {
        let Some(arguments) = link::arguments(Linker::here()) else { return false };
        cargo.arg("--").args(arguments);
    }
    if !run::passes(&mut cargo) {
        return false;
    }
    let built = run::target_dir().join("ship").join(bindings::library("keysecure_ffi"));
    let copied = to.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok()) && fs::copy(&built, to).is_ok();
    let option = if cfg!(target_os = "macos") { "-x" } else { "--strip-unneeded" };
    copied && run::passes(run::command("strip").arg(option).arg(to)) && is_aligned(to)
}

fn report(libraries: &[(&str, &Path, Option<u64>)]) -> bool {
    let mut rows = vec![row!["library", "bytes", "budget", "verdict"]];
    let mut good = true;
    for (what, library, budget) in libraries {
        let size = fs::metadata(library).map_or(u64::MAX, |file| file.len());
        let verdict = match budget {
            Some(budget) if size > *budget => "over",
            Some(_) => "ok",
            None => "-",
        };
        good &= verdict != "over";
        rows.push(row![what, size, budget.map_or_else(|| "-".into(), |budget| budget.to_string()), verdict]);
    }
    print!("\n{}", table(&rows));
    good
}

/// Whether every segment that is loaded lies on a page of 16 KB. Nothing to say where there is no ELF.
pub fn is_aligned(library: &Path) -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let Some(headers) = run::output(run::command("readelf").arg("-lW").arg(library)) else {
        eprintln!("readelf is needed to look at {}", library.display());
        return false;
    };
    let smallest = alignments(&headers).min();
    let good = smallest.is_some_and(|alignment| alignment >= 0x4000);
    println!("{}: segments are aligned to {:#x}", library.display(), smallest.unwrap_or(0));
    good
}

/// The alignment of each loaded segment: the last word of its line.
fn alignments(headers: &str) -> impl Iterator<Item = u64> {
    let loads = headers.lines().map(str::trim).filter(|line| line.starts_with("LOAD"));
    loads.filter_map(|line| u64::from_str_radix(line.split_whitespace().last()?.trim_start_matches("0x"), 16).ok())
}

/// JNA's name of this platform.
fn slot() -> Option<&'static str> {
    let name = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x86-64",
        ("linux", "aarch64") => "linux-aarch64",
        ("macos", "x86_64") => "darwin-x86-64",
        ("macos", "aarch64") => "darwin-aarch64",
        ("windows", "x86_64") => "win32-x86-64",
        _ => return None,
    };
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::{SLOTS, alignments, slot};

    #[test]
    fn alignments_are_read_from_the_segments_that_are_loaded() {
        let headers = "\
  Type           Offset   VirtAddr           PhysAddr           FileSiz  MemSiz   Flg Align
  PHDR           0x000040 0x0000000000000040 0x0000000000000040 0x000268 0x000268 R   0x8
  LOAD           0x000000 0x0000000000000000 0x0000000000000000 0x03b1f4 0x03b1f4 R   0x4000
  LOAD           0x03c000 0x000000000003c000 0x000000000003c000 0x12f4b5 0x12f4b5 R E 0x1000
";
        assert_eq!(alignments(headers).collect::<Vec<_>>(), [0x4000, 0x1000]);
        assert_eq!(alignments("").min(), None);
    }

    #[test]
    fn this_platform_has_a_slot() {
        assert!(slot().is_none_or(|slot| SLOTS.contains(&slot)));
    }
}
