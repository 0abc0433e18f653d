//! The generated files of the Kotlin library.

mod exceptions;
mod open_enums;
pub mod public_records;
mod serializers;
pub mod types;

use std::fs;
use std::path::Path;

use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage};

use crate::interface::Interface;
use crate::output::{NOTICE, files, run_uniffi, write};
use crate::{Result, documentation, patches};

/// The folder of the public package below the source folder.
const PUBLIC: &str = "io/keysecure";

/// The file of the objects below it.
const OBJECTS: &str = "internal/ffi/keysecure_ffi.kt";

/// Writes the generated sources. What was there before goes, so that no class of an older interface stays.
pub fn generate(interface: &Interface, options: &GenerateOptions, sources: &Path) -> Result<()> {
    if sources.exists() {
        fs::remove_dir_all(sources)?;
    }
    run_uniffi(options, TargetLanguage::Kotlin, sources)?;
    for file in files(sources, "kt")? {
        let patched = documentation::in_comments(&patches::kotlin(&fs::read_to_string(&file)?, interface)?);
        write(&file, &patched)?;
    }
    let public = sources.join(PUBLIC);
    let objects = public.join(OBJECTS);
    if objects.exists() {
        let (rest, records) = public_records::moved(&fs::read_to_string(&objects)?)?;
        write(&objects, &rest)?;
        write(&public.join("Records.kt"), &format!("{NOTICE}{records}"))?;
        write(&public.join("ffi/FormerNames.kt"), &format!("{NOTICE}{}", public_records::former_names()))?;
    }
    write(&public.join("KeySecureException.kt"), &format!("{NOTICE}{}", exceptions::classes(interface)?))?;
    let serializers = format!("{NOTICE}{}", serializers::module(interface)?);
    write(&public.join("json/SerializersModule.kt"), &serializers)?;
    write(&public.join("OpenEnums.kt"), &format!("{NOTICE}{}", open_enums::functions(interface)?))
}
