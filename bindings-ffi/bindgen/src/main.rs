//! Generates Kotlin and Swift of built libraries: `keysecure-bindgen JVM-LIBRARY SWIFT-LIBRARY CONFIG KOTLIN SWIFT`.
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
usage: keysecure-bindgen JVM-LIBRARY SWIFT-LIBRARY CONFIG KOTLIN SWIFT

  JVM-LIBRARY    the built library of the JVM, with its symbols, which hold the metadata
  SWIFT-LIBRARY  that of Swift, which has no relay server
  CONFIG         uniffi.toml, the global configuration of UniFFI
  KOTLIN         the source folder of the generated Kotlin, which is emptied first
  SWIFT          the `Sources` of the Swift package; only its `Generated` folders are written
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [jvm, swift_library, config, kotlin, swift] = args.as_slice() else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    match run([jvm, swift_library], config, Path::new(kotlin), Path::new(swift)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

fn run(libraries: [&str; 2], config: &str, kotlin: &Path, swift: &Path) -> Result<()> {
    let [jvm, of_swift] = libraries.map(|library| GenerateOptions {
        source: library.into(),
        config_override: Some(config.into()),
        ..GenerateOptions::default()
    });
    kotlin::generate(&Interface::load(&jvm)?, &jvm, kotlin)?;
    swift::generate(&Interface::load(&of_swift)?, &of_swift, swift)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{env, fs, process};

    use super::run;

    /// Holds one of everything that a patch or a generator needs.
    const UDL: &str = r#"
        namespace keysecure {
            CardStatus card_status_from_text(string text);
            [Throws=FfiError] void send(Sender sender);
        };
        [Enum] interface CardStatus { Frozen(); Unknown(string raw); };
        enum Method { "Get" };
        enum Outcome { "NotSent", "Unknown" };
        enum ErrorKind { "Config", "Api" };
        dictionary ErrorDetails { string text; ErrorKind kind; Outcome outcome; i64? code = null; };
        [Error] interface FfiError { Failed(ErrorDetails details); };
        [Traits=(Debug)] dictionary Card { CardStatus status; timestamp applied; duration age; Method method; };
        [Trait, WithForeign] interface Sender { [Throws=FfiError] Card send(Card card); };
        interface Client { Cards cards(); };
        interface Cards { [Throws=FfiError] Card get(string card_no); };
    "#;

    /// All generated Kotlin and all generated Swift of an interface.
    fn generated(name: &str, udl: &str) -> (String, String) {
        let folder = env::temp_dir().join(format!("keysecure-bindgen-{name}-{}", process::id()));
        let source = folder.join("src/keysecure.udl");
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("Cargo.toml"), "[package]\nname = \"keysecure\"\n").unwrap();
        fs::write(&source, udl).unwrap();
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../uniffi.toml");
        let (kotlin, swift) = (folder.join("kotlin"), folder.join("swift"));
        run([source.to_str().unwrap(); 2], config.to_str().unwrap(), &kotlin, &swift).unwrap();
        let all = |folder: &Path, extension| -> String {
            let files = crate::output::files(folder, extension).unwrap();
            files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
        };
        let texts = (all(&kotlin, "kt"), all(&swift, "swift"));
        fs::remove_dir_all(folder).unwrap();
        texts
    }

    #[test]
    fn a_new_value_of_an_open_enum_reaches_both_languages() {
        let (kotlin, swift) = generated("enum", &UDL.replace("Frozen();", "Frozen(); UnderReview();"));
        assert!(kotlin.contains("object UnderReview : CardStatus()"), "{kotlin}");
        assert!(swift.contains("case underReview"), "{swift}");
    }

    #[test]
    fn a_new_error_kind_reaches_both_languages() {
        let (kotlin, swift) = generated("kind", &UDL.replace("\"Api\"", "\"Api\", \"QuotaExceeded\""));
        assert!(kotlin.contains("ErrorKind.QUOTA_EXCEEDED -> KeySecureException.QuotaExceeded(details)"), "{kotlin}");
        assert!(swift.contains("case quotaExceeded"), "{swift}");
    }
}
