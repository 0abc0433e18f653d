//! The generated files of the Swift package.

mod calls;
mod models;
mod objects;
mod open_enums;
mod relay;
mod signature;
mod types;
mod words;

use std::fs;
use std::path::Path;

use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage};

use crate::interface::Interface;
use crate::output::{NOTICE, files, run_uniffi, write_only};
use crate::{Result, documentation, patches};

/// Writes the generated files into the package's `Sources`, and deletes those of an earlier generator.
pub fn generate(interface: &Interface, options: &GenerateOptions, sources: &Path) -> Result<()> {
    let code = sources.join("KeySecure/Generated");
    let headers = sources.join("KeySecureFFI/Generated");
    let unpatched = headers.join("unpatched");
    run_uniffi(options, TargetLanguage::Swift, &unpatched)?;
    let mut generated = Vec::new();
    for (extension, to) in [("h", &headers), ("swift", &code)] {
        for file in files(&unpatched, extension)? {
            let text = fs::read_to_string(&file)?;
            let text = if extension == "swift" {
                documentation::in_comments(&patches::swift(&text, interface)?)
            } else {
                text
            };
            generated.push((to.join(file.file_name().unwrap_or_default()), text));
        }
    }
    fs::remove_dir_all(unpatched)?;
    let words = words::Words::new(interface);
    generated.push((code.join("Calls.swift"), compiled(&objects::structs(interface)?)));
    generated.push((code.join("Enums.swift"), format!("{NOTICE}{}", open_enums::extensions(interface)?)));
    generated.push((code.join("Models.swift"), compiled(&models::extensions(interface)?)));
    for (path, text) in &mut generated {
        if path.extension().is_some_and(|extension| extension == "swift") {
            *text = words.in_comments(text);
        }
    }
    write_only(&[&code, &headers], &generated)
}

/// A file for compilers with typed throws and for those without. The flag lets a newer compiler check the second.
fn compiled(swift: &str) -> String {
    let untyped = swift.replace("throws(KeySecureError)", "throws");
    format!(
        "{NOTICE}\nimport Foundation\n\n#if compiler(>=6) && !KEYSECURE_UNTYPED_THROWS\n{swift}\n#else\n{untyped}\n#endif\n"
    )
}
