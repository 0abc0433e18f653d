//! Lists of components (SBOM) in the form of `CycloneDX` 1.6: what is compiled into each artifact, from `cargo tree` with the features
//! of that artifact and from the checksums of `Cargo.lock`; of the sandbox's console, from its licences. Why not by cargo-cyclonedx:
//! docs/adr/0019-releases.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use toml::Table;

use super::checksums::sha256;
use super::step::{Made, Release};
use crate::licences::{self, ANDROID, COMPUTERS, SWIFT};
use crate::{android, run, ship};

/// The artifacts: their names, cargo's options for what is inside, and the systems they are for.
fn artifacts() -> [(&'static str, String, &'static [&'static str]); 7] {
    [
        ("keysecure-crate", "keysecure".into(), COMPUTERS),
        ("keysecure-wheel", "keysecure-python".into(), COMPUTERS),
        ("keysecure-jar", ship::OF_JVM.into(), COMPUTERS),
        ("keysecure-android", android::licensed(android::features(false)), ANDROID),
        ("keysecure-swift", "keysecure-ffi".into(), SWIFT),
        // The crate, the jar and the program.
        ("keysecure-sandbox", "keysecure-sandbox".into(), COMPUTERS),
        ("keysecure-sandbox-wheel", "keysecure-sandbox-python".into(), COMPUTERS),
    ]
}

/// Writes a list for each artifact.
pub fn write_all(release: &Release) -> Result<Made, String> {
    let folder = release.folder("sbom")?;
    let lock = fs::read_to_string(run::root().join("Cargo.lock")).map_err(|error| error.to_string())?;
    let hashes = hashes(&lock)?;
    let mut counts = Vec::new();
    for (name, package, systems) in artifacts() {
        let tree = licences::tree(&package, systems, "depth").ok_or("cargo tree failed")?;
        let (root, mut graph) = graph(&tree).ok_or_else(|| format!("the tree of {name} is empty"))?;
        if let Some(sandbox) = graph.keys().find(|one| one.name == "keysecure-sandbox").cloned() {
            let libraries = console_libraries(&licences::of_console().ok_or("the console has no licences")?);
            graph.entry(sandbox).or_default().extend(libraries.iter().cloned());
            graph.extend(libraries.into_iter().map(|one| (one, BTreeSet::new())));
        }
        let list = list(&root, &graph, &hashes, run::build_time_text().as_deref());
        let text = serde_json::to_string_pretty(&list).map_err(|error| error.to_string())?;
        fs::write(folder.join(format!("{name}.cdx.json")), text + "\n").map_err(|error| error.to_string())?;
        counts.push(format!("{name} {}", graph.len() - 1));
    }
    Ok(Made::Done(format!("components: {}", counts.join(", "))))
}

/// A crate, or a library of npm. It sorts by name, version and licence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Component {
    name: String,
    version: String,
    licence: String,
    /// Where it is from, as in the URL of a package.
    registry: &'static str,
}

impl Component {
    /// Reads `serde v1.0.229 (some note)|MIT OR Apache-2.0`.
    fn parse(text: &str) -> Option<Self> {
        let (package, licence) = text.split_once('|')?;
        let mut words = package.split_whitespace();
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        // The form before SPDX had a slash.
        Some(Self {
            name: name.into(),
            version: version.into(),
            licence: licence.replace('/', " OR "),
            registry: "cargo",
        })
    }

    fn url(&self) -> String {
        format!("pkg:{}/{}@{}", self.registry, self.name, self.version)
    }
}

/// The libraries in the sandbox's console: lines such as `preact 11.2.0 (MIT)` before each licence.
fn console_libraries(licences: &str) -> Vec<Component> {
    let library = |line: &str| {
        let mut words = line.strip_suffix(')')?.split(' ');
        let (name, version, licence) = (words.next()?, words.next()?, words.next()?.strip_prefix('(')?);
        let is_library = words.next().is_none() && version.starts_with(|first: char| first.is_ascii_digit());
        let [name, version, licence] = [name, version, licence].map(str::to_owned);
        is_library.then_some(Component { name, version, licence, registry: "npm" })
    };
    licences.lines().filter_map(library).collect()
}

type Graph = BTreeMap<Component, BTreeSet<Component>>;

/// The first crate of a tree with depths, and each crate with what it depends on.
fn graph(tree: &str) -> Option<(Component, Graph)> {
    let (mut graph, mut path): (Graph, Vec<Component>) = (Graph::new(), Vec::new());
    for line in tree.lines() {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let (Ok(depth), Some(one)) = (line[..digits].parse::<usize>(), Component::parse(&line[digits..])) else {
            continue;
        };
        path.truncate(depth);
        if let Some(parent) = path.last() {
            graph.entry(parent.clone()).or_default().insert(one.clone());
        }
        graph.entry(one.clone()).or_default();
        path.push(one);
    }
    path.first().cloned().map(|root| (root, graph))
}

/// The checksums of the packages that a registry has, by name and version.
fn hashes(lock: &str) -> Result<BTreeMap<(String, String), String>, String> {
    let lock: Table = lock.parse().map_err(|error| format!("Cargo.lock: {error}"))?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let hash = |package: &toml::Value| {
        let text = |key: &str| package.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        Some(((text("name")?, text("version")?), text("checksum")?))
    };
    Ok(packages.filter_map(hash).collect())
}

fn list(root: &Component, graph: &Graph, hashes: &BTreeMap<(String, String), String>, time: Option<&str>) -> Value {
    let component = |one: &Component| {
        let mut component = json!({
            "type": "library",
            "bom-ref": one.url(),
            "name": one.name,
            "version": one.version,
            "purl": one.url(),
            "licenses": [{"expression": one.licence}],
        });
        if let Some(hash) = hashes.get(&(one.name.clone(), one.version.clone())) {
            component["hashes"] = json!([{"alg": "SHA-256", "content": hash}]);
        }
        component
    };
    let components: Vec<_> = graph.keys().filter(|one| *one != root).map(component).collect();
    let dependencies: Vec<_> = graph
        .iter()
        .map(|(one, on)| json!({"ref": one.url(), "dependsOn": on.iter().map(Component::url).collect::<Vec<_>>()}))
        .collect();
    let mut list = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": component(root)},
        "components": components,
        "dependencies": dependencies,
    });
    // Of the content, so that the same content has the same number.
    list["serialNumber"] = json!(format!("urn:uuid:{}", uuid(&list.to_string())));
    if let Some(time) = time {
        list["metadata"]["timestamp"] = json!(time);
    }
    list
}

/// A UUID of version 8 from the hash of a text.
fn uuid(text: &str) -> String {
    let hash = sha256(text.as_bytes());
    format!("{}-{}-8{}-8{}-{}", &hash[..8], &hash[8..12], &hash[12..15], &hash[15..18], &hash[18..30])
}

#[cfg(test)]
mod tests {
    use super::{console_libraries, graph, hashes, list};

    const TREE: &str = "0keysecure v0.1.0 (/src/core)|MIT OR Apache-2.0\n1ring v0.17.0|Apache-2.0 AND ISC\n2untrusted v0.9.0|ISC\n\
                        1serde v1.0.0|MIT/Apache-2.0\n1untrusted v0.9.0|ISC\n";
    const LOCK: &str = "[[package]]\nname = \"ring\"\nversion = \"0.17.0\"\nchecksum = \"abc\"\n\n[[package]]\nname = \"keysecure\"\n\
                        version = \"0.1.0\"\n";

    #[test]
    fn a_list_has_each_crate_once_with_its_dependencies() {
        let (root, graph) = graph(TREE).unwrap();
        let list = list(&root, &graph, &hashes(LOCK).unwrap(), Some("2027-01-31T00:00:00Z"));
        assert_eq!(list["metadata"]["component"]["purl"], "pkg:cargo/keysecure@0.1.0");
        let names: Vec<_> = list["components"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert_eq!(names, ["ring", "serde", "untrusted"]);
        assert_eq!(list["components"][0]["hashes"][0]["content"], "abc");
        assert_eq!(list["components"][1]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(list["dependencies"][0]["dependsOn"].as_array().unwrap().len(), 3);
        assert_eq!(list["dependencies"][1]["dependsOn"][0], "pkg:cargo/untrusted@0.9.0");
        // No folder of the machine that built it.
        assert!(!list.to_string().contains("/src/"));
    }

    #[test]
    fn libraries_of_the_console_are_listed() {
        let found = console_libraries(&crate::licences::of_console().unwrap());
        assert!(found.iter().any(|one| one.url().starts_with("pkg:npm/preact@") && one.licence == "MIT"), "{found:?}");
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn the_same_crates_give_the_same_list() {
        let (root, graph) = graph(TREE).unwrap();
        let make = |time| list(&root, &graph, &hashes(LOCK).unwrap(), time)["serialNumber"].clone();
        assert_eq!(make(None), make(Some("2027-01-31T00:00:00Z")));
        assert_eq!(make(None).as_str().unwrap().len(), "urn:uuid:".len() + 36);
    }
}
