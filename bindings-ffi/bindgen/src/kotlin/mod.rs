//! The generated files of the Kotlin library.

mod exceptions;
mod open_enums;

use std::fs;
use std::path::Path;

use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage};

use crate::interface::Interface;
use crate::output::{NOTICE, files, run_uniffi, write};
use crate::{Result, documentation, patches};

/// The folder of the public package below the source folder.
const PUBLIC: &str = "io/keysecure";

/// Writes the generated sources. What was there before goes, so that no class of an older interface stays.
pub fn generate(interface: &Interface, options: &GenerateOptions, sources: &Path) -> Result<()> {
    if sources.exists() {
        fs::remove_dir_all(sources)?;
    }
    run_uniffi(options, TargetLanguage::Kotlin, sources)?;
    for file in files(sources, "kt")? {
        let patched = patches::kotlin(&fs::read_to_string(&file)?, interface)?;
        write(&file, &documentation::in_comments(&patched))?;
    }
    let public = sources.join(PUBLIC);
    write(&public.join("KeySecureException.kt"), &format!("{NOTICE}{}", exceptions::classes(interface)?))?;
    write(&public.join("OpenEnums.kt"), &format!("{NOTICE}{}", open_enums::functions(interface)?))
}
