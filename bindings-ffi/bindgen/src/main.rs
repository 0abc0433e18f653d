//! Generates the foreign code of a built library: `keysecure-bindgen LIBRARY CONFIG OUT LANGUAGE...`, into `OUT/LANGUAGE`.

mod kotlin;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [library, config, out, languages @ ..] = args.as_slice() else {
        eprintln!("usage: keysecure-bindgen LIBRARY CONFIG OUT LANGUAGE...");
        return ExitCode::from(2);
    };
    for name in languages {
        let language = match name.as_str() {
            "kotlin" => TargetLanguage::Kotlin,
            "swift" => TargetLanguage::Swift,
            other => {
                eprintln!("{other} is neither kotlin nor swift");
                return ExitCode::from(2);
            }
        };
        let made = generate(GenerateOptions {
            languages: vec![language],
            source: library.into(),
            out_dir: format!("{out}/{name}").into(),
            config_override: Some(config.into()),
            ..GenerateOptions::default()
        });
        if let Err(error) = made {
            eprintln!("{error:?}");
            return ExitCode::FAILURE;
        }
        if name == "kotlin"
            && let Err(error) = kotlin::amend(&Path::new(out).join(name))
        {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
