//! The C module of the library: its headers and their module map, in a folder of the module's name.

use std::path::Path;
use std::{fs, io};

use crate::run;
use crate::swift_toolchain::Toolchain;

/// The name of the module, and of its folder.
pub const NAME: &str = "KeySecureFFI";

/// Copies the generated headers into the folder of the module in `include`. `false` after a failure, which is printed.
pub fn copy_to(include: &Path) -> bool {
    let generated = run::root().join("bindings-swift/Sources/KeySecureFFI/Generated");
    copy(&generated, include).map_err(|error| eprintln!("{}: {error}", include.display())).is_ok()
}

/// Copies the headers and writes a separate module map: that of the package names the library, which the copy does not.
///
/// A module map in `include` itself would be overwritten by the one of any other library there, as in the headers of two
/// `XCFramework`s; compilers also search the folders in it.
fn copy(headers: &Path, include: &Path) -> io::Result<()> {
    let folder = include.join(NAME);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut names = Vec::new();
    for entry in fs::read_dir(headers)? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let lines: Vec<_> = names.iter().map(|name| format!("    header \"{name}\"\n")).collect();
    fs::write(folder.join("module.modulemap"), format!("module {NAME} {{\n{}    export *\n}}\n", lines.concat()))
}

/// Whether Swift finds the module and that of another library in one folder, as Xcode merges the headers of two
/// `XCFramework`s. Prints a failure.
pub fn is_found_beside_another(toolchain: &Toolchain) -> bool {
    let folder = run::target_dir().join(INCLUDE);
    let other = write_other(&folder).map_err(|error| eprintln!("{}: {error}", folder.display())).is_ok();
    let folder = toolchain.target().join(INCLUDE);
    let paths = [folder.clone(), folder.join("both.swift")].map(|path| path.to_string_lossy().into_owned());
    let arguments: Vec<String> = ["-typecheck".into(), "-I".into()].into_iter().chain(paths).collect();
    other
        && copy_to(&run::target_dir().join(INCLUDE))
        && run::passes(&mut toolchain.run("swiftc", &[], &arguments, &[]))
}

/// The folder with both modules, in cargo's target folder.
const INCLUDE: &str = "swift-include";

fn write_other(include: &Path) -> io::Result<()> {
    let folder = include.join("OtherFFI");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("Other.h"), "int other(void);\n")?;
    fs::write(folder.join("module.modulemap"), "module OtherFFI { header \"Other.h\" }\n")?;
    fs::write(include.join("both.swift"), "import KeySecureFFI\nimport OtherFFI\nlet both = (RustBuffer(), other())\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::copy;
    use crate::run;

    #[test]
    fn headers_and_module_map_are_in_a_folder_of_the_modules_name() {
        let folder = run::target_dir().join("swift-module-test");
        let (headers, include) = (folder.join("headers"), folder.join("include"));
        fs::create_dir_all(&headers).unwrap();
        fs::create_dir_all(include.join("KeySecureFFI")).unwrap();
        fs::write(include.join("KeySecureFFI/Old.h"), "").unwrap();
        for name in ["B.h", "A.h"] {
            fs::write(headers.join(name), "void f(void);").unwrap();
        }
        copy(&headers, &include).unwrap();
        let map = fs::read_to_string(include.join("KeySecureFFI/module.modulemap")).unwrap();
        assert_eq!(map, "module KeySecureFFI {\n    header \"A.h\"\n    header \"B.h\"\n    export *\n}\n");
        assert_eq!(fs::read_dir(&include).unwrap().count(), 1);
        assert_eq!(fs::read_dir(include.join("KeySecureFFI")).unwrap().count(), 3);
        fs::remove_dir_all(folder).unwrap();
    }
}
