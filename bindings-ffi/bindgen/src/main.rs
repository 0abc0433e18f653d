//! Generates the Kotlin and the Swift of a built library: `keysecure-bindgen LIBRARY CONFIG KOTLIN SWIFT`.
//!
//! UniFFI's own generators write most of it. Their text is patched where it has to be (`patches`), and what UniFFI does not
//! generate is made from the same metadata (`kotlin`, `swift`).

mod documentation;
mod interface;
mod kotlin;
mod output;
mod patches;
mod swift;

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use uniffi_bindgen::bindings::GenerateOptions;

use crate::interface::Interface;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "\
usage: keysecure-bindgen LIBRARY CONFIG KOTLIN SWIFT

  LIBRARY  the built library with its symbols, which hold the metadata
  CONFIG   uniffi.toml, the global configuration of UniFFI
  KOTLIN   the source folder of the generated Kotlin, which is emptied first
  SWIFT    the `Sources` of the Swift package; only its `Generated` folders are written
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [library, config, kotlin, swift] = args.as_slice() else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(library, config, Path::new(kotlin), Path::new(swift)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

fn run(library: &str, config: &str, kotlin: &Path, swift: &Path) -> Result<()> {
    let options =
        GenerateOptions { source: library.into(), config_override: Some(config.into()), ..GenerateOptions::default() };
    let interface = Interface::load(&options)?;
    kotlin::generate(&interface, &options, kotlin)?;
    swift::generate(&interface, &options, swift)
}
