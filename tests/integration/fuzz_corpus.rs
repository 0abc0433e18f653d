//! Runs the corpora of the fuzz targets through the properties that the targets check: see `docs/fuzzing.md`.

use std::path::{Path, PathBuf};

#[path = "../fuzz/src/lib.rs"]
mod targets;

use targets::TARGETS;

fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_input_of_the_corpora_keeps_the_properties() {
    let mut broken = Vec::new();
    for (name, run) in TARGETS {
        let files = corpus(name);
        assert!(!files.is_empty(), "no corpus of {name}");
        for file in files {
            let input = std::fs::read(&file).unwrap();
            if std::panic::catch_unwind(|| run(&input)).is_err() {
                broken.push(file);
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
