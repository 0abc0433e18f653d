//! The library and the program in the jars, on an old C library.

use super::manylinux::{self, DEBIAN_11};
use super::report::Report;
use super::roots::{self, BULLSEYE, Root};
use crate::{bindings, run, ship};

/// What the jars contain for x86-64 Linux.
pub fn x86_64(report: &mut Report) -> Result<(), String> {
    let folder = roots::target_file(report.name, "libraries");
    let library = folder.join(bindings::library("keysecure_ffi"));
    let program = folder.join("keysecure-sandbox");
    report.command("cargo xtask package kotlin");
    if !ship::jvm_library(&library) || !ship::jar_program(&program) {
        return Err("the library or the program was not built".into());
    }
    let old = Root::new(&BULLSEYE, report)?.mount(&manylinux::old_python()?, "/opt/python");
    for file in [&library, &program] {
        report.built(None, file)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let symbols = run::output(run::command("objdump").arg("-T").arg(file)).unwrap_or_default();
        let version = highest_glibc(&symbols);
        report.check(format!("{name} needs glibc {}.{}", version.0, version.1), (1, 0) < version && version <= (2, 17));
        manylinux::finds_all(report, &old, &name, &DEBIAN_11)?;
    }
    // As the JVM does it.
    let load = format!(
        "LD_LIBRARY_PATH=/opt/python /opt/python/bin/python3.11 -c \"import ctypes; ctypes.CDLL('{}/libraries/{}')\"",
        old.target(),
        bindings::library("keysecure_ffi")
    );
    report.check("the library is loaded on Debian 11", run::passes(&mut old.command(&load)?));
    let start = format!("{}/libraries/keysecure-sandbox serve --help >/dev/null", old.target());
    report.check("the program starts on Debian 11", run::passes(&mut old.command(&start)?));
    report.left_out("a JVM on Debian 11", "the Kotlin tests run on Debian 12 with a library of the same sources");
    Ok(())
}

/// The highest version of glibc in the output of `objdump -T`, or zeros.
fn highest_glibc(symbols: &str) -> (u32, u32) {
    let versions = symbols.split("GLIBC_").skip(1).filter_map(|rest| {
        let mut parts = rest.split(|letter: char| !letter.is_ascii_digit());
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    });
    versions.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::highest_glibc;

    #[test]
    fn versions_are_compared_as_numbers() {
        let symbols =
            "0 DF *UND* 0 (GLIBC_2.2.5) free\n0 DF *UND* 0 (GLIBC_2.17) clock_gettime\n0 DF *UND* 0 GLIBC_2.9 x\n";
        assert_eq!(highest_glibc(symbols), (2, 17));
        assert_eq!(highest_glibc("0000 g DF .text 10 Base keysecure"), (0, 0));
    }
}
