//! What Maven Central takes, see <https://central.sonatype.org/publish/requirements/>.

use std::fs;
use std::path::{Path, PathBuf};

use roxmltree::{Document, Node};

use super::checksums;
use crate::{files, run};

/// The group of all components, as a path.
const GROUP: &str = "io/keysecure";

/// A component with its files under the names that the build gave them.
pub struct Component {
    pub name: &'static str,
    /// The jar or the AAR.
    pub main: PathBuf,
    /// The jars with sources and documentation, with what their names end with.
    pub others: [(&'static str, PathBuf); 2],
    pub pom: PathBuf,
}

impl Component {
    /// The component whose jars are in a build folder of Maven.
    pub fn of_jars(name: &'static str, folder: &Path, pom: PathBuf) -> Self {
        let jar = |end: &str| folder.join(format!("{name}-{}{end}.jar", env!("CARGO_PKG_VERSION")));
        let others = ["-sources", "-javadoc"].map(|end| (end, jar(end)));
        Self { name, main: jar(""), others, pom }
    }
}

/// Copies the files of a component into the layout of a repository, and returns their folder.
pub fn place(component: &Component, version: &str, bundle: &Path) -> Result<PathBuf, String> {
    let Component { name, main, others, pom } = component;
    let folder = bundle.join(GROUP).join(name).join(version);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let kind = main.extension().unwrap_or_default().to_string_lossy().into_owned();
    let mut files = vec![(main, format!(".{kind}")), (pom, ".pom".into())];
    files.extend(others.iter().map(|(end, file)| (file, format!("{end}.jar"))));
    for (from, end) in files {
        let to = folder.join(format!("{name}-{version}{end}"));
        fs::copy(from, to).map_err(|error| format!("{}: {error}", from.display()))?;
    }
    Ok(folder)
}

/// Signs each file if there is a key, and writes the checksums.
pub fn finish(folder: &Path, key: Option<&str>) -> Result<(), String> {
    for file in files::list(folder) {
        let path = folder.join(&file);
        if let Some(key) = key {
            let mut gpg = run::command("gpg");
            gpg.args(["--batch", "--yes", "--armor", "--local-user", key, "--detach-sign"]).arg(&path);
            if !run::passes(&mut gpg) {
                return Err(format!("gpg does not sign {file}"));
            }
        }
        checksums::write_beside(&path)?;
    }
    Ok(())
}

/// What Central would refuse.
pub fn faults(folder: &Path, name: &str, version: &str) -> Vec<String> {
    let files = files::list(folder);
    let expected = [".pom", "-sources.jar", "-javadoc.jar"].map(|end| format!("{name}-{version}{end}"));
    let missing = expected.iter().filter(|file| !files.contains(file)).map(|file| format!("{file} is missing"));
    let pom = fs::read_to_string(folder.join(&expected[0])).unwrap_or_default();
    missing.chain(faults_of_pom(&pom, name, version)).collect()
}

fn faults_of_pom(text: &str, name: &str, version: &str) -> Vec<String> {
    let Ok(document) = Document::parse(text) else { return vec![format!("the POM of {name} is not XML")] };
    let project = document.root_element();
    let expected: [(&[&str], Option<&str>); 11] = [
        (&["groupId"], Some("io.keysecure")),
        (&["artifactId"], Some(name)),
        (&["version"], Some(version)),
        (&["name"], None),
        (&["description"], None),
        (&["url"], None),
        (&["licenses", "license", "name"], None),
        (&["developers", "developer", "name"], None),
        (&["scm", "connection"], None),
        (&["scm", "developerConnection"], None),
        (&["scm", "url"], None),
    ];
    let mut faults = Vec::new();
    for (path, value) in expected {
        let found = path.iter().try_fold(project, |node, tag| child(node, tag)).and_then(|node| node.text());
        if found.is_none_or(|found| found.trim().is_empty() || value.is_some_and(|value| value != found)) {
            faults.push(format!("the POM of {name} has {found:?} as {}", path.join("/")));
        }
    }
    if version.ends_with("-SNAPSHOT") || text.contains("${") {
        faults.push(format!("the POM of {name} is not of a release"));
    }
    faults
}

fn child<'a, 'input>(node: Node<'a, 'input>, tag: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == tag)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Component, faults, faults_of_pom, finish, place};
    use crate::{files, run};

    fn pom() -> String {
        fs::read_to_string(run::root().join("bindings-kotlin/android/pom.xml")).unwrap()
    }

    #[test]
    fn a_bundle_has_every_file_with_its_checksums() {
        let folder = run::target_dir().join("central-test");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        for end in [".aar", "-sources.jar", "-javadoc.jar"] {
            fs::write(folder.join(format!("keysecure-{version}{end}")), end).unwrap();
        }
        let component = Component {
            name: "keysecure-android",
            main: folder.join(format!("keysecure-{version}.aar")),
            others: Component::of_jars("keysecure", &folder, folder.clone()).others,
            pom: run::root().join("bindings-kotlin/android/pom.xml"),
        };
        let placed = place(&component, version, &folder.join("bundle")).unwrap();
        assert_eq!(faults(&placed, "keysecure-android", version), Vec::<String>::new());
        finish(&placed, None).unwrap();
        let files = files::list(&folder.join("bundle"));
        assert_eq!(files.len(), 12, "{files:?}");
        assert_eq!(
            files[0],
            format!("io/keysecure/keysecure-android/{version}/keysecure-android-{version}-javadoc.jar")
        );
        fs::remove_file(placed.join(format!("keysecure-android-{version}-javadoc.jar"))).unwrap();
        assert_eq!(faults(&placed, "keysecure-android", version).len(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_pom_that_lacks_what_central_wants_is_refused() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(faults_of_pom(&pom(), "keysecure-android", version), Vec::<String>::new());
        for tag in ["url", "name", "developers", "scm", "licenses", "description"] {
            let without =
                pom().replacen(&format!("<{tag}>"), "<other>", 1).replacen(&format!("</{tag}>"), "</other>", 1);
            assert!(!faults_of_pom(&without, "keysecure-android", version).is_empty(), "{tag}");
        }
        assert!(!faults_of_pom(&pom(), "keysecure-android", "9.9.9").is_empty());
        assert!(!faults_of_pom("", "keysecure-android", version).is_empty());
    }
}
