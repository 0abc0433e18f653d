//! `cargo xtask package swift`: the static library of the Swift package, in a folder that `swift build` finds by
//! `PKG_CONFIG_PATH`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::{bindings, licences, run, ship, swift_consumers, swift_module};

/// The libraries of the system that Rust's standard library needs.
const SYSTEM_LIBRARIES: &str = if cfg!(target_os = "macos") {
    "-framework Security -framework CoreFoundation -liconv -lSystem -lc -lm"
} else {
    "-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc"
};

/// Installs the library, and builds the consumers with it unless `skips_consumers`.
pub fn run(prefix: Option<&Path>, skips_consumers: bool) -> bool {
    let default = run::target_dir().join("swift-prefix");
    let prefix = prefix.map_or(default, absolute);
    if !install(&prefix) {
        return false;
    }
    println!("\ninstalled; `swift build` finds it with PKG_CONFIG_PATH={}", prefix.join("lib/pkgconfig").display());
    skips_consumers || swift_consumers::run(&prefix)
}

fn install(prefix: &Path) -> bool {
    let licences = prefix.join("share/licenses/keysecure");
    bindings::make().is_some()
        && ship::build_static(None, &[], &prefix.join("lib/libkeysecure_ffi.a"))
        && swift_module::copy_to(&prefix.join("include"))
        && write_pc(&prefix.join("lib/pkgconfig"), &pc("${pcfiledir}/..", SYSTEM_LIBRARIES))
        && licences::write("keysecure-ffi", licences::SWIFT, &licences)
        && licences::copy_own(&licences)
}

/// Writes the pkg-config file of a dynamic library in the folder `library`, which is a path for `swift`.
pub fn dynamic_pc(library: &Path, to: &Path) -> bool {
    write_pc(to, &pc(&library.to_string_lossy(), ""))
}

fn write_pc(folder: &Path, text: &str) -> bool {
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(folder.join("keysecure_ffi.pc"), text));
    written.map_err(|error: io::Error| eprintln!("{}: {error}", folder.display())).is_ok()
}

/// The pkg-config file. Its folders are relative to it, so that the whole prefix can be moved or copied into a container.
///
/// `Libs` and not `Libs.private`: `swift build` never asks for the static form.
fn pc(library: &str, system: &str) -> String {
    let text = format!(
        "libdir={library}\n\nName: keysecure_ffi\nDescription: The KeySecure client for Swift\nVersion: {}\nLibs: -L${{libdir}} -lkeysecure_ffi {system}",
        env!("CARGO_PKG_VERSION")
    );
    text.trim_end().to_owned() + "\n"
}

fn absolute(folder: &Path) -> PathBuf {
    std::env::current_dir().map_or_else(|_| folder.into(), |current| current.join(folder))
}

#[cfg(test)]
mod tests {
    use super::pc;

    #[test]
    fn the_pkg_config_file_names_folders_relative_to_it() {
        let text = pc("${pcfiledir}/..", "-lm");
        assert!(text.starts_with("libdir=${pcfiledir}/..\n"), "{text}");
        assert!(text.ends_with("\nLibs: -L${libdir} -lkeysecure_ffi -lm\n"), "{text}");
    }
}
