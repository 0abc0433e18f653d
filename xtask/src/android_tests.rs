//! The steps of `cargo xtask package aar` after the NDK's, with libraries made here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use roxmltree::Document;

use super::{
    ABIS, Abi, LIBRARY, PLATFORM, assemble, compiler, contents, fault, features, files, install, licensed,
    strip_program,
};
use crate::elf::Library;
use crate::elf::tests::elf;
use crate::run;

/// A folder with the inputs of an AAR, which is removed at the end.
struct Inputs(PathBuf);

impl Inputs {
    fn new(name: &str) -> Self {
        let inputs = Self(std::env::temp_dir().join(format!("keysecure-aar-{name}-{}", std::process::id())));
        for abi in &ABIS {
            inputs.put_library(abi, &android(abi));
        }
        inputs.put("classes/io/keysecure/Client.class", b"a class");
        inputs.put("classes/io/keysecure/model/Card.class", b"a class");
        inputs.put("classes/META-INF/keysecure.kotlin_module", b"a module");
        inputs.put("licences/THIRD-PARTY.txt", b"licences");
        inputs.put("licences/THIRD-PARTY-RUST.html", b"licences");
        inputs
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn put_library(&self, abi: &Abi, library: &Library) {
        self.put(&format!("jni/{}/{LIBRARY}", abi.name), &elf(abi.name.contains("64"), library));
    }

    fn aar(&self) -> PathBuf {
        self.0.join(format!("keysecure-android-{}.aar", env!("CARGO_PKG_VERSION")))
    }

    fn assemble(&self) -> bool {
        assemble(&self.0.join("classes"), &self.0.join("jni"), &self.0.join("licences"), &self.aar())
    }
}

impl Drop for Inputs {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A library that Android can load.
fn android(abi: &Abi) -> Library {
    Library {
        machine: abi.machine,
        alignments: vec![0x4000, 0x4000],
        needed: vec!["libc.so".into(), "libdl.so".into(), "liblog.so".into()],
    }
}

/// Whether the JDK's programs are here. CI must have them.
fn has_jdk() -> bool {
    let found = run::exists("jar", "--version");
    assert!(found || !run::in_ci(), "CI needs a JDK");
    found
}

fn xml(path: &str) -> String {
    fs::read_to_string(run::root().join(path)).unwrap()
}

#[test]
fn an_aar_has_its_files_and_nothing_from_an_earlier_build() {
    if !has_jdk() {
        return;
    }
    let inputs = Inputs::new("files");
    inputs.put(&format!("keysecure-android-{}.contents/jni/mips/{LIBRARY}", env!("CARGO_PKG_VERSION")), b"earlier");
    assert!(inputs.assemble());
    assert_eq!(contents(&inputs.aar()).unwrap(), files());
    let out = inputs.0.join("out");
    fs::create_dir_all(&out).unwrap();
    assert!(run::passes(run::command("jar").arg("--extract").arg("--file").arg(inputs.aar()).current_dir(&out)));
    for abi in &ABIS {
        let name = format!("jni/{}/{LIBRARY}", abi.name);
        assert_eq!(fs::read(out.join(&name)).unwrap(), fs::read(inputs.0.join(&name)).unwrap());
    }
    for (name, source) in [("proguard.txt", "consumer-rules.pro"), ("AndroidManifest.xml", "AndroidManifest.xml")] {
        let expected = xml(&format!("bindings-kotlin/android/{source}"));
        assert_eq!(fs::read_to_string(out.join(name)).unwrap(), expected);
    }
    assert_eq!(fs::read(out.join("R.txt")).unwrap(), b"");
    let classes = contents(&out.join("classes.jar")).unwrap();
    assert_eq!(
        classes.iter().map(String::as_str).collect::<Vec<_>>(),
        ["META-INF/keysecure.kotlin_module", "io/keysecure/Client.class", "io/keysecure/model/Card.class"]
    );
}

#[test]
fn two_builds_of_an_aar_have_the_same_bytes() {
    if !has_jdk() {
        return;
    }
    run::set_build_time(1_800_000_000);
    let inputs = Inputs::new("bytes");
    let builds = [1_000_000_000, 1_000_000_010].map(|seconds| {
        let class = fs::File::options().append(true).open(inputs.0.join("classes/io/keysecure/Client.class")).unwrap();
        class.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        assert!(inputs.assemble());
        fs::read(inputs.aar()).unwrap()
    });
    assert_eq!(builds[0], builds[1]);
}

#[test]
fn an_aar_with_a_file_of_a_desktop_system_is_refused() {
    if !has_jdk() {
        return;
    }
    let of_server = "io/keysecure/relay/Relay.class";
    for name in [
        "linux-x86-64/libkeysecure_ffi.so",
        of_server,
        "io/keysecure/sandbox/linux-x86-64/keysecure-sandbox",
        "LICENSE",
    ] {
        let inputs = Inputs::new("desktop");
        assert!(inputs.assemble());
        inputs.put(&format!("classes/{name}"), b"not for Android");
        assert!(!inputs.assemble(), "{name}");
    }
}

#[test]
fn an_aar_with_a_missing_or_a_linux_library_is_refused() {
    if !has_jdk() {
        return;
    }
    let inputs = Inputs::new("libraries");
    let abi = &ABIS[2];
    inputs.put_library(abi, &Library { needed: vec!["libc.so.6".into()], ..android(abi) });
    assert!(!inputs.assemble());
    fs::remove_file(inputs.0.join("jni").join(abi.name).join(LIBRARY)).unwrap();
    assert!(!inputs.assemble());
}

#[test]
fn an_aar_with_the_relay_server_is_refused() {
    if !has_jdk() {
        return;
    }
    let inputs = Inputs::new("relay-server");
    assert!(inputs.assemble());
    let library = [&*elf(true, &android(&ABIS[0])), b"keysecure relay\n"].concat();
    inputs.put(&format!("jni/{}/{LIBRARY}", ABIS[0].name), &library);
    assert!(!inputs.assemble());
}

#[test]
fn every_fault_of_a_library_is_named() {
    let abi = &ABIS[0];
    assert_eq!(fault(&android(abi), abi), None);
    let linux = Library { needed: vec!["libc.so.6".into(), "ld-linux-x86-64.so.2".into()], ..android(abi) };
    assert!(fault(&linux, abi).unwrap().contains("libc.so.6"));
    assert!(fault(&Library { machine: 62, ..android(abi) }, abi).unwrap().contains("processor 62"));
    let small = Library { alignments: vec![0x4000, 0x1000], ..android(abi) };
    assert!(fault(&small, abi).unwrap().contains("16 KB"));
}

#[test]
fn a_library_for_relays_alone_has_nothing_of_the_platform() {
    for (relay_only, choice) in [(false, "--no-default-features --features platform"), (true, "--no-default-features")]
    {
        let found = compiler(&ABIS[0], features(relay_only));
        let arguments: Vec<_> = found.get_args().map(|one| one.to_string_lossy()).collect();
        let line = arguments.join(" ");
        assert!(line.contains(&format!("--profile ship {choice} --config profile.ship.package.keysecure.")), "{line}");
        assert_eq!(licensed(features(relay_only)), format!("keysecure-ffi {choice}"));
    }
}

#[test]
fn strip_is_that_of_the_ndk() {
    let folder = std::env::temp_dir().join(format!("keysecure-ndk-{}", std::process::id()));
    let bin = folder.join("toolchains/llvm/prebuilt/darwin-x86_64/bin");
    assert_eq!(strip_program(&folder), None);
    fs::create_dir_all(&bin).unwrap();
    assert_eq!(strip_program(&folder), None);
    let program = bin.join(format!("llvm-strip{}", std::env::consts::EXE_SUFFIX));
    fs::write(&program, "").unwrap();
    assert_eq!(strip_program(&folder), Some(program));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_aar_is_installed_with_its_pom() {
    if !has_jdk() || !run::exists("mvn", "-version") {
        return;
    }
    let inputs = Inputs::new("install");
    assert!(inputs.assemble());
    let repository = inputs.0.join("repository");
    assert!(run::passes(install(&inputs.aar()).arg(format!("-DlocalRepositoryPath={}", repository.display()))));
    let version = env!("CARGO_PKG_VERSION");
    let installed = repository.join("io/keysecure/keysecure-android").join(version);
    assert!(same(&installed.join(format!("keysecure-android-{version}.aar")), &inputs.aar()));
    let pom = run::root().join("bindings-kotlin/android/pom.xml");
    assert!(same(&installed.join(format!("keysecure-android-{version}.pom")), &pom));
}

fn same(one: &Path, other: &Path) -> bool {
    fs::read(one).unwrap() == fs::read(other).unwrap()
}

#[test]
fn the_aar_depends_on_what_the_jar_depends_on() {
    let android = xml("bindings-kotlin/android/pom.xml");
    let pom = Document::parse(&android).unwrap();
    let packaging =
        pom.descendants().find(|node| node.has_tag_name(("http://maven.apache.org/POM/4.0.0", "packaging")));
    assert_eq!(packaging.unwrap().text(), Some("aar"));
    let (jar, aar) = (dependencies(&xml("bindings-kotlin/pom.xml")), dependencies(&android));
    assert_eq!(aar.keys().collect::<Vec<_>>(), jar.keys().collect::<Vec<_>>());
    for (name, dependency) in &aar {
        assert_eq!(dependency.version, jar[name].version, "{name}");
        // `provided` is not in the POM that consumers get, so that the AAR's POM says optional.
        assert_eq!(dependency.optional, jar[name].optional || jar[name].scope == "provided", "{name}");
        assert_eq!(dependency.kind == "aar", name == "jna", "{name}");
    }
}

struct Dependency {
    version: String,
    kind: String,
    scope: String,
    optional: bool,
}

/// The dependencies of a POM, without those of its tests.
fn dependencies(pom: &str) -> BTreeMap<String, Dependency> {
    let document = Document::parse(pom).unwrap();
    let properties: BTreeMap<_, _> = document
        .descendants()
        .filter(|node| node.parent().is_some_and(|parent| parent.tag_name().name() == "properties"))
        .filter_map(|node| Some((format!("${{{}}}", node.tag_name().name()), node.text()?.to_owned())))
        .collect();
    let all = document.root_element().children().find(|node| node.tag_name().name() == "dependencies").unwrap();
    let text = |node: roxmltree::Node<'_, '_>, name: &str| {
        let child = node.children().find(|child| child.tag_name().name() == name);
        let text = child.and_then(|child| child.text()).unwrap_or_default();
        properties.get(text).cloned().unwrap_or_else(|| text.to_owned())
    };
    let found = all.children().filter(roxmltree::Node::is_element).map(|node| {
        let dependency = Dependency {
            version: text(node, "version"),
            kind: text(node, "type"),
            scope: text(node, "scope"),
            optional: text(node, "optional") == "true",
        };
        (text(node, "artifactId"), dependency)
    });
    found.filter(|(_, dependency)| dependency.scope != "test").collect()
}

#[test]
fn the_manifest_names_the_platform_that_the_library_is_built_for() {
    let manifest = xml("bindings-kotlin/android/AndroidManifest.xml");
    assert!(manifest.contains(&format!("android:minSdkVersion=\"{PLATFORM}\"")));
}
