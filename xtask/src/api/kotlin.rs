//! The public classes of the Kotlin library with their members, as `javap` prints them: what compiled programs depend on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::{files, maven, run};

/// The package of the generated functions that call the library.
const INTERNAL: &str = "io/keysecure/internal/";

/// How the names of other generated classes begin that Kotlin declares `internal`.
const GENERATED: [&str; 4] = ["Ffi", "Uniffi", "RustBuffer", "ForeignBytes"];

/// The interface, one member a line. `None` after a failure, which is printed.
pub fn read() -> Option<String> {
    let folder = maven::build_dir().join("classes");
    let classes: Vec<PathBuf> =
        files::list(&folder).into_iter().filter(|file| is_public(file)).map(|file| folder.join(file)).collect();
    if classes.is_empty() {
        eprintln!("{} has no classes", folder.display());
        return None;
    }
    let printed = run::output(run::command("javap").arg("-protected").args(&classes))?;
    Some(lines(&printed).into_iter().map(|line| line + "\n").collect())
}

/// Whether a file is a class with a name that callers can write.
fn is_public(file: &str) -> bool {
    let name = Path::new(file).file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_anonymous = name.split('$').skip(1).any(|part| part.starts_with(|first: char| first.is_ascii_digit()));
    Path::new(file).extension().is_some_and(|end| end == "class")
        && file.starts_with("io/keysecure/")
        && !file.starts_with(INTERNAL)
        && !is_anonymous
        && !GENERATED.iter().any(|start| name.starts_with(start))
}

/// The members with their classes, sorted. Classes that are not public, and members that Kotlin hides behind a name with `$`, are
/// left out.
fn lines(printed: &str) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let mut class = None;
    for line in printed.lines() {
        if line.starts_with("Compiled from") {
            continue;
        }
        if let Some(member) = line.strip_prefix("  ") {
            let is_hidden = member.contains("access$") || member.contains("$keysecure") || member.contains("static {}");
            if let Some(class) = class.as_ref().filter(|_| !is_hidden) {
                lines.insert(format!("{class}: {}", member.trim_end_matches(';')));
            }
        } else if let Some(heading) = line.strip_suffix(" {") {
            class = None;
            if heading.split(' ').any(|word| word == "public" || word == "protected") {
                let mut words = heading.split(' ').skip_while(|word| !["class", "interface"].contains(word)).skip(1);
                // Without the parameters of its type.
                let name = words.next().unwrap_or_default().split('<').next().unwrap_or_default();
                lines.insert(format!("{name}: {heading}"));
                class = Some(name.to_owned());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{is_public, lines};

    #[test]
    fn public_members_are_listed_with_their_class() {
        let printed = "Compiled from \"Client.kt\"\npublic final class io.keysecure.Client implements java.lang.AutoCloseable {\n  \
                       public final void close();\n  public static final int access$secret(io.keysecure.Client);\n  \
                       public final int engine$keysecure();\n}\nCompiled from \"A.kt\"\nfinal class io.keysecure.A {\n  public void b();\n}\n";
        let expected = [
            "io.keysecure.Client: public final class io.keysecure.Client implements java.lang.AutoCloseable",
            "io.keysecure.Client: public final void close()",
        ];
        assert!(lines(printed).iter().eq(&expected), "{:?}", lines(printed));
    }

    #[test]
    fn classes_without_a_name_for_callers_are_left_out() {
        assert!(is_public("io/keysecure/Client.class") && is_public("io/keysecure/model/Card$Companion.class"));
        assert!(!is_public("io/keysecure/Client$close$1.class") && !is_public("io/keysecure/internal/ffi/A.class"));
        assert!(!is_public("io/keysecure/model/FfiConverterString.class") && !is_public("META-INF/LICENSE-MIT"));
    }
}
